"""MLIR's syntax of parallel loops, which xDSL reads in generic form only."""

from collections.abc import Sequence

from xdsl.dialects import scf
from xdsl.dialects.builtin import IndexType
from xdsl.ir import Operation, Region, SSAValue
from xdsl.parser import Parser, UnresolvedOperand

from tapeflow.frontend.operation_parts import parse_body, parse_optional_arrow_types


def parse_parallel(parser: Parser) -> Operation:
    """scf.parallel (%i) = (%a) to (%b) step (%c) init (%x) -> f64 { ... }"""
    names = parser.parse_comma_separated_list(
        parser.Delimiter.PAREN, lambda: parser.parse_argument(expect_type=False)
    )
    inductions = [name.resolve(IndexType()) for name in names]
    parser.parse_punctuation("=")
    lower = _parse_indices(parser)
    parser.parse_keyword("to")
    upper = _parse_indices(parser)
    parser.parse_keyword("step")
    steps = _parse_indices(parser)
    initial: Sequence[UnresolvedOperand] = ()
    if parser.parse_optional_keyword("init") is not None:
        initial = _parse_values(parser)
    position = parser.pos
    types = parse_optional_arrow_types(parser)
    values = parser.resolve_operands(initial, types, position)
    body = parse_body(parser, scf.ReduceOp, inductions)
    loop = scf.ParallelOp(lower, upper, steps, body, values)
    loop.attributes |= parser.parse_optional_attr_dict()
    return loop


def parse_reduce(parser: Parser) -> Operation:
    """scf.reduce(%v, %w : f64, f64) { ... }, { ... }"""
    values: list[SSAValue] = []
    if parser.parse_optional_punctuation("(") is not None:
        position = parser.pos
        operands = parser.parse_comma_separated_list(
            parser.Delimiter.NONE, parser.parse_unresolved_operand
        )
        parser.parse_punctuation(":")
        types = parser.parse_comma_separated_list(
            parser.Delimiter.NONE, parser.parse_type
        )
        values = [*parser.resolve_operands(operands, types, position)]
        parser.parse_punctuation(")")
    regions: list[Region] = []
    while (region := parser.parse_optional_region()) is not None:
        regions.append(region)
        parser.parse_optional_punctuation(",")  # xDSL prints none between them
    reduce = scf.ReduceOp(values, regions)
    reduce.attributes |= parser.parse_optional_attr_dict()
    return reduce


def _parse_values(parser: Parser) -> list[UnresolvedOperand]:
    return parser.parse_comma_separated_list(
        parser.Delimiter.PAREN, parser.parse_unresolved_operand
    )


def _parse_indices(parser: Parser) -> list[SSAValue[IndexType]]:
    return [parser.resolve_operand(v, IndexType()) for v in _parse_values(parser)]
