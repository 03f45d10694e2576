"""MLIR's syntax of memref operations that xDSL reads in generic form only."""

from collections.abc import Sequence
from math import prod
from typing import TypeAlias

from xdsl.dialects import memref
from xdsl.dialects.builtin import (
    DYNAMIC_INDEX,
    AffineMapAttr,
    AnyFloat,
    ArrayAttr,
    DenseIntOrFPElementsAttr,
    FloatAttr,
    IndexType,
    IntegerAttr,
    IntegerType,
    MemRefType,
    StringAttr,
    TensorType,
    UnitAttr,
    i64,
)
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.ir.affine import AffineDimExpr, AffineMap
from xdsl.parser import Parser
from xdsl.utils.hints import isa

from tapeflow.dialects.memref_additions import (
    ATOMIC_KINDS,
    GenericAtomicRMWOp,
    PrefetchOp,
    ReshapeOp,
    TransposeOp,
)
from tapeflow.frontend.operation_parts import (
    Syntax,
    end_with,
    parse_indices,
    parse_optional_arrow_types,
    parse_prefetch,
)

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


def parse_memref_prefetch(parser: Parser) -> Operation:
    """memref.prefetch %a[%i], read, locality<3>, data : memref<8xf64>"""
    buffer = parser.parse_unresolved_operand()
    indices = parse_indices(parser, parser.Delimiter.SQUARE)
    properties, attributes, type_ = parse_prefetch(parser)
    return PrefetchOp.build(
        operands=[parser.resolve_operand(buffer, type_), indices],
        properties=properties,
        attributes=attributes,
    )


def parse_reshape(parser: Parser) -> Operation:
    """memref.reshape %a(%s) : (memref<12xf64>, memref<2xindex>) -> memref<3x4xf64>"""
    source = parser.parse_unresolved_operand()
    parser.parse_punctuation("(")
    shape = parser.parse_unresolved_operand()
    parser.parse_punctuation(")")
    attributes = parser.parse_optional_attr_dict()
    parser.parse_punctuation(":")
    position = parser.pos
    type_ = parser.parse_function_type()
    operands = parser.resolve_operands([source, shape], type_.inputs.data, position)
    return ReshapeOp.build(
        operands=operands, result_types=type_.outputs.data, attributes=attributes
    )


def parse_atomic_rmw(parser: Parser) -> Operation:
    """memref.atomic_rmw addf %x, %a[%i] : (f64, memref<8xf64>) -> f64"""
    position = parser.pos
    kind = parser.parse_identifier()
    if kind not in ATOMIC_KINDS:
        parser.raise_error(f"there is no kind '{kind}'", position)
    value = parser.parse_unresolved_operand()
    parser.parse_punctuation(",")
    buffer = parser.parse_unresolved_operand()
    indices = parse_indices(parser, parser.Delimiter.SQUARE)
    attributes = parser.parse_optional_attr_dict()
    parser.parse_punctuation(":")
    position = parser.pos
    type_ = parser.parse_function_type()
    operands = parser.resolve_operands([value, buffer], type_.inputs.data, position)
    return memref.AtomicRMWOp.build(
        operands=[*operands, indices],
        properties={"kind": IntegerAttr(ATOMIC_KINDS.index(kind), i64)},
        result_types=type_.outputs.data,
        attributes=attributes,
    )


def parse_generic_atomic_rmw(parser: Parser) -> Operation:
    """memref.generic_atomic_rmw %a[%i] : memref<8xf64> { ^b(%v: f64): ... }"""
    buffer = parser.parse_unresolved_operand()
    indices = parse_indices(parser, parser.Delimiter.SQUARE)
    parser.parse_punctuation(":")
    position = parser.pos
    type_ = parser.parse_type()
    if not isa(type_, MemRefType[Attribute]):
        parser.raise_error("expected a memref type", position)
    return GenericAtomicRMWOp.build(
        operands=[parser.resolve_operand(buffer, type_), indices],
        result_types=[type_.element_type],
        regions=[parser.parse_region()],
        attributes=parser.parse_optional_attr_dict(),
    )


