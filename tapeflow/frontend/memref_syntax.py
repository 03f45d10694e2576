"""MLIR's syntax of memref operations that xDSL reads in generic form only."""

from collections.abc import Sequence
from typing import TypeAlias

from xdsl.dialects import memref
from xdsl.dialects.builtin import (
    DYNAMIC_INDEX,
    AffineMapAttr,
    AnyFloat,
    IndexType,
    IntegerType,
    MemRefType,
    StringAttr,
    TensorType,
    UnitAttr,
)
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.ir.affine import AffineDimExpr, AffineMap
from xdsl.parser import Parser
from xdsl.utils.hints import isa

from tapeflow.dialects.memref_additions import TransposeOp

Element: TypeAlias = IntegerType | IndexType | AnyFloat
"""What a buffer with contents holds."""


def parse_copy(parser: Parser) -> Operation:
    """memref.copy %a, %b : memref<4xf64> to memref<?xf64>"""
    source = parser.parse_unresolved_operand()
    parser.parse_punctuation(",")
    destination = parser.parse_unresolved_operand()
    attributes = parser.parse_optional_attr_dict()
    parser.parse_punctuation(":")
    from_type = parser.parse_type()
    parser.parse_keyword("to")
    copy = memref.CopyOp(
        parser.resolve_operand(source, from_type),
        parser.resolve_operand(destination, parser.parse_type()),
    )
    copy.attributes |= attributes
    return copy


def parse_cast(parser: Parser) -> Operation:
    """memref.cast %a : memref<4xf64> to memref<?xf64>"""
    operands, types, attributes = _parse_conversion(parser)
    return memref.CastOp.build(
        operands=operands, result_types=types, attributes=attributes
    )


def parse_memory_space_cast(parser: Parser) -> Operation:
    """memref.memory_space_cast %a : memref<4xf64> to memref<4xf64, 1>"""
    operands, types, attributes = _parse_conversion(parser)
    return memref.MemorySpaceCastOp.build(
        operands=operands, result_types=types, attributes=attributes
    )


def _parse_conversion(
    parser: Parser,
) -> tuple[Sequence[SSAValue], Sequence[Attribute], dict[str, Attribute]]:
    source = parser.parse_unresolved_operand()
    attributes = parser.parse_optional_attr_dict()
    parser.parse_punctuation(":")
    operand = parser.resolve_operand(source, parser.parse_type())
    parser.parse_keyword("to")
    return [operand], [parser.parse_type()], attributes


def parse_rank(parser: Parser) -> Operation:
    """memref.rank %a : memref<4xf64>"""
    source = parser.parse_unresolved_operand()
    attributes = parser.parse_optional_attr_dict()
    parser.parse_punctuation(":")
    rank = memref.RankOp.from_memref(
        parser.resolve_operand(source, parser.parse_type())
    )
    rank.attributes |= attributes
    return rank


def parse_transpose(parser: Parser) -> Operation:
    """memref.transpose %a (i, j) -> (j, i) : memref<3x4xf64> to memref<4x3xf64, ...>"""

    def parse_names() -> list[str]:
        return parser.parse_comma_separated_list(
            parser.Delimiter.PAREN, parser.parse_identifier
        )

    source = parser.parse_unresolved_operand()
    position = parser.pos
    dimensions = parse_names()
    parser.parse_punctuation("->")
    order = parse_names()
    if sorted(order) != sorted(set(dimensions)):
        parser.raise_error("expected a permutation", position, parser.pos)
    axes = (AffineDimExpr(dimensions.index(name)) for name in order)
    permutation = AffineMapAttr(AffineMap(len(dimensions), 0, tuple(axes)))
    attributes = parser.parse_optional_attr_dict()
    parser.parse_punctuation(":")
    operand = parser.resolve_operand(source, parser.parse_type())
    parser.parse_keyword("to")
    position = parser.pos
    type_ = parser.parse_type()
    if not isa(type_, MemRefType):
        parser.raise_error("expected a memref type", position)
    transpose = TransposeOp(operand, permutation, type_)
    transpose.attributes |= attributes
    return transpose


def parse_global(parser: Parser) -> Operation:
    """memref.global "private" constant @table : memref<2xf64> = dense<[1.0, 2.0]>"""
    visibility = parser.parse_optional_str_literal()
    constant = parser.parse_optional_keyword("constant")
    name = parser.parse_symbol_name()
    parser.parse_punctuation(":")
    position = parser.pos
    type_ = parser.parse_type()
    if not isa(type_, MemRefType[Element]) or DYNAMIC_INDEX in type_.get_shape():
        parser.raise_error("expected a memref type of static shape", position)
    initial = _parse_initial_value(parser, type_)
    attributes = parser.parse_optional_attr_dict()
    return memref.GlobalOp.build(
        properties={
            "sym_name": name,
            "type": type_,
            "initial_value": initial,
            "sym_visibility": StringAttr(visibility or "public"),
            "constant": None if constant is None else UnitAttr(),
            "alignment": attributes.pop("alignment", None),
        },
        attributes=attributes,
    )


def _parse_initial_value(parser: Parser, type_: MemRefType[Element]) -> Attribute:
    if parser.parse_optional_punctuation("=") is None:
        parser.raise_error(
            "a global buffer that is defined elsewhere; give it contents, "
            "'= uninitialized' or '= dense<...>'"
        )
    if parser.parse_optional_keyword("uninitialized") is not None:
        return UnitAttr()
    parser.parse_keyword("dense")
    contents = TensorType(type_.get_element_type(), type_.get_shape())
    return parser.parse_dense_int_or_fp_elements_attr(contents)
