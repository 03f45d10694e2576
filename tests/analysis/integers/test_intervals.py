"""The rule of every operation against what the operation computes."""

import random
from collections.abc import Callable

import pytest
from xdsl.dialects import arith
from xdsl.dialects import test as test_dialect
from xdsl.dialects.builtin import IndexType, IntegerType
from xdsl.ir import Attribute, Operation
from xdsl.irdl import IRDLOperation

from tapeflow.analysis.integers.intervals import (
    INTERVAL_RULES,
    Interval,
    integer_width,
    type_interval,
)
from tapeflow.backend.semantics.python_functions import PYTHON_NAMESPACE
from tapeflow.backend.semantics.scalars import scalar_templates

TYPES = (*map(IntegerType, (8, 16, 32, 64)), IndexType())
CASTS = (arith.ExtSIOp, arith.ExtUIOp, arith.TruncIOp, arith.IndexCastOp)
SAME_TYPE = tuple(
    op for op in INTERVAL_RULES if op not in (*CASTS, arith.ConstantOp, arith.SelectOp)
)
INTERVALS, POINTS = 60, 4


def operation(
    op: type[Operation], operands: list[Attribute], result: Attribute
) -> Operation:
    source = test_dialect.TestOp(result_types=operands)
    return op.create(operands=list(source.results), result_types=[result])


def interpreted(op: Operation) -> Callable[..., int]:
    names = [f"v{number}" for number in range(len(op.operands))]
    (text,) = scalar_templates(op)
    body = f"lambda {', '.join(names)}: {text.format(*names)}"
    return eval(body, dict(PYTHON_NAMESPACE))


def random_interval(type_: Attribute, dice: random.Random) -> Interval:
    """Wide, narrow, around zero or at an end of the type."""
    whole = type_interval(type_)
    assert whole is not None
    ends = (whole.low, whole.high, 0, 1, -1, dice.randint(whole.low, whole.high))
    start = dice.choice(ends)
    length = dice.choice((0, 1, 5, 70, whole.high, 2 * whole.high))
    low = max(whole.low, start - dice.randint(0, length))
    return Interval(min(low, whole.high), min(whole.high, max(low, start) + length))


def check(op: Operation, dice: random.Random) -> None:
    types = [operand.type for operand in op.operands]
    whole = type_interval(op.results[0].type)
    assert whole is not None
    compute = interpreted(op)
    rule = INTERVAL_RULES[type(op)]
    for _ in range(INTERVALS):
        operands = [random_interval(type_, dice) for type_ in types]
        bounds = rule(op, operands)
        if bounds not in whole:
            continue
        for _ in range(POINTS):
            numbers = [
                dice.choice((i.low, i.high, dice.randint(i.low, i.high)))
                for i in operands
            ]
            held = [
                number != 0 if integer_width(type_) == 1 else number
                for number, type_ in zip(numbers, types, strict=True)
            ]
            result = compute(*held)
            signed = -int(result) if whole == Interval(-1, 0) else result
            assert Interval(signed, signed) in bounds, (op.name, operands, numbers)


@pytest.mark.parametrize("op", SAME_TYPE, ids=lambda op: op.name)
@pytest.mark.parametrize("type_", TYPES, ids=str)
def test_arithmetic(op: type[IRDLOperation], type_: Attribute):
    if isinstance(type_, IndexType) and op.name.startswith("math."):
        type_ = IntegerType(64)
    count = len(op.get_irdl_definition().operands)
    check(operation(op, [type_] * count, type_), random.Random(op.name))


@pytest.mark.parametrize("narrow", (IntegerType(1), *TYPES[:3]), ids=str)
@pytest.mark.parametrize("wide", TYPES, ids=str)
def test_casts(narrow: Attribute, wide: Attribute):
    dice = random.Random(7)
    if isinstance(wide, IndexType):
        check(operation(arith.IndexCastOp, [narrow], wide), dice)
        check(operation(arith.IndexCastOp, [wide], narrow), dice)
        return
    bits = integer_width(wide)
    known = integer_width(narrow)
    assert bits is not None
    assert known is not None
    if known < bits:
        check(operation(arith.ExtSIOp, [narrow], wide), dice)
        check(operation(arith.ExtUIOp, [narrow], wide), dice)
        check(operation(arith.TruncIOp, [wide], narrow), dice)


def test_rules_are_no_wider_than_they_must_be():
    i8 = IntegerType(8)

    def result(op: type[Operation], a: tuple[int, int], b: tuple[int, int]):
        rule = INTERVAL_RULES[op]
        bounds = rule(operation(op, [i8, i8], i8), (Interval(*a), Interval(*b)))
        return bounds.low, bounds.high

    assert result(arith.AddiOp, (1, 5), (-2, 7)) == (-1, 12)
    assert result(arith.MuliOp, (-3, 2), (-5, 4)) == (-12, 15)
    assert result(arith.DivSIOp, (-7, 9), (2, 3)) == (-3, 4)
    assert result(arith.CeilDivSIOp, (-7, 9), (2, 3)) == (-3, 5)
    assert result(arith.RemSIOp, (-7, 90), (1, 8)) == (-7, 7)
    assert result(arith.RemUIOp, (-7, 90), (1, 8)) == (0, 7)
    assert result(arith.AndIOp, (-7, 90), (0, 8)) == (0, 8)
    assert result(arith.XOrIOp, (0, 5), (2, 3)) == (0, 7)
    assert result(arith.ShLIOp, (-1, 3), (0, 4)) == (-16, 48)
    assert result(arith.ShRUIOp, (-1, 3), (4, 4)) == (0, 15)
    assert result(arith.MinUIOp, (-1, 3), (0, 90)) == (0, 90)
