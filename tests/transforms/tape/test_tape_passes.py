"""Tape programs mean the same at every level, down to the last bit."""

import numpy as np
import pytest
from xdsl.dialects.builtin import FileLineColLoc

from tapeflow.frontend.reader import parse_module
from tapeflow.transforms import (
    AssignScratchpadPass,
    FormLayersPass,
    FormRegionsPass,
    FormStreamsPass,
)
from tapeflow.universe import full_context

MIXED = """
func.func @f(%x: memref<?xf64>, %y: memref<?xf64>) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f64
  %n = memref.dim %x, %c0 : memref<?xf64>
  %bits = tape.stack : !tape.stack<i1>
  %wide = tape.stack : !tape.stack<f64>
  %narrow = tape.stack : !tape.stack<f32>
  %place = tape.stack : !tape.stack<index>
  scf.for %i = %c0 to %n step %c1 {
    %v = memref.load %x[%i] : memref<?xf64>
    %e = math.exp %v : f64
    %h = arith.truncf %v : f64 to f32
    %p = arith.cmpf ogt, %v, %zero : f64
    tape.push %bits, %p : !tape.stack<i1>
    tape.push %wide, %e : !tape.stack<f64>
    tape.push %narrow, %h : !tape.stack<f32>
    tape.push %place, %i : !tape.stack<index>
  }
  ad.turn
  %sum = scf.for %k = %c0 to %n step %c1 iter_args(%s = %zero) -> (f64) {
    %i = tape.pop %place : !tape.stack<index>
    %h = tape.pop %narrow : !tape.stack<f32>
    %e = tape.pop %wide : !tape.stack<f64>
    %p = tape.pop %bits : !tape.stack<i1>
    %w = arith.extf %h : f32 to f64
    %a = arith.select %p, %e, %w : f64
    memref.store %a, %y[%i] : memref<?xf64>
    %t = arith.addf %s, %a : f64
    scf.yield %t : f64
  }
  func.return %sum : f64
}
"""

TRIANGLE = """
func.func @f(%n: index, %x: f64) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %half = arith.constant 0.5 : f64
  %inner = tape.stack : !tape.stack<f64>
  %outer = tape.stack : !tape.stack<f64>
  %y = scf.for %i = %c0 to %n step %c1 iter_args(%a = %x) -> (f64) {
    %b = scf.for %j = %c0 to %i step %c1 iter_args(%c = %a) -> (f64) {
      %d = math.sin %c : f64
      tape.push %inner, %c : !tape.stack<f64>
      scf.yield %d : f64
    }
    %e = arith.addf %b, %half : f64
    tape.push %outer, %b : !tape.stack<f64>
    scf.yield %e : f64
  }
  ad.turn
  %z = scf.for %k = %c0 to %n step %c1 iter_args(%a = %y) -> (f64) {
    %o = tape.pop %outer : !tape.stack<f64>
    %b = arith.mulf %a, %o : f64
    %m = arith.subi %n, %k : index
    %trips = arith.subi %m, %c1 : index
    %c = scf.for %j = %c0 to %trips step %c1 iter_args(%d = %b) -> (f64) {
      %v = tape.pop %inner : !tape.stack<f64>
      %e = math.cos %v : f64
      %g = arith.addf %d, %e : f64
      scf.yield %g : f64
    }
    scf.yield %c : f64
  }
  func.return %z : f64
}
"""

# Forward, part of the way back, forward again with another record, all the way back.
TURNS = """
func.func @f(%n: index, %m: index, %x: f64) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %two = arith.constant 2.0 : f64
  %s = tape.stack : !tape.stack<f64>
  %a = scf.for %i = %c0 to %n step %c1 iter_args(%u = %x) -> (f64) {
    %v = math.sin %u : f64
    tape.push %s, %u : !tape.stack<f64>
    scf.yield %v : f64
  }
  %b = scf.for %k = %c0 to %m step %c1 iter_args(%u = %a) -> (f64) {
    %p = tape.pop %s : !tape.stack<f64>
    %v = arith.addf %u, %p : f64
    scf.yield %v : f64
  }
  %c = scf.for %i = %c0 to %n step %c1 iter_args(%u = %b) -> (f64) {
    %v = math.cos %u : f64
    tape.push %s, %u : !tape.stack<f64>
    scf.yield %v : f64
  }
  ad.turn
  %r = arith.subi %n, %m : index
  %all = arith.addi %n, %r : index
  %d = scf.for %k = %c0 to %all step %c1 iter_args(%u = %c) -> (f64) {
    %p = tape.pop %s : !tape.stack<f64>
    %q = arith.divf %u, %two : f64
    %v = arith.addf %q, %p : f64
    scf.yield %v : f64
  }
  func.return %d : f64
}
"""

