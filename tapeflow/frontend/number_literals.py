"""Reads numbers as MLIR does, at the ends of their types too.

A decimal float is rounded to its type, to infinity where that reaches no further; a
hexadecimal one is the bits of its type. An integer, index or extent that its type
does not hold is refused at its place.
"""

import math
import re
from collections.abc import Callable
from typing import TypeAlias

from xdsl.dialects.builtin import (
    AnyDenseElement,
    AnyFloat,
    BytesAttr,
    ComplexType,
    DenseIntOrFPElementsAttr,
    Float80Type,
    Float128Type,
    FloatAttr,
    IndexType,
    IntegerAttr,
    IntegerType,
    RankedStructure,
    TensorType,
    f64,
    i64,
)
from xdsl.ir.affine import (
    AffineBinaryOpExpr,
    AffineBinaryOpKind,
    AffineExpr,
    AffineMap,
    AffineSet,
)
from xdsl.parser import AttrParser, Parser
from xdsl.parser.affine_parser import AffineParser
from xdsl.parser.base_parser import BaseParser
from xdsl.utils.hints import isa
from xdsl.utils.lexer import Span
from xdsl.utils.mlir_lexer import MLIRToken, MLIRTokenKind

from tapeflow.analysis.integers.number_attributes import (
    INDEX_BITS,
    float_attribute,
)

LARGEST_DENSE = 1 << 24
"""Elements of a constant in the text: each is a Python number while it is read."""
MOST_RESULTS = 10_000
"""Results under one name: each is an object, however short the text."""

DenseType: TypeAlias = RankedStructure[AnyDenseElement]
DenseNumber: TypeAlias = float | int | tuple[float, float] | tuple[int, int]

_LITERAL = re.compile(r"-?\s*[0-9a-fx.]+(e[+-]?[0-9]+)?", re.IGNORECASE)


def read_float(parser: AttrParser, value: float, span: Span, type_: AnyFloat) -> float:
    """The float that a literal stands for; `value` is what xDSL read at `span`."""
    if isinstance(type_, Float80Type | Float128Type):
        parser.raise_error(f"numbers of type {type_} cannot be held; f64 can", span)
    text = span.text.lower()
    if not text.lstrip("- ").startswith("0x"):
        return float_attribute(float(value), type_).value.data
    if text.startswith("-"):
        parser.raise_error(
            "the bits of a hexadecimal float hold its sign: leave '-' out", span
        )
    size = type_.compile_time_size
    if int(value).bit_length() > 8 * size:
        parser.raise_error(f"{span.text} has more bits than {type_}", span)
    return next(iter(type_.iter_unpack(int(value).to_bytes(size, "little"))))


def check_integer(
    parser: BaseParser, number: int, span: Span, type_: IntegerType | IndexType
) -> None:
    """Refuse an integer that its type does not hold."""
    if isinstance(type_, IndexType):
        low, end = -(2 ** (INDEX_BITS - 1)), 2 ** (INDEX_BITS - 1)
    else:
        low, end = type_.value_range()
    if not low <= number < end:
        parser.raise_error(
            f"{span.text} does not fit {type_}, which ends at "
            f"{low if number < 0 else end - 1}",
            span,
        )


class NumberAffineParser(AffineParser):
    """A parser of affine expressions whose numbers are indices."""

    def _parse_primary(
        self, parse_optional_bare_id: Callable[[], AffineExpr | None]
    ) -> AffineExpr:
        span, kind = self._current_token.span, self._current_token.kind
        if kind is MLIRTokenKind.INTEGER_LIT:
            check_integer(self, kind.get_int_value(span), span, IndexType())
        return super()._parse_primary(parse_optional_bare_id)

    def _create_binop_expr(
        self, lhs: AffineExpr, rhs: AffineExpr, binop: MLIRToken
    ) -> AffineExpr:
        try:
            return super()._create_binop_expr(lhs, rhs, binop)
        except NotImplementedError:
            # Semi-affine: xDSL represents what it does not build.
            return AffineBinaryOpExpr(_SEMI_AFFINE[binop.text], lhs, rhs)


_SEMI_AFFINE = {
    "*": AffineBinaryOpKind.Mul,
    "ceildiv": AffineBinaryOpKind.CeilDiv,
    "floordiv": AffineBinaryOpKind.FloorDiv,
    "mod": AffineBinaryOpKind.Mod,
}


_ONE_NUMBER = re.compile(r"\s*<\s*(true|false|-?\s*[0-9])")
"""How a constant begins that has one number for all elements."""


def _one_of(type_: DenseType) -> DenseType:
    """The type of a single element of a constant."""
    return TensorType(type_.get_element_type(), [])


