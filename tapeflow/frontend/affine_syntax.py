"""MLIR's syntax of affine operations that xDSL reads in generic form only."""

from collections.abc import Sequence

from xdsl.dialects import affine
from xdsl.dialects.builtin import (
    AffineMapAttr,
    AffineSetAttr,
    ArrayAttr,
    DenseIntElementsAttr,
    DenseIntOrFPElementsAttr,
    IndexType,
    IntegerAttr,
    StringAttr,
    TensorType,
    UnitAttr,
    i32,
    i64,
)
from xdsl.ir import Attribute, Operation, Region, SSAValue
from xdsl.ir.affine import AffineMap
from xdsl.parser import Parser

from tapeflow.dialects.affine_additions import (
    DelinearizeIndexOp,
    LinearizeIndexOp,
    MaxOp,
    ParallelOp,
    PrefetchOp,
)
from tapeflow.frontend.affine_subscripts import AffineSubscripts
from tapeflow.frontend.operation_parts import (
    Syntax,
    parse_body,
    parse_indices,
    parse_mixed_list,
    parse_optional_arrow_types,
    parse_prefetch,
)


def parse_if(parser: Parser) -> Operation:
    """affine.if #set(%i)[%n] -> (f64) { ... } else { ... }"""
    position = parser.pos
    condition = parser.parse_attribute()
    if not isinstance(condition, AffineSetAttr):
        parser.raise_error("expected an integer set", position)
    operands = _parse_dimensions_and_symbols(parser)
    set_ = condition.data
    if len(operands) != set_.num_dims + set_.num_symbols:
        parser.raise_error(
            f"{len(operands)} operands for a set of {set_.num_dims + set_.num_symbols}",
            position,
        )
    types = parse_optional_arrow_types(parser)
    then = parse_body(parser, affine.YieldOp, ())
    otherwise = Region()
    if parser.parse_optional_keyword("else") is not None:
        otherwise = parse_body(parser, affine.YieldOp, ())
    return affine.IfOp.build(
        operands=[operands],
        result_types=[types],
        properties={"condition": condition},
        attributes=parser.parse_optional_attr_dict(),
        regions=[then, otherwise],
    )


def parse_max(parser: Parser) -> Operation:
    """affine.max affine_map<(d0)[s0] -> (d0, s0 - 1)>(%i)[%n]"""
    position = parser.pos
    map_ = parser.parse_attribute()
    if not isinstance(map_, AffineMapAttr):
        parser.raise_error("expected an affine map", position)
    return MaxOp(_parse_dimensions_and_symbols(parser), map_)


def parse_parallel(parser: Parser) -> Operation:
    """affine.parallel (%i) = (0) to (%n) step (2) reduce ("addf") -> f64 { ... }"""
    names = parser.parse_comma_separated_list(
        parser.Delimiter.PAREN, lambda: parser.parse_argument(expect_type=False)
    )
    inductions = [name.resolve(IndexType()) for name in names]
    parser.parse_punctuation("=")
    lower, lower_groups, lower_operands = _parse_bounds(parser, "max")
    parser.parse_keyword("to")
    upper, upper_groups, upper_operands = _parse_bounds(parser, "min")
    steps = [1] * len(inductions)
    if parser.parse_optional_keyword("step") is not None:
        steps = parser.parse_comma_separated_list(
            parser.Delimiter.PAREN, parser.parse_integer
        )
    reductions: list[str] = []
    if parser.parse_optional_keyword("reduce") is not None:
        reductions = parser.parse_comma_separated_list(
            parser.Delimiter.PAREN, parser.parse_str_literal
        )
    types = parse_optional_arrow_types(parser)
    body = parse_body(parser, affine.YieldOp, inductions)
    return ParallelOp.build(
        operands=[[*lower_operands, *upper_operands]],
        result_types=[types],
        properties={
            "reductions": ArrayAttr([StringAttr(name) for name in reductions]),
            "lowerBoundsMap": AffineMapAttr(lower),
            "lowerBoundsGroups": _group_sizes(lower_groups),
            "upperBoundsMap": AffineMapAttr(upper),
            "upperBoundsGroups": _group_sizes(upper_groups),
            "steps": ArrayAttr([IntegerAttr(step, i64) for step in steps]),
        },
        attributes=parser.parse_optional_attr_dict(),
        regions=[body],
    )