SPARSE = """
func.func @f(%rows: memref<?xindex>, %x: memref<?xf64>) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f64
  %ends = memref.dim %rows, %c0 : memref<?xindex>
  %n = arith.subi %ends, %c1 : index
  %s = tape.stack : !tape.stack<f64>
  scf.for %i = %c0 to %n step %c1 {
    %i1 = arith.addi %i, %c1 : index
    %from = memref.load %rows[%i] : memref<?xindex>
    %to = memref.load %rows[%i1] : memref<?xindex>
    scf.for %j = %from to %to step %c1 {
      %v = memref.load %x[%j] : memref<?xf64>
      %e = math.exp %v : f64
      tape.push %s, %e : !tape.stack<f64>
    }
  }
  ad.turn
  %all = memref.dim %x, %c0 : memref<?xf64>
  %r = scf.for %k = %c0 to %all step %c1 iter_args(%a = %zero) -> (f64) {
    %p = tape.pop %s : !tape.stack<f64>
    %h = arith.mulf %a, %a : f64
    %b = arith.addf %h, %p : f64
    %t = math.tanh %b : f64
    scf.yield %t : f64
  }
  func.return %r : f64
}
"""

# Lower bound and step other than 0 and 1, in a type narrower than index.
NARROW = """
func.func @f(%lb: i8, %ub: i8, %step: i8) -> i32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %none = arith.constant 0 : i32
  %three = arith.constant 3 : i32
  %s = tape.stack : !tape.stack<i8>
  %count = scf.for %i = %lb to %ub step %step iter_args(%c = %c0) -> (index) : i8 {
    %d = arith.addi %c, %c1 : index
    tape.push %s, %i : !tape.stack<i8>
    scf.yield %d : index
  }
  ad.turn
  %r = scf.for %k = %c0 to %count step %c1 iter_args(%a = %none) -> (i32) {
    %p = tape.pop %s : !tape.stack<i8>
    %w = arith.extsi %p : i8 to i32
    %t = arith.muli %a, %three : i32
    %b = arith.addi %t, %w : i32
    scf.yield %b : i32
  }
  func.return %r : i32
}
"""

SCRATCHPADS = ((64, 1), (128, 1), (128, 2), (256, 3), (256, 4), (4096, 2))


@pytest.mark.parametrize("length", [0, 1, 2, 7, 8, 9, 100])
def test_records_of_mixed_types(compare_levels, length: int):
    x = np.sin(np.arange(length) * 1.7)
    compare_levels(MIXED, x, np.zeros(length), scratchpads=SCRATCHPADS)


@pytest.mark.parametrize("length", [0, 1, 2, 20])
def test_two_regions_in_a_triangle(compare_levels, length: int):
    scratchpads = ((128, 1), (256, 2), (448, 3), (1024, 4))
    compare_levels(TRIANGLE, length, 0.3, scratchpads=scratchpads)


@pytest.mark.parametrize("length", [0, 1, 16, 33])
@pytest.mark.parametrize("back", [0.0, 0.25, 1.0])
def test_turning_more_than_once(compare_levels, length: int, back: float):
    compare_levels(TURNS, length, int(back * length), 0.7, scratchpads=SCRATCHPADS)


def test_bounds_from_memory(compare_levels):
    rows = np.array([0, 0, 3, 4, 4, 30, 31])
    x = np.cos(np.arange(31) * 0.9)
    compare_levels(SPARSE, rows, x, scratchpads=SCRATCHPADS)


@pytest.mark.parametrize(
    "bounds", [(-128, 127, 1), (0, 127, 2), (-100, 127, 50), (5, 5, 1), (9, 3, 4)]
)
def test_narrow_bounds_do_not_overflow(compare_levels, bounds: tuple[int, int, int]):
    compare_levels(NARROW, *bounds, scratchpads=SCRATCHPADS)


def test_every_operation_keeps_a_place_in_the_source():
    context = full_context()
    module = parse_module(TRIANGLE, "triangle.mlir", context)
    for pass_ in (
        FormRegionsPass("aos"),
        FormLayersPass(slots=2),
        AssignScratchpadPass(slots=2),
        FormStreamsPass(),
    ):
        pass_.apply(context, module)
        for op in module.walk():
            if op is not module:
                assert isinstance(op.location, FileLineColLoc), f"{op.name} in {pass_}"