def parse_alloca_scope(parser: Parser) -> Operation:
    """memref.alloca_scope -> (f64) { ... memref.alloca_scope.return %y : f64 }"""
    types = parse_optional_arrow_types(parser)
    body = end_with(parser.parse_region(), memref.AllocaScopeReturnOp)
    return memref.AllocaScopeOp.build(
        result_types=[types],
        regions=[body],
        attributes=parser.parse_optional_attr_dict(),
    )


def parse_alloca_scope_return(parser: Parser) -> Operation:
    """memref.alloca_scope.return %y, %z : f64, f64"""
    attributes = parser.parse_optional_attr_dict()
    position = parser.pos
    values = parser.parse_optional_undelimited_comma_separated_list(
        parser.parse_optional_unresolved_operand, parser.parse_unresolved_operand
    )
    operands: Sequence[SSAValue] = ()
    if values:
        parser.parse_punctuation(":")
        types = parser.parse_comma_separated_list(
            parser.Delimiter.NONE, parser.parse_type
        )
        operands = parser.resolve_operands(values, types, position)
    return memref.AllocaScopeReturnOp.build(operands=[operands], attributes=attributes)


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


def parse_sparse(parser: Parser, type_: TensorType[Element]) -> Attribute:
    """`<[[0, 0], [1, 1]], [1.0, 2.0]>`: all other elements are zeros."""
    parser.parse_punctuation("<")
    indices = parser.parse_attribute()
    parser.parse_punctuation(",")
    position = parser.pos
    values = parser.parse_attribute()
    parser.parse_punctuation(">")
    places = [_numbers_of(row) for row in _items_of(indices)]
    shape = type_.get_shape()
    numbers = _numbers_of(values)
    if len(numbers) == 1:
        numbers = numbers * len(places)
    if len(numbers) != len(places) or any(len(p) != len(shape) for p in places):
        parser.raise_error("expected a value for each index", position)
    contents: list[float | int] = [0] * prod(shape)
    for place, number in zip(places, numbers, strict=True):
        flat = 0
        for index, extent in zip(place, shape, strict=True):
            flat = flat * extent + int(index)
        contents[flat] = number
    return DenseIntOrFPElementsAttr.from_list(type_, contents)  # pyright: ignore


def _items_of(attribute: Attribute) -> list[Attribute]:
    if isa(attribute, ArrayAttr[Attribute]):
        return [*attribute.data]
    return [attribute]


def _numbers_of(attribute: Attribute) -> list[float | int]:
    return [
        item.value.data
        for item in _items_of(attribute)
        if isinstance(item, IntegerAttr | FloatAttr)
    ]


def _parse_initial_value(parser: Parser, type_: MemRefType[Element]) -> Attribute:
    if parser.parse_optional_punctuation("=") is None:
        parser.raise_error(
            "a global buffer that is defined elsewhere; give it contents, "
            "'= uninitialized' or '= dense<...>'"
        )
    if parser.parse_optional_keyword("uninitialized") is not None:
        return UnitAttr()
    contents = TensorType(type_.get_element_type(), type_.get_shape())
    if parser.parse_optional_keyword("sparse") is not None:
        return parse_sparse(parser, contents)
    parser.parse_keyword("dense")
    return parser.parse_dense_int_or_fp_elements_attr(contents)


SYNTAX: dict[str, Syntax] = {
    "memref.alloca_scope": parse_alloca_scope,
    "memref.alloca_scope.return": parse_alloca_scope_return,
    "memref.atomic_rmw": parse_atomic_rmw,
    "memref.cast": parse_cast,
    "memref.copy": parse_copy,
    "memref.generic_atomic_rmw": parse_generic_atomic_rmw,
    "memref.global": parse_global,
    "memref.memory_space_cast": parse_memory_space_cast,
    "memref.prefetch": parse_memref_prefetch,
    "memref.rank": parse_rank,
    "memref.reshape": parse_reshape,
    "memref.transpose": parse_transpose,
}
"""Operation name to what reads the text after it."""
