"""What the builder folds is what the operations compute that it emits otherwise."""

from collections.abc import Callable, Sequence
from itertools import product

import pytest
from xdsl.dialects import arith, func, scf
from xdsl.dialects.builtin import (
    FileLineColLoc,
    FloatAttr,
    FunctionType,
    IndexType,
    IntAttr,
    IntegerAttr,
    ModuleOp,
    StringAttr,
    f64,
    i8,
)
from xdsl.ir import Block, Region, SSAValue
from xdsl.rewriter import InsertPoint

from tapeflow.backend.execute import execute
from tapeflow.transforms.building.index_builder import (
    GREATEST,
    FunctionConstants,
    Index,
    IndexBuilder,
)
from tapeflow.transforms.building.trip_count import mirror, trip_count

LEAST = -GREATEST - 1
ENDS = (LEAST, LEAST + 1, LEAST // 2, -7, -1, 0, 1, 2, 5, 2**62, GREATEST - 1, GREATEST)
SIZES = [number for number in ENDS if number >= 0]
INDEX = IndexType()

Emit = Callable[..., Index]
"""Builds with a builder and operands that may be numbers."""


def new_function(arguments: int = 0) -> tuple[func.FuncOp, IndexBuilder]:
    block = Block(arg_types=[INDEX] * arguments)
    function = func.FuncOp("f", ([INDEX] * arguments, []), Region(block))
    constants = FunctionConstants(function)
    return function, IndexBuilder(
        constants, InsertPoint.at_end(block), function.location
    )


class Computed:
    """An expression of numbers and then of the arguments of a function."""

    def __init__(self, emit: Emit, numbers: Sequence[int], arguments: int):
        function, builder = new_function(arguments)
        self.result = emit(builder, *numbers, *function.body.block.args)
        builder.insert(func.ReturnOp(builder.value(self.result)))
        types = [INDEX] * arguments, [INDEX]
        function.properties["function_type"] = FunctionType.from_lists(*types)
        self._module = ModuleOp([function])
        self._module.verify()

    def __call__(self, *arguments: int) -> int:
        (result,) = execute(self._module, "f", arguments, engine="reference").results
        return int(result)


def check(emit: Emit, rows: Sequence[Sequence[int]], expected: Callable[..., int]):
    """Numbers, arguments, and numbers in front of an argument give the same."""
    width = len(rows[0])
    run = Computed(emit, (), width)
    for row in rows:
        _, builder = new_function()
        assert emit(builder, *row) == run(*row) == expected(*row), row
        for count in range(1, width):
            some = Computed(emit, row[:count], width - count)
            assert some(*row[count:]) == expected(*row), row


def wrapped(number: int) -> int:
    return (number - LEAST) % 2**64 + LEAST


PAIRS = list(product(ENDS, repeat=2))


@pytest.mark.parametrize(
    ("emit", "expected"),
    [
        (lambda b, x, y: b.add(x, y, "z"), lambda x, y: wrapped(x + y)),
        (lambda b, x, y: b.sub(x, y, "z"), lambda x, y: wrapped(x - y)),
        (lambda b, x, y: b.mul(x, y, "z"), lambda x, y: wrapped(x * y)),
        (lambda b, x, y: b.maximum(x, y, "z"), max),
        (lambda b, x, y: b.minimum(x, y, "z"), min),
    ],
    ids=["add", "sub", "mul", "maximum", "minimum"],
)
def test_numbers_at_the_ends_of_64_bits(emit: Emit, expected: Callable[..., int]):
    check(emit, PAIRS, expected)


def test_quotients_are_rounded_up():
    rows = [(x, y) for x, y in PAIRS if y > 0]
    check(lambda b, x, y: b.ceildiv(x, y, "z"), rows, lambda x, y: -(-x // y))
    check(
        lambda b, x, y: b.ceildiv_unsigned(x, y, "z"),
        rows,
        lambda x, y: wrapped(-(-(x % 2**64) // y)),
    )


@pytest.mark.parametrize("divisor", [1, 2, 24, 64])
def test_quotients_are_rounded_down(divisor: int):
    rows = [(size,) for size in SIZES if size]
    emit: Emit = lambda b, x: b.divide_down(x, divisor, "z")  # noqa: E731
    if divisor > 1:
        check(emit, rows, lambda x: x // divisor)
    check(lambda b, x: b.multiple_below(x, 64, "z"), rows, lambda x: x - x % 64)


def test_sizes_stop_at_the_greatest_index():
    rows = list(product(SIZES, repeat=2))
    check(
        lambda b, x, y: b.add(x, y, "z", is_size=True),
        rows,
        lambda x, y: min(x + y, GREATEST),
    )
    check(
        lambda b, x, y: b.mul(x, y, "z", is_size=True),
        rows,
        lambda x, y: min(x * y, GREATEST),
    )
    rows = [(x, y) for x, y in PAIRS if x >= y]
    check(
        lambda b, x, y: b.sub(x, y, "z", is_size=True),
        rows,
        lambda x, y: min(x - y, GREATEST),
    )


BOUNDS = (LEAST, LEAST + 1, -7, 0, 1, 5, GREATEST)
LOOPS = list(product((1, 3, 2**62, GREATEST), BOUNDS, BOUNDS))
"""Steps, lower and upper bounds."""


def iterations(step: int, lower: int, upper: int) -> int:
    return max(0, -((lower - upper) // step))


def test_trip_counts_are_exact_up_to_the_greatest_index():
    check(
        lambda b, step, lower, upper: trip_count(b, lower, upper, step),
        LOOPS,
        lambda *loop: min(iterations(*loop), GREATEST),
    )


@pytest.mark.parametrize("step", [0, -1, LEAST])
def test_a_loop_that_is_refused_has_no_iterations(step: int):
    """Where it is reached, a step that is not positive is an error."""
    _, builder = new_function()
    assert trip_count(builder, 0, 5, step) == 0


def test_counters_mirrored_in_a_loop_have_one_sum():
    rows = [row for row in LOOPS if 0 < iterations(*row) <= GREATEST]

    def emit(builder: IndexBuilder, *loop: Index) -> Index:
        step, lower, upper = map(builder.value, loop)
        return mirror(builder, lower, upper, step)

    run = Computed(emit, (), 3)
    for step, lower, upper in rows:
        last = lower + step * (iterations(step, lower, upper) - 1)
        row = step, lower, upper
        assert run(*row) == wrapped(lower + last), row
        for count in (1, 2, 3):
            some = Computed(emit, row[:count], 3 - count)
            assert some(*row[count:]) == wrapped(lower + last), row


def test_every_constant_is_there_once():
    function, builder = new_function()
    block = function.body.block
    own = [
        arith.ConstantOp(IntegerAttr(7, INDEX)),
        arith.ConstantOp(FloatAttr(-0.0, f64)),
    ]
    block.add_ops([*own, func.ReturnOp()])
    pool = FunctionConstants(function)
    builder = IndexBuilder(pool, InsertPoint.at_end(block), function.location)
    assert builder.value(7) is own[0].result
    zero = builder.zero(f64)
    assert zero is not own[1].result and zero is builder.zero(f64)
    assert builder.value(2**64 + 7) is own[0].result, "the lowest 64 bits"
    narrow = pool.value(IntegerAttr(7, i8))
    assert narrow is not own[0].result and narrow is pool.value(IntegerAttr(7, i8))
    assert builder.value(-3).name_hint == "c-3"
    assert [op.results[0].name_hint for op in block.ops if op.results] == [
        *(None, None),
        *("zero", "c7", "c-3"),
    ]


def test_a_branch_without_values_needs_no_else():
    function, builder = new_function()
    condition = builder.equal(0, 1, "never")
    assert not builder.branch(condition, lambda: (), lambda: ())
    place = FileLineColLoc(StringAttr("f.mlir"), IntAttr(3), IntAttr(1))

    def no() -> Sequence[SSAValue]:
        builder.location = place
        return [builder.value(2)]

    (chosen,) = builder.branch(condition, lambda: [builder.value(1)], no)
    bare, full = (op for op in function.body.block.ops if isinstance(op, scf.IfOp))
    assert not bare.false_region.blocks
    assert chosen is full.results[0] and full.location == function.location
    assert full.false_region.block.ops.last is not None
    assert full.false_region.block.ops.last.location == place


def test_a_loop_adds_up():
    def emit(builder: IndexBuilder, count: Index) -> Index:
        bounds = builder.value(0), builder.value(count), builder.value(1)

        def body(index: SSAValue, carried: Sequence[SSAValue]) -> Sequence[SSAValue]:
            return [builder.value(builder.add(carried[0], index, "sum"))]

        return builder.loop(bounds, [builder.value(10)], body)[0]

    assert Computed(emit, (), 1)(5) == 20
    assert Computed(emit, (), 1)(0) == 10
