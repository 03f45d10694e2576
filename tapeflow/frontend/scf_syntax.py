"""MLIR's syntax of loops and branches, as far as xDSL does not read all of it."""

from collections.abc import Sequence

from xdsl.dialects import scf
from xdsl.dialects.builtin import DenseArrayBase, IndexType, UnitAttr, i1, i64
from xdsl.ir import Attribute, Operation, Region, SSAValue
from xdsl.parser import Parser, UnresolvedOperand

from tapeflow.dialects.scf_additions import UNSIGNED, ForallOp, InParallelOp
from tapeflow.frontend.operation_parts import (
    Syntax,
    end_with,
    parse_body,
    parse_mixed_list,
    parse_optional_arrow_types,
)


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


def parse_for(parser: Parser) -> Operation:
    """scf.for unsigned %i = %a to %b step %c iter_args(%s = %x) -> f64 : i32 { ... }"""
    unsigned = parser.parse_optional_keyword("unsigned")
    counter = parser.parse_argument(expect_type=False)
    parser.parse_punctuation("=")
    bounds = [parser.parse_unresolved_operand()]
    for word in ("to", "step"):
        parser.parse_keyword(word)
        bounds.append(parser.parse_unresolved_operand())
    carried: list[tuple[Parser.UnresolvedArgument, UnresolvedOperand]] = []
    types: list[Attribute] = []
    position = parser.pos
    if parser.parse_optional_keyword("iter_args") is not None:
        carried = _parse_assignments(parser)
        types = parse_optional_arrow_types(parser)
    colon = parser.parse_optional_punctuation(":")
    type_ = IndexType() if colon is None else parser.parse_type()
    lower, upper, step = (parser.resolve_operand(b, type_) for b in bounds)
    starts = parser.resolve_operands([start for _, start in carried], types, position)
    arguments = [a.resolve(t) for (a, _), t in zip(carried, types, strict=True)]
    region = parser.parse_region((counter.resolve(type_), *arguments))
    if not carried:
        end_with(region, scf.YieldOp)
    loop = scf.ForOp(lower, upper, step, starts, region)
    loop.attributes |= parser.parse_optional_attr_dict()
    if unsigned is not None:
        loop.attributes[UNSIGNED] = UnitAttr()
    return loop


def parse_if(parser: Parser) -> Operation:
    """scf.if %c -> f64 { ... } else { ... }"""
    condition = parser.parse_operand(i1)
    types = parse_optional_arrow_types(parser)
    taken = end_with(parser.parse_region(), scf.YieldOp)
    otherwise = Region()
    if parser.parse_optional_keyword("else") is not None:
        otherwise = end_with(parser.parse_region(), scf.YieldOp)
    attributes = parser.parse_optional_attr_dict()
    return scf.IfOp(condition, types, taken, otherwise, attributes)


def parse_while(parser: Parser) -> Operation:
    """scf.while (%s = %x) : (f64) -> f64 { ... } do { ... } attributes {...}"""
    carried: list[tuple[Parser.UnresolvedArgument, UnresolvedOperand]] = []
    position = parser.pos
    if parser._current_token.text == "(":  # pyright: ignore[reportPrivateUsage]
        carried = _parse_assignments(parser)
    parser.parse_punctuation(":")
    type_ = parser.parse_function_type()
    inputs = type_.inputs.data
    operands = parser.resolve_operands([v for _, v in carried], inputs, position)
    arguments = [a.resolve(t) for (a, _), t in zip(carried, inputs, strict=True)]
    before = parser.parse_region(arguments)
    parser.parse_keyword("do")
    after = end_with(parser.parse_region(), scf.YieldOp)
    attributes = parser.parse_optional_attr_dict_with_keyword()
    loop = scf.WhileOp(operands, type_.outputs.data, before, after)
    if attributes is not None:
        loop.attributes |= attributes.data
    return loop


def parse_execute_region(parser: Parser) -> Operation:
    """scf.execute_region -> f64 no_inline { ... }"""
    types = parse_optional_arrow_types(parser)
    no_inline = parser.parse_optional_keyword("no_inline")
    op = scf.ExecuteRegionOp(types, end_with(parser.parse_region(), scf.YieldOp))
    op.attributes |= parser.parse_optional_attr_dict()
    if no_inline is not None:
        op.attributes["no_inline"] = UnitAttr()
    return op


def parse_forall(parser: Parser) -> Operation:
    """scf.forall (%i) = (0) to (%n) step (2) { ... }, or (%i, %j) in (%n, 4) { ... }"""
    names = parser.parse_comma_separated_list(
        parser.Delimiter.PAREN, lambda: parser.parse_argument(expect_type=False)
    )
    ranks = len(names)
    none: list[SSAValue[IndexType]] = []
    lower = DenseArrayBase.from_list(i64, [0] * ranks), none
    step = DenseArrayBase.from_list(i64, [1] * ranks), none
    if parser.parse_optional_keyword("in") is not None:
        upper = parse_mixed_list(parser, parser.Delimiter.PAREN)
    else:
        parser.parse_punctuation("=")
        lower = parse_mixed_list(parser, parser.Delimiter.PAREN)
        parser.parse_keyword("to")
        upper = parse_mixed_list(parser, parser.Delimiter.PAREN)
        parser.parse_keyword("step")
        step = parse_mixed_list(parser, parser.Delimiter.PAREN)
    if parser.parse_optional_keyword("shared_outs") is not None:
        parser.raise_error(
            "'scf.forall' of tensors is not read; turn tensors into buffers first: "
            "mlir-opt --one-shot-bufferize"
        )
    body = parser.parse_region([name.resolve(IndexType()) for name in names])
    return ForallOp.build(
        operands=[lower[1], upper[1], step[1], []],
        result_types=[[]],
        properties={
            "staticLowerBound": lower[0],
            "staticUpperBound": upper[0],
            "staticStep": step[0],
        },
        attributes=parser.parse_optional_attr_dict(),
        regions=[end_with(body, InParallelOp)],
    )


def _parse_assignments(
    parser: Parser,
) -> list[tuple[Parser.UnresolvedArgument, UnresolvedOperand]]:
    """`(%s = %x, %t = %y)`"""

    def parse() -> tuple[Parser.UnresolvedArgument, UnresolvedOperand]:
        argument = parser.parse_argument(expect_type=False)
        parser.parse_punctuation("=")
        return argument, parser.parse_unresolved_operand()

    return parser.parse_comma_separated_list(parser.Delimiter.PAREN, parse)


def _parse_values(parser: Parser) -> list[UnresolvedOperand]:
    return parser.parse_comma_separated_list(
        parser.Delimiter.PAREN, parser.parse_unresolved_operand
    )


def _parse_indices(parser: Parser) -> list[SSAValue[IndexType]]:
    return [parser.resolve_operand(v, IndexType()) for v in _parse_values(parser)]


SYNTAX: dict[str, Syntax] = {
    "scf.execute_region": parse_execute_region,
    "scf.for": parse_for,
    "scf.forall": parse_forall,
    "scf.if": parse_if,
    "scf.parallel": parse_parallel,
    "scf.reduce": parse_reduce,
    "scf.while": parse_while,
}
"""Operation name to what reads the text after it."""
