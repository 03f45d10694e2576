"""Cycles of loops on a datapath, where they can be told by hand."""

import pytest
from xdsl.dialects import scf

from tapeflow.analysis.ir.call_graph import CallGraph
from tapeflow.analysis.machine.datapath import Datapath
from tapeflow.analysis.memory.aliasing import find_buffers
from tapeflow.analysis.scheduling.jam_nests import Problem, find_body
from tapeflow.analysis.scheduling.loop_time import cut_time, jammed_time, whole_time
from tapeflow.analysis.scheduling.stages import cut_loop
from tapeflow.frontend.reader import parse_module
from tapeflow.universe import full_context

WIDE = Datapath(window=512, issue_width=0, float_units=0, ports=0)
SUM = """
func.func @f(%a: memref<?xf64>, %n: index) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f64
  %s = scf.for %i = %c0 to %n step %c1 iter_args(%t = %zero) -> (f64) {
    %x = memref.load %a[%i] : memref<?xf64>
    %u = arith.addf %t, %x : f64
    scf.yield %u : f64
  }
  func.return %s : f64
}
"""
PREFIX = """
func.func @f(%a: memref<?xf64>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    %x = memref.load %a[%i] : memref<?xf64>
    %y = arith.mulf %x, %x : f64
    %next = arith.addi %i, %c1 : index
    memref.store %y, %a[%next] : memref<?xf64>
  }
  func.return
}
"""
CHAIN = """
func.func @f(%a: memref<?xf64>, %b: memref<?xf64>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    %x = memref.load %a[%i] : memref<?xf64>
    %1 = math.sqrt %x : f64
    %2 = arith.addf %1, %x : f64
    %3 = arith.mulf %2, %2 : f64
    %4 = math.sqrt %3 : f64
    %5 = arith.addf %4, %x : f64
    %6 = arith.mulf %5, %2 : f64
    memref.store %6, %b[%i] : memref<?xf64>
  }
  func.return
}
"""
ROWS = """
func.func @f(%a: memref<?x?xf64>, %v: memref<?xf64>, %s: memref<?xf64>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f64
  scf.for %i = %c0 to %n step %c1 {
    %d = scf.for %j = %c0 to %n step %c1 iter_args(%t = %zero) -> (f64) {
      %x = memref.load %a[%i, %j] : memref<?x?xf64>
      %y = memref.load %v[%j] : memref<?xf64>
      %p = arith.mulf %x, %y : f64
      %u = arith.addf %t, %p : f64
      scf.yield %u : f64
    }
    memref.store %d, %s[%i] : memref<?xf64>
  }
  func.return
}
"""


def first_loop(text: str) -> scf.ForOp:
    module = parse_module(text, "loops", full_context())
    return next(op for op in module.walk() if isinstance(op, scf.ForOp))


def test_a_sum_takes_an_addition_an_iteration() -> None:
    assert whole_time(first_loop(SUM), WIDE) == 5


def test_a_narrow_datapath_takes_its_operations_in_turn() -> None:
    """Eight operations and the two of the counter."""
    narrow = Datapath(window=512, issue_width=1, integer_units=0, float_units=0)
    assert whole_time(first_loop(CHAIN), narrow) == pytest.approx(10, rel=0.02)


def test_a_store_is_waited_for_an_iteration_later() -> None:
    """Load 2, multiplication 4, store 1."""
    assert whole_time(first_loop(PREFIX), WIDE) == 7


def test_halves_overlap_where_the_window_is_short() -> None:
    loop = first_loop(CHAIN)
    function = loop.parent_op()
    assert function is not None
    module = function.parent_op()
    stages = cut_loop(loop, find_buffers(function, CallGraph(module)))  # pyright: ignore
    assert stages is not None
    short = Datapath(window=12)
    assert cut_time(loop, stages, short) < 0.8 * whole_time(loop, short)


@pytest.mark.parametrize(("trips", "least"), [(0, 0.0), (1, 1.0), (64, 64.0)])
def test_copies_share_the_chain_of_a_sum(trips: int, least: float) -> None:
    loop = first_loop(ROWS)
    function = loop.parent_op()
    assert function is not None
    module = function.parent_op()
    body = find_body(loop, find_buffers(function, CallGraph(module)))  # pyright: ignore
    assert not isinstance(body, Problem)
    alone, four = (
        jammed_time(body, copies, Datapath(), lambda _: trips) for copies in (1, 4)
    )
    assert alone >= four >= least
    if trips == 64:
        # Five cycles an addition, or as many operations as four copies issue.
        assert alone == pytest.approx(5 * 64, rel=0.05)
        assert four < 0.4 * alone


def test_lines_that_do_not_fit_come_anew() -> None:
    loop = first_loop(ROWS)
    function = loop.parent_op()
    assert function is not None
    module = function.parent_op()
    body = find_body(loop, find_buffers(function, CallGraph(module)))  # pyright: ignore
    assert not isinstance(body, Problem)
    large, small = (
        jammed_time(body, 8, Datapath(cache_bytes=size), lambda _: 64)
        for size in (16384, 512)
    )
    assert small > large
