"""Structured control flow and calls on the reference engine."""

import pytest

from tapeflow.backend.runtime.execution_error import ExecutionError

SUM = """func.func @f(%lower: index, %upper: index, %step: index) -> (index, index) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %sum, %trips = scf.for %i = %lower to %upper step %step
      iter_args(%s = %zero, %n = %zero) -> (index, index) {
    %t = arith.addi %s, %i : index
    %m = arith.addi %n, %one : index
    scf.yield %t, %m : index, index
  }
  func.return %sum, %trips : index, index
}"""


@pytest.mark.parametrize(
    ("lower", "upper", "step"),
    [(0, 5, 1), (0, 5, 2), (0, 6, 3), (-4, 3, 2), (3, 3, 1), (7, 3, 1)],
)
def test_for_runs_as_a_range(run, lower, upper, step):
    values = range(lower, upper, step)
    assert run(SUM, lower, upper, step).results == (sum(values), len(values))


@pytest.mark.parametrize("step", [0, -1])
def test_a_step_must_be_positive(run, step):
    with pytest.raises(ExecutionError, match=f"is {step}; it must be positive"):
        run(SUM, 0, 5, step)


def test_carried_buffers_may_swap(run):
    text = """func.func @f(%n: index) -> (f64, f64) {
  %z = arith.constant 0 : index
  %one = arith.constant 1 : index
  %x = arith.constant 1.0 : f64
  %y = arith.constant 2.0 : f64
  %a = memref.alloc() : memref<1xf64>
  %b = memref.alloc() : memref<1xf64>
  memref.store %x, %a[%z] : memref<1xf64>
  memref.store %y, %b[%z] : memref<1xf64>
  %p, %q = scf.for %i = %z to %n step %one
      iter_args(%c = %a, %d = %b) -> (memref<1xf64>, memref<1xf64>) {
    scf.yield %d, %c : memref<1xf64>, memref<1xf64>
  }
  %r = memref.load %p[%z] : memref<1xf64>
  %s = memref.load %q[%z] : memref<1xf64>
  func.return %r, %s : f64, f64
}"""
    for trips in range(4):
        expected = (1.0, 2.0) if trips % 2 == 0 else (2.0, 1.0)
        assert run(text, trips).results == expected


def test_while_with_data_dependent_trips(run):
    text = """func.func @f(%n: i64) -> (i64, i64) {
  %zero = arith.constant 0 : i64
  %one = arith.constant 1 : i64
  %two = arith.constant 2 : i64
  %three = arith.constant 3 : i64
  %last, %steps = scf.while (%x = %n, %k = %zero) : (i64, i64) -> (i64, i64) {
    %go = arith.cmpi ne, %x, %one : i64
    scf.condition(%go) %x, %k : i64, i64
  } do {
  ^bb0(%x: i64, %k: i64):
    %odd = arith.remsi %x, %two : i64
    %is_odd = arith.cmpi eq, %odd, %one : i64
    %next = scf.if %is_odd -> (i64) {
      %t = arith.muli %x, %three : i64
      %u = arith.addi %t, %one : i64
      scf.yield %u : i64
    } else {
      %h = arith.divsi %x, %two : i64
      scf.yield %h : i64
    }
    %m = arith.addi %k, %one : i64
    scf.yield %next, %m : i64, i64
  }
  func.return %last, %steps : i64, i64
}"""
    assert run(text, 27).results == (1, 111)
    assert run(text, 1).results == (1, 0)


def test_if_without_else_and_with_effects(run):
    text = """func.func @f(%c: i1) -> f64 {
  %z = arith.constant 0 : index
  %x = arith.constant 1.0 : f64
  %y = arith.constant 5.0 : f64
  %a = memref.alloc() : memref<1xf64>
  memref.store %x, %a[%z] : memref<1xf64>
  scf.if %c {
    memref.store %y, %a[%z] : memref<1xf64>
  }
  %r = memref.load %a[%z] : memref<1xf64>
  func.return %r : f64
}"""
    assert run(text, True).results == (5.0,)
    assert run(text, False).results == (1.0,)


def test_index_switch_and_execute_region(run):
    text = """func.func @f(%i: index) -> f64 {
  %a = arith.constant 10.0 : f64
  %b = arith.constant 20.0 : f64
  %c = arith.constant 30.0 : f64
  %r = scf.index_switch %i -> f64
  case 2 {
    scf.yield %a : f64
  }
  case -1 {
    scf.yield %b : f64
  }
  default {
    scf.yield %c : f64
  }
  %s = scf.execute_region -> (f64) {
    %t = arith.addf %r, %a : f64
    scf.yield %t : f64
  }
  func.return %s : f64
}"""
    assert [run(text, i).results[0] for i in (2, -1, 0)] == [20.0, 30.0, 40.0]


CALLS = """func.func @f(%n: index) -> (index, index) {
  %a, %b = func.call @pair(%n) : (index) -> (index, index)
  %c, %d = func.call @pair(%b) : (index) -> (index, index)
  func.return %a, %d : index, index
}
func.func @pair(%x: index) -> (index, index) {
  %one = arith.constant 1 : index
  %y = arith.addi %x, %one : index
  func.return %x, %y : index, index
}"""


def test_calls_have_frames_of_their_own(run):
    assert run(CALLS, 5).results == (5, 7)


def test_endless_recursion_is_one_error(run):
    text = """func.func @f(%n: index) -> index {
  %m = func.call @f(%n) : (index) -> index
  func.return %m : index
}"""
    with pytest.raises(ExecutionError, match="64 deep; @f may call itself"):
        run(text, 1)


def test_a_call_needs_a_body(run):
    text = """func.func private @g(index) -> index
func.func @f(%n: index) -> index {
  %m = func.call @g(%n) : (index) -> index
  func.return %m : index
}"""
    with pytest.raises(ExecutionError, match="no function @g with a body"):
        run(text, 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            """func.func @f(%n: index) {
  cf.br ^bb1
^bb1:
  func.return
}""",
            r"no engine runs 'cf.br'; write the control flow with scf",
        ),
        (
            """func.func @f(%n: index) {
  "test.op"() : () -> ()
  func.return
}""",
            "no engine runs 'test.op'",
        ),
        (
            """func.func @f(%n: index) {
  %a = arith.constant 1.0 : f16
  %b = arith.addf %a, %a : f16
  func.return
}""",
            "cannot run",
        ),
    ],
)
def test_ops_without_meaning_are_named(run, text, message):
    with pytest.raises(ExecutionError, match=message):
        run(text, 1)