def parse_linearize(parser: Parser) -> Operation:
    """affine.linearize_index disjoint [%i, %j] by (3, %n) : index"""
    disjoint = parser.parse_optional_keyword("disjoint")
    indices = parse_indices(parser, parser.Delimiter.SQUARE)
    parser.parse_keyword("by")
    basis, dynamic = parse_mixed_list(parser, parser.Delimiter.PAREN)
    attributes = parser.parse_optional_attr_dict()
    parser.parse_punctuation(":")
    parser.parse_type()
    return LinearizeIndexOp.build(
        operands=[indices, dynamic],
        properties={
            "static_basis": basis,
            "disjoint": None if disjoint is None else UnitAttr(),
        },
        result_types=[IndexType()],
        attributes=attributes,
    )


def parse_delinearize(parser: Parser) -> Operation:
    """affine.delinearize_index %k into (3, %n) : index, index"""
    linear = parser.parse_operand(IndexType())
    parser.parse_keyword("into")
    basis, dynamic = parse_mixed_list(parser, parser.Delimiter.PAREN)
    attributes = parser.parse_optional_attr_dict()
    parser.parse_punctuation(":")
    types = parser.parse_comma_separated_list(parser.Delimiter.NONE, parser.parse_type)
    return DelinearizeIndexOp.build(
        operands=[linear, dynamic],
        properties={"static_basis": basis},
        result_types=[types],
        attributes=attributes,
    )


def parse_affine_prefetch(parser: Parser) -> Operation:
    """affine.prefetch %a[%i + 1], read, locality<3>, data : memref<8xf64>"""
    buffer = parser.parse_unresolved_operand()
    subscripts = AffineSubscripts(parser)
    map_, indices = subscripts.map_of(
        parser.parse_comma_separated_list(
            parser.Delimiter.SQUARE, subscripts.parse_expression
        )
    )
    properties, attributes, type_ = parse_prefetch(parser)
    return PrefetchOp.build(
        operands=[parser.resolve_operand(buffer, type_), indices],
        properties={"map": AffineMapAttr(map_), **properties},
        attributes=attributes,
    )


def _parse_dimensions_and_symbols(parser: Parser) -> list[SSAValue[Attribute]]:
    def parse(delimiter: Parser.Delimiter) -> Sequence[SSAValue[Attribute]]:
        operands = parser.parse_optional_comma_separated_list(
            delimiter, lambda: parser.parse_operand(IndexType())
        )
        return operands or ()

    dimensions = parse(parser.Delimiter.PAREN)
    return [*dimensions, *parse(parser.Delimiter.SQUARE)]


def _parse_bounds(
    parser: Parser, keyword: str
) -> tuple[AffineMap, list[int], list[SSAValue[IndexType]]]:
    """Bounds `(0, min(%n, 10))`: a map, its results per bound, its operands."""
    subscripts = AffineSubscripts(parser)
    groups = subscripts.parse_groups(keyword)
    map_, operands = subscripts.map_of([e for group in groups for e in group])
    return map_, [len(group) for group in groups], operands


def _group_sizes(sizes: list[int]) -> DenseIntElementsAttr:
    return DenseIntOrFPElementsAttr.from_list(TensorType(i32, [len(sizes)]), sizes)


SYNTAX: dict[str, Syntax] = {
    "affine.delinearize_index": parse_delinearize,
    "affine.if": parse_if,
    "affine.linearize_index": parse_linearize,
    "affine.max": parse_max,
    "affine.parallel": parse_parallel,
    "affine.prefetch": parse_affine_prefetch,
}
"""Operation name to what reads the text after it."""
