"""Every integer lies in the interval that the analysis gives it, at every width."""

from hypothesis import HealthCheck, given, settings
from xdsl.dialects.func import FuncOp, ReturnOp

from tapeflow.analysis.integers.intervals import Interval
from tapeflow.analysis.integers.ranges import find_integer_ranges
from tapeflow.backend.execute import execute
from tapeflow.frontend.reader import parse_module
from tapeflow.universe import full_context
from tests.sizes import sized

from .integer_programs import programs


@settings(
    deadline=None,
    max_examples=sized(50, 150),
    suppress_health_check=[HealthCheck.too_slow],
)
@given(program=programs())
def test_values_lie_in_their_intervals(program):
    text, kinds, arguments = program
    module = parse_module(text, "program.mlir", full_context())
    function = module.body.block.first_op
    assert isinstance(function, FuncOp)
    ranges = find_integer_ranges(function)
    returned = function.body.block.last_op
    assert isinstance(returned, ReturnOp)
    results = execute(module, "f", arguments, engine="reference").results
    for value, kind, result in zip(returned.arguments, kinds, results, strict=True):
        signed = -int(result) if kind == "i1" else int(result)
        interval = ranges.of(value)
        assert interval is not None
        assert Interval(signed, signed) in interval, (text, arguments)


def interval_of(body: str, arguments: str = "") -> Interval | None:
    """The interval of %r in a function."""
    text = f"""func.func @f({arguments}) {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c28 = arith.constant 28 : index
  {body}
  "test.op"(%r) : (index) -> ()
  func.return
}}"""
    module = parse_module(text, "program.mlir", full_context())
    function = module.body.block.first_op
    assert isinstance(function, FuncOp)
    ranges = find_integer_ranges(function)
    for op in function.walk():
        if op.name == "test.op":
            return ranges.of(op.operands[0])
    raise AssertionError("no %r")


def test_place_of_the_largest():
    """An index that a loop carries, as in a search, stays within the loop."""
    body = """%r = scf.for %i = %c0 to %c28 step %c1 iter_args(%b = %c0) -> (index) {
    %s = arith.select %p, %i, %b : index
    scf.yield %s : index
  }"""
    assert interval_of(body, "%p: i1") == Interval(0, 27)


def test_place_in_a_fixed_grid():
    body = """%last = scf.for %i = %c0 to %c28 step %c1 iter_args(%b = %c0) -> (index) {
    %q = scf.for %j = %c0 to %c28 step %c1 iter_args(%d = %b) -> (index) {
      %row = arith.muli %i, %c28 : index
      %at = arith.addi %row, %j : index
      scf.yield %at : index
    }
    scf.yield %q : index
  }
  %r = arith.addi %last, %c1 : index"""
    assert interval_of(body) == Interval(1, 784)


def test_extents_of_buffers():
    dim = "%r = memref.dim %x, %c{} : memref<?x40xf64>"
    assert interval_of(dim.format(1), "%x: memref<?x40xf64>") == Interval(40, 40)
    assert interval_of(dim.format(0), "%x: memref<?x40xf64>") == Interval(0, 2**63 - 1)


def test_a_counter_without_end_may_be_anything():
    body = """%r = scf.while (%a = %c0) : (index) -> index {
    scf.condition(%p) %a : index
  } do {
  ^bb0(%a: index):
    %b = arith.addi %a, %c1 : index
    scf.yield %b : index
  }"""
    assert interval_of(body, "%p: i1") == Interval(-(2**63), 2**63 - 1)


def test_periodic_neighbour():
    body = """%r = scf.for %i = %c0 to %c28 step %c1 iter_args(%b = %c0) -> (index) {
    %next = arith.addi %i, %c1 : index
    %around = arith.remui %next, %c28 : index
    scf.yield %around : index
  }"""
    assert interval_of(body) == Interval(0, 27)
