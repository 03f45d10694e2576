"""Attributes and layouts as other tools write them.

An attribute of a dialect that means nothing here (`#dlti.dl_spec<...>`,
`#llvm.loop_annotation<...>`) is kept as text and printed as it was read. A memory
layout in symbols, `affine_map<(d0)[s0, s1] -> (d0 * s1 + s0)>`, is an older spelling of
`strided<[?], offset: ?>`, and becomes that.
"""

from typing import Any

from xdsl.dialects.builtin import (
    AffineMapAttr,
    MemRefType,
    StridedLayoutAttr,
    UnrankedMemRefType,
    UnregisteredAttr,
)
from xdsl.ir import Data, ParametrizedAttribute
from xdsl.ir.affine import (
    AffineBinaryOpExpr,
    AffineBinaryOpKind,
    AffineConstantExpr,
    AffineDimExpr,
    AffineExpr,
    AffineMap,
    AffineSymExpr,
)
from xdsl.utils.exceptions import ParseError
from xdsl.utils.lexer import Position
from xdsl.utils.mlir_lexer import MLIRTokenKind

from tapeflow.frontend.location_aliases import LocationParser


class ForeignAttributeParser(LocationParser):
    """A parser of attributes of dialects that mean nothing here."""

    def _parse_dialect_type_or_attribute_body(
        self,
        attr_name: str,
        is_type: bool,
        is_opaque: bool,
        starting_opaque_pos: Position | None,
    ) -> UnregisteredAttr | ParametrizedAttribute | Data[Any]:
        begin = self.pos
        try:
            return super()._parse_dialect_type_or_attribute_body(
                attr_name, is_type, is_opaque, starting_opaque_pos
            )
        except (ParseError, NotImplementedError):
            if is_type or attr_name.partition(".")[0] in _UNDERSTOOD:
                raise
            if not is_opaque:
                self._resume_from(begin)
        body = ""
        if starting_opaque_pos is not None:
            end = self._raw_scan_balanced(starting_opaque_pos)
            body = self.lexer.input.content[starting_opaque_pos:end]
            self._resume_from(end)
        elif self._current_token.kind == MLIRTokenKind.LESS:
            body = self._parse_dialect_symbol_body()
        kind = UnregisteredAttr.with_name_and_type(attr_name, is_type)
        return kind(attr_name, is_type, is_opaque, body)

    def _parse_memref_attrs(self) -> MemRefType | UnrankedMemRefType:
        type_ = super()._parse_memref_attrs()
        if not isinstance(type_, MemRefType):
            return type_
        layout = type_.layout
        if not isinstance(layout, AffineMapAttr) or not layout.data.num_symbols:
            return type_
        strided = _strided(layout.data)
        if strided is None:
            self.raise_error(
                f"no strides can be given for the layout {layout}; write "
                "strided<[...], offset: ...>"
            )
        return MemRefType(type_.element_type, type_.shape, strided, type_.memory_space)


_UNDERSTOOD = frozenset(
    (
        *("ad", "address", "affine", "arith", "builtin", "memref", "scf", "spm"),
        *("stream", "tape"),
    )
)
"""Dialects whose attributes mean something here, so that a wrong one is an error."""


def _strided(map_: AffineMap) -> StridedLayoutAttr | None:
    """The layout with a stride for each dimension, unknown ones for symbols."""
    strides: list[int | None] = [0] * map_.num_dims
    offset: int | None = 0
    if len(map_.results) != 1:
        return None
    for term in _terms(map_.results[0]):
        match term:
            case AffineDimExpr(position):
                strides[position] = 1
            case AffineConstantExpr(number):
                offset = None if offset is None else offset + number
            case AffineSymExpr():
                offset = None
            case AffineBinaryOpExpr(
                AffineBinaryOpKind.Mul, AffineDimExpr(position), factor
            ) | AffineBinaryOpExpr(
                AffineBinaryOpKind.Mul, factor, AffineDimExpr(position)
            ):
                known = isinstance(factor, AffineConstantExpr)
                strides[position] = factor.value if known else None  # pyright: ignore
            case _:
                return None
    return StridedLayoutAttr(strides, offset)


def _terms(expression: AffineExpr) -> list[AffineExpr]:
    match expression:
        case AffineBinaryOpExpr(AffineBinaryOpKind.Add, lhs, rhs):
            return [*_terms(lhs), *_terms(rhs)]
        case _:
            return [expression]
