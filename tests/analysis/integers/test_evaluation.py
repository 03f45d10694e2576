"""Index values in both domains: as expressions of sizes, and as estimates."""

import pytest
from xdsl.dialects import scf

from tapeflow.analysis.integers.estimates import IndexEstimates
from tapeflow.analysis.integers.symbolic import IndexExpressions
from tapeflow.backend.signature import find_function
from tapeflow.frontend.reader import parse_module
from tapeflow.universe import full_context

SIZES = {"n": 7, "dim(x, 1)": 10}


def function_with(*lines: str):
    """Of an argument %x : memref<4x?xf64>, and of %n."""
    text = f"""func.func @f(%x: memref<4x?xf64>, %n: index) {{
      %zero = arith.constant 0 : index
      %one = arith.constant 1 : index
      %three = arith.constant 3 : index
      {" ".join(lines)}
      func.return
    }}"""
    return find_function(parse_module(text, "f.mlir", full_context()), "f")


def named(function, name):
    values = (result for op in function.walk() for result in op.results)
    return next(value for value in values if value.name_hint == name)


def loop_of(value) -> scf.ForOp:
    loop = value.owner.parent_op()
    assert isinstance(loop, scf.ForOp)
    return loop


def both(function, name="v"):
    """The expression as text, its number for `SIZES`, and the estimate."""
    value = named(function, name)
    expression = IndexExpressions(function).value(value)
    estimate = IndexEstimates(function, SIZES, 64).value(value)
    if expression is None:
        return None, None, estimate
    numbers = {s: SIZES[s.name] for s in expression.free_symbols}
    return str(expression), int(expression.xreplace(numbers)), estimate


@pytest.mark.parametrize(
    ("operation", "text", "number"),
    [
        ("addi", "n + 3", 10),
        ("subi", "n - 3", 4),
        ("muli", "3*n", 21),
        ("divsi", "floor(n/3)", 2),
        ("ceildivui", "ceiling(n/3)", 3),
        ("maxsi", "Max(3, n)", 7),
        ("minui", "Min(3, n)", 3),
    ],
)
def test_arithmetic(operation: str, text: str, number: int) -> None:
    function = function_with(f"%v = arith.{operation} %n, %three : index")
    assert both(function) == (text, number, number)


@pytest.mark.parametrize(
    ("operation", "text", "number"),
    [("remsi", "Mod(n, 3)", 1), ("shli", "8*n", 56), ("shrui", "floor(n/8)", 0)],
)
def test_what_is_not_estimated(operation: str, text: str, number: int) -> None:
    function = function_with(f"%v = arith.{operation} %n, %three : index")
    assert both(function) == (text, number, None)


def test_nothing_is_divided_by_zero() -> None:
    function = function_with("%v = arith.divsi %n, %zero : index")
    assert both(function) == (None, None, 0.0)


@pytest.mark.parametrize(
    ("axis", "expected"),
    [("0", ("4", 4, 4)), ("1", ("dim(x, 1)", 10, 10))],
)
def test_extents_of_an_argument(axis: str, expected: tuple[str, int, int]) -> None:
    function = function_with(
        f"%axis = arith.constant {axis} : index",
        "%v = memref.dim %x, %axis : memref<4x?xf64>",
    )
    assert both(function) == expected


@pytest.mark.parametrize("axis", [-1, 2])
def test_an_axis_that_does_not_exist_has_no_extent(axis: int) -> None:
    function = function_with()
    buffer = function.body.block.args[0]
    assert IndexExpressions(function).extent(buffer, axis) is None
    assert IndexEstimates(function, SIZES, 64).extent(buffer, axis) is None


def test_the_extent_of_new_memory_is_what_was_asked_for() -> None:
    function = function_with(
        "%m = arith.addi %n, %one : index",
        "%new = memref.alloc(%n, %m) : memref<?x3x?xf64>",
        "%view = memref.cast %new : memref<?x3x?xf64> to memref<?x?x?xf64>",
        "%two = arith.constant 2 : index",
        "%v = memref.dim %view, %two : memref<?x?x?xf64>",
    )
    assert both(function) == ("n + 1", 8, 8)


def test_data_decide() -> None:
    function = function_with(
        "%loaded = memref.load %x[%zero, %one] : memref<4x?xf64>",
        "%whole = arith.fptosi %loaded : f64 to i64",
        "%index = arith.index_cast %whole : i64 to index",
        "%v = arith.addi %index, %n : index",
    )
    assert both(function) == (None, None, None)


def test_an_induction_variable_is_a_counter_or_its_middle() -> None:
    function = function_with(
        "scf.for %i = %one to %n step %three {",
        "  %v = arith.muli %i, %three : index",
        "}",
    )
    value = named(function, "v")
    expressions = IndexExpressions(function)
    counter = expressions.counter(loop_of(value))
    assert expressions.value(value) == 9 * counter + 3
    assert IndexEstimates(function, SIZES, 64).value(value) == 3 * 2.5


def test_a_bound_that_needs_itself_is_assumed() -> None:
    """The inner loop walks along a buffer as long as its own counter."""
    function = function_with(
        "%loaded = memref.load %x[%zero, %one] : memref<4x?xf64>",
        "%whole = arith.fptosi %loaded : f64 to i64",
        "%data = arith.index_cast %whole : i64 to index",
        "scf.for %i = %zero to %data step %one {",
        "  %v = arith.addi %i, %one : index",
        "  %row = memref.alloc(%v) : memref<?xf64>",
        "  %y = memref.load %row[%i] : memref<?xf64>",
        "}",
    )
    loop = loop_of(named(function, "v"))
    assert IndexEstimates(function, SIZES, 64).trips(loop) == pytest.approx(32.5)
    assert IndexExpressions(function).trips(loop) is None


def test_long_chains_need_no_stack() -> None:
    lines = ["%v0 = arith.addi %n, %one : index"]
    lines += [f"%v{i + 1} = arith.addi %v{i}, %one : index" for i in range(2000)]
    function = function_with(*lines)
    assert both(function, "v2000") == ("n + 2001", 2008, 2008)