class NumberParser(Parser):
    """A parser in which numbers mean what they mean in MLIR."""

    _of_one_number: list[DenseType] | None = None
    """Of a constant that is one number: its type, once it has been read."""

    class _TensorLiteralElement(Parser._TensorLiteralElement):  # pyright: ignore[reportPrivateUsage]
        """A number of a dense constant."""

        def to_type(
            self,
            parser: AttrParser,
            type: AnyFloat | IntegerType | IndexType | ComplexType,
        ) -> DenseNumber:
            if isinstance(type, AnyFloat) and isinstance(self.value, int | float):
                return read_float(parser, self.value, self.span, type)
            number = super().to_type(parser, type)
            if isa(type, IntegerType | IndexType) and isinstance(number, int):
                check_integer(parser, number, self.span, type)
            return number

    def parse_optional_builtin_int_or_float_attr(
        self,
    ) -> IntegerAttr | FloatAttr | None:
        if (boolean := self.try_parse_builtin_boolean_attr()) is not None:
            return boolean
        start = self.pos
        value = self.parse_optional_number()
        if value is None:
            return None
        literal = _LITERAL.match(self.lexer.input.content, start)
        assert literal is not None
        span = Span(start, literal.end(), self.lexer.input)
        if self._current_token.kind == MLIRTokenKind.COLON:
            type_ = self._parse_attribute_type()
        else:
            type_ = f64 if isinstance(value, float) else i64
        if isinstance(type_, AnyFloat):
            return FloatAttr(read_float(self, value, span, type_), type_)
        if not isa(type_, IntegerType | IndexType):
            self.raise_error(f"a number cannot have type {type_}", span)
        if isinstance(value, float):
            self.raise_error(f"a number with a point cannot have type {type_}", span)
        check_integer(self, value, span, type_)
        return IntegerAttr(value, type_)

    def parse_affine_map(self) -> AffineMap:
        return NumberAffineParser(self._parser_state).parse_affine_map()

    def parse_affine_set(self) -> AffineSet:
        return NumberAffineParser(self._parser_state).parse_affine_set()

    def parse_shape_dimension(self, allow_dynamic: bool = True) -> int:
        start = self._current_token.span
        extent = super().parse_shape_dimension(allow_dynamic)
        if extent >= 2 ** (INDEX_BITS - 1):
            self.raise_error(f"an extent of {extent} is not an index", start)
        return extent

    def parse_dimension_list(self) -> list[int]:
        """Extents up to the element type, with or without blanks between them."""
        extents: list[int] = []
        numbers = (MLIRTokenKind.INTEGER_LIT, MLIRTokenKind.QUESTION)
        while self._current_token.kind in numbers:
            extents.append(self.parse_shape_dimension())
            delimiter = self._current_token.span.start
            if self._parse_optional_shape_delimiter() is None:
                break
            if self._current_token.kind not in numbers:
                self._resume_from(delimiter)  # it is read by what reads the type
        return extents

    def parse_dense_int_or_fp_elements_attr(
        self, type: DenseType | None
    ) -> DenseIntOrFPElementsAttr:
        if type is not None:
            self._check_dense(type, self._current_token.span)
        if _ONE_NUMBER.match(self.lexer.input.content, self.pos) is None:
            return super().parse_dense_int_or_fp_elements_attr(type)
        # It is read as one number, since xDSL makes a list of as many as are meant.
        self._of_one_number = [] if type is None else [type]
        one = None if type is None else _one_of(type)
        number = super().parse_dense_int_or_fp_elements_attr(one)
        (whole,), self._of_one_number = self._of_one_number, None
        contents = number.data.data * math.prod(whole.get_shape())
        return DenseIntOrFPElementsAttr(whole, BytesAttr(contents))

    def _parse_dense_literal_type(self):
        start = self._current_token.span
        type_ = super()._parse_dense_literal_type()
        self._check_dense(type_, start)
        if self._of_one_number is None:
            return type_
        self._of_one_number = [type_]
        return _one_of(type_)

    def _check_dense(self, type_: DenseType, start: Span) -> None:
        """Also one number for all elements becomes that many numbers."""
        elements = math.prod(type_.get_shape())
        if elements > LARGEST_DENSE:
            self.raise_error(
                f"a constant of {elements} elements is too large: at most "
                f"{LARGEST_DENSE} can stand in a text; pass it as an argument",
                start,
            )

    def _parse_op_result(self) -> tuple[Span, int]:
        span, number = super()._parse_op_result()
        if number > MOST_RESULTS:
            self.raise_error(f"an operation cannot have {number} results", span)
        return span, number
