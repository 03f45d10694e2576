"""What serves the tape alone, found by a backward slice."""

import pytest
from xdsl.dialects.func import FuncOp

from tapeflow.analysis.tape.tape_slice import serves_tape
from tapeflow.frontend.reader import parse_module
from tapeflow.universe import full_context

BUFFERS = "%x: memref<?xf64>, %t: memref<?xf64>"
HEADER = f"func.func @f({BUFFERS}, %n: index, %b: i1) -> f64 {{"
CONSTANTS = """
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f64
"""


def names_serving(body: str) -> list[str]:
    """Names and hints of what serves the tape, constants left out."""
    text = f"{HEADER}{CONSTANTS}{body}\n}}"
    module = parse_module(text, "program.mlir", full_context())
    (function,) = (op for op in module.walk() if isinstance(op, FuncOp))
    return [
        (op.results[0].name_hint if op.results else None) or op.name
        for op in serves_tape(function)
        if op.name != "arith.constant"
    ]


def test_growth_test_and_loop():
    body = """
      %full = arith.cmpi eq, %n, %c1 : index
      scf.if %full {
        scf.for %i = %c0 to %n step %c1 {
          %v = memref.load %t[%i] {tape.moved} : memref<?xf64>
          memref.store %v, %x[%i] {tape.moved} : memref<?xf64>
        }
      }
      func.return %zero : f64"""
    expected = ["full", "scf.if", "scf.for", "v", "memref.store"]
    assert names_serving(body) == expected


def test_counting_loop_in_front_of_an_allocation():
    body = """
      %count = scf.for %i = %c0 to %n step %c1 iter_args(%k = %c0) -> (index) {
        %more = arith.addi %k, %i : index
        scf.yield %more : index
      }
      %tape = memref.alloc(%count) : memref<?xf64>
      %v = memref.load %x[%c0] : memref<?xf64>
      memref.store %v, %tape[%c0] {tape.field} : memref<?xf64>
      %p = memref.load %tape[%c0] {tape.field} : memref<?xf64>
      func.return %p : f64"""
    expected = ["count", "more", "tape", "memref.store", "p"]
    assert names_serving(body) == expected


def test_through_while_and_if():
    """The place moves in a branch of a loop whose condition the program needs."""
    body = """
      %i_end, %top = scf.while (%i = %c0, %u = %c0) : (index, index) -> (index, index) {
        %goes = arith.cmpi slt, %i, %n : index
        scf.condition(%goes) %i, %u : index, index
      } do {
      ^bb0(%j: index, %w: index):
        %next = arith.addi %j, %c1 : index
        %v = memref.load %x[%j] : memref<?xf64>
        %moved = scf.if %b -> (index) {
          memref.store %v, %t[%w] {tape.field} : memref<?xf64>
          %up = arith.addi %w, %c1 : index
          scf.yield %up : index
        } else {
          scf.yield %w : index
        }
        scf.yield %next, %moved : index, index
      }
      %place = arith.subi %top, %c1 : index
      %p = memref.load %t[%place] {tape.field} : memref<?xf64>
      func.return %p : f64"""
    expected = ["moved", "memref.store", "up", "place", "p"]
    assert names_serving(body) == expected


def test_conversions_of_stored_booleans_belong_to_the_access():
    body = """
      %wide = arith.extui %b {tape.field} : i1 to i8
      %small = memref.alloc(%n) : memref<?xi8>
      memref.store %wide, %small[%c0] {tape.field} : memref<?xi8>
      %back = memref.load %small[%c0] {tape.field} : memref<?xi8>
      %narrow = arith.trunci %back {tape.field} : i8 to i1
      %r = arith.select %narrow, %zero, %zero : f64
      func.return %r : f64"""
    expected = ["wide", "small", "memref.store", "back", "narrow"]
    assert names_serving(body) == expected


@pytest.mark.parametrize("use", ["memref.store %zero, %x[%place] : memref<?xf64>", ""])
def test_what_is_dead_anyway_does_not_serve(use):
    body = f"""
      %place = arith.addi %n, %c1 : index
      {use}
      func.return %zero : f64"""
    assert names_serving(body) == []
