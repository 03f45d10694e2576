"""The rules of `timing`: which micro-operations, in which order, ready when.

A machine of unlimited width stands in: everything is done a fixed time after it is
ready, so the times below are worked out by hand.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp

from hwmodel import Operation, preset
from tapeflow.backend.arguments import checked_arguments
from tapeflow.backend.reference import run as reference
from tapeflow.backend.semantics.timing import Clock

LATENCY = {
    "INT_ADD": 1,
    "INT_MUL": 3,
    "INT_DIV": 10,
    "LOAD": 7,
    "STORE": 2,
    "TURN": 0,
    "FADD_F64": 4,
    "FMUL_F64": 5,
    "FEXP_F64": 20,
}

Issued = list[tuple[str, int]]


@dataclass(frozen=True)
class Timed:
    """What was issued, as (kind, ready), and with which address and size."""

    issued: Issued
    accesses: list[tuple[str, int, int]]


@pytest.fixture
def timed(
    parse: Callable[[str], ModuleOp], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Timed]:
    """Run `@f` of a text and record what it issues."""

    def run(text: str, *arguments: object) -> Timed:
        timed = Timed([], [])

        class Recorder(Clock):
            def issue(
                self, kind: int, ready: int, address: int = 0, aux: int = 0
            ) -> int:
                name = Operation(kind).name
                timed.issued.append((name, ready))
                if aux:
                    timed.accesses.append((name, address, aux))
                return ready + LATENCY[name]

        monkeypatch.setattr(reference, "Clock", Recorder)
        module = parse(text)
        function = next(op for op in module.ops if isinstance(op, FuncOp))
        checked = checked_arguments(function, arguments)
        reference.run_reference(module, function, checked, preset("fair"))
        return timed

    return run


def test_a_chain_and_what_is_independent(timed):
    text = """func.func @f(%x: f64, %i: index) -> f64 {
  %c = arith.constant 2.0 : f64
  %a = arith.addf %x, %c : f64
  %b = math.exp %a : f64
  %d = arith.mulf %x, %x : f64
  %e = arith.addf %b, %d : f64
  func.return %e : f64
}"""
    assert timed(text, 1.0, 2).issued == [
        ("FADD_F64", 0),
        ("FEXP_F64", 4),
        ("FMUL_F64", 0),
        ("FADD_F64", 24),
    ]


def test_linearisation_counts_and_addresses_are_bytes(timed):
    text = """func.func @f(%x: memref<?x?x4xf32>, %i: index) {
  %j = arith.addi %i, %i : index
  %v = memref.load %x[%j, %i, %j] : memref<?x?x4xf32>
  memref.store %v, %x[%i, %i, %i] : memref<?x?x4xf32>
  func.return
}"""
    found = timed(text, np.zeros((3, 2, 4), np.float32), 1)
    assert found.issued == [
        ("INT_ADD", 0),
        *[("INT_MUL", 1), ("INT_ADD", 4), ("INT_MUL", 5), ("INT_ADD", 8), ("LOAD", 9)],
        *[("INT_MUL", 0), ("INT_ADD", 3), ("INT_MUL", 4), ("INT_ADD", 7)],
        ("STORE", 16),
    ]
    linear = ((2 * 2 + 1) * 4 + 2, (1 * 2 + 1) * 4 + 1)
    assert found.accesses == [
        ("LOAD", 4 * linear[0], 4),
        ("STORE", 4 * linear[1], 4),
    ]


def test_rank_zero_and_one_need_no_arithmetic(timed):
    text = """func.func @f(%x: memref<f64>, %y: memref<?xi8>, %i: index) {
  %v = memref.load %x[] : memref<f64>
  %w = memref.load %y[%i] : memref<?xi8>
  func.return
}"""
    found = timed(text, np.zeros(()), np.zeros(70, np.int8), 66)
    assert found.accesses == [("LOAD", 0, 8), ("LOAD", 64 + 66, 1)]
    assert found.issued == [("LOAD", 0), ("LOAD", 0)]


def test_for_iterations_overlap_but_the_index_is_a_chain(timed):
    text = """func.func @f(%x: memref<?xf64>, %m: index) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f64
  %n = arith.addi %m, %c1 : index
  %s = scf.for %i = %c0 to %n step %c1 iter_args(%a = %zero) -> (f64) {
    %v = memref.load %x[%i] : memref<?xf64>
    %b = arith.addf %a, %v : f64
    scf.yield %b : f64
  }
  %r = arith.mulf %s, %s : f64
  func.return %r : f64
}"""
    assert timed(text, np.zeros(3), 2).issued == [
        ("INT_ADD", 0),  # n is ready at 1: control of the body
        *[("INT_ADD", 1), ("INT_ADD", 1), ("LOAD", 1), ("FADD_F64", 8)],
        *[("INT_ADD", 2), ("INT_ADD", 2), ("LOAD", 2), ("FADD_F64", 12)],
        *[("INT_ADD", 3), ("INT_ADD", 3), ("LOAD", 3), ("FADD_F64", 16)],
        ("FMUL_F64", 20),
    ]


def test_zero_trips_issue_nothing_and_carry_the_initial_time(timed):
    text = """func.func @f(%x: f64, %n: index) -> f64 {
  %c1 = arith.constant 1 : index
  %a = arith.addf %x, %x : f64
  %s = scf.for %i = %n to %n step %c1 iter_args(%b = %a) -> (f64) {
    %c = arith.mulf %b, %b : f64
    scf.yield %c : f64
  }
  %r = math.exp %s : f64
  func.return %r : f64
}"""
    assert timed(text, 1.0, 2).issued == [("FADD_F64", 0), ("FEXP_F64", 4)]


IF = """func.func @f(%x: f64, %i: index, %j: index) -> f64 {
  %y = arith.addf %x, %x : f64
  %c = arith.cmpi slt, %i, %j : index
  %s = scf.if %c -> (f64) {
    %a = arith.mulf %x, %x : f64
    scf.yield %a : f64
  } else {
    scf.yield %x : f64
  }
  %r = math.exp %s : f64
  %t = arith.mulf %x, %x : f64
  func.return %r : f64
}"""


@pytest.mark.parametrize(
    ("j", "branch", "joined"), [(3, [("FMUL_F64", 1)], 6), (1, [], 1)]
)
def test_branches_and_their_results_wait_for_the_condition(timed, j, branch, joined):
    assert timed(IF, 1.0, 2, j).issued == [
        ("FADD_F64", 0),
        ("INT_ADD", 0),
        *branch,
        ("FEXP_F64", joined),
        ("FMUL_F64", 0),
    ]


def test_while_waits_for_each_condition(timed):
    text = """func.func @f(%n: index) -> index {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %last = scf.while (%i = %c0) : (index) -> index {
    %go = arith.cmpi slt, %i, %n : index
    scf.condition(%go) %i : index
  } do {
  ^bb0(%i: index):
    %d = arith.divsi %n, %n : index
    %j = arith.addi %i, %c1 : index
    scf.yield %j : index
  }
  %r = arith.muli %last, %last : index
  func.return %r : index
}"""
    assert timed(text, 2).issued == [
        ("INT_ADD", 0),  # 0 < 2, known at 1
        *[("INT_DIV", 1), ("INT_ADD", 1), ("INT_ADD", 2)],  # known at 3
        *[("INT_DIV", 3), ("INT_ADD", 3), ("INT_ADD", 4)],  # known at 5
        ("INT_MUL", 5),
    ]


def test_calls_cost_their_bodies_and_turn_nothing(timed):
    text = """func.func @f(%x: f64) -> f64 {
  %a = arith.addf %x, %x : f64
  %b = func.call @g(%a) : (f64) -> f64
  ad.turn
  %c = arith.addf %b, %b : f64
  func.return %c : f64
}
func.func @g(%x: f64) -> f64 {
  %y = arith.mulf %x, %x : f64
  func.return %y : f64
}"""
    assert timed(text, 1.0).issued == [
        ("FADD_F64", 0),
        ("FMUL_F64", 4),
        ("TURN", 0),
        ("FADD_F64", 9),
    ]


def test_a_copy_is_a_loop_over_the_elements(timed):
    text = """func.func @f(%x: memref<2x1xi16>, %y: memref<2x1xi16>) {
  "memref.copy"(%x, %y) : (memref<2x1xi16>, memref<2x1xi16>) -> ()
  func.return
}"""
    x = np.zeros((2, 1), np.int16)
    found = timed(text, x, x.copy())
    assert found.issued == [
        *[("INT_ADD", 0), ("INT_ADD", 0), ("LOAD", 0), ("STORE", 7)],
        *[("INT_ADD", 1), ("INT_ADD", 1), ("LOAD", 1), ("STORE", 8)],
    ]
    assert found.accesses == [
        *[("LOAD", 0, 2), ("STORE", 64, 2)],
        *[("LOAD", 2, 2), ("STORE", 66, 2)],
    ]


def test_views_cost_their_offset(timed):
    text = """func.func @f(%x: memref<4x4xf64>, %o: index, %i: index) {
  %v = memref.subview %x[%o, 1] [2, 2] [1, 1] : memref<4x4xf64> to
      memref<2x2xf64, strided<[4, 1], offset: ?>>
  %r = memref.load %v[%i, %i] : memref<2x2xf64, strided<[4, 1], offset: ?>>
  func.return
}"""
    found = timed(text, np.zeros((4, 4)), 2, 1)
    assert found.issued == [
        *[("INT_MUL", 0), ("INT_ADD", 3), ("INT_ADD", 4)],
        *[("INT_MUL", 0), ("INT_ADD", 3), ("LOAD", 5)],
    ]
    assert found.accesses == [("LOAD", 8 * ((2 + 1) * 4 + 1 + 1), 8)]


def test_the_machine_counts_what_was_issued(run):
    text = """func.func @f(%x: memref<?xf64>, %n: index) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f64
  %s = scf.for %i = %c0 to %n step %c1 iter_args(%a = %zero) -> (f64) {
    %v = memref.load %x[%i] : memref<?xf64>
    %b = arith.addf %a, %v : f64
    scf.yield %b : f64
  }
  func.return %s : f64
}"""
    outcome = run(text, np.ones(16), 16, machine=preset("fair"))
    counters = outcome.counters
    assert outcome.results == (16.0,)
    assert counters.operation_counts == {"INT_ADD": 32, "FADD_F64": 16, "LOAD": 16}
    assert (counters.operations, counters.cache_misses) == (64, 2)
    assert outcome.energy.total_energy_pj > 0
