"""The Python that the compiled engine writes: readable, and stable where it can be."""

import pytest

from tapeflow.backend.compiled.compile_cache import key_of
from tapeflow.backend.compiled.run import python_source
from tapeflow.backend.signature import find_function

SUM = """
func.func @sum(%x: memref<?x?xf64>, %lambda: f64) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %rows = memref.dim %x, %c0 : memref<?x?xf64>
  %columns = memref.dim %x, %c1 : memref<?x?xf64>
  %s = scf.for %i = %c0 to %rows step %c1 iter_args(%a = %lambda) -> (f64) {
    %t = scf.for %j = %c0 to %columns step %c1 iter_args(%b = %a) -> (f64) {
      %e = memref.load %x[%i, %j] : memref<?x?xf64>
      %u = arith.addf %b, %e : f64
      scf.yield %u : f64
    }
    scf.yield %t : f64
  }
  func.return %s : f64
}
"""
VALUES = """\
from __future__ import annotations


def sum_1(run: run, x: f64_array, x_n0: int, x_n1: int, lambda_1: float) -> float:
    a = lambda_1
    for i in range(0, x_n0, 1):
        b = a
        for j in range(0, x_n1, 1):
            run.check(0 <= i < x_n0, 0, i, x_n0)
            run.check(0 <= j < x_n1, 1, j, x_n1)
            e = x[i * x_n1 + j]
            u = b + e
            b = u
        a = b
    return a
"""
EVENT = "            run.record(2, x_at + 8 * (i * x_n1 + j))\n"

TILES = """
func.func @f(%n: index) {
  %c0 = arith.constant 0 : index
  %length = arith.constant LENGTH : index
  %r = spm.allocate %n : !spm.ring<[f64], tile TILE, slots 2, base 0>
  %v = arith.constant 1.0 : f64
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %length step %c1 {
    spm.store %v, %r[%c0] field 0 : !spm.ring<[f64], tile TILE, slots 2, base 0>
  }
  func.return
}
"""


@pytest.fixture
def source(parse):
    def written(text: str, name: str, timed: bool) -> str:
        module = parse(text)
        return python_source(module, find_function(module, name), timed)

    return written


def test_names_and_loops_follow_the_program(source):
    assert source(SUM, "sum", False) == VALUES


def test_the_machine_adds_events_and_addresses(source):
    timed = source(SUM, "sum", True)
    assert EVENT in timed
    assert "x_at: int" in timed
    events = [line for line in timed.splitlines() if "run.record" in line]
    assert len(events) == 4  # before each loop and at the end of each iteration


def test_tile_lengths_are_no_other_program(source):
    texts = {
        source(
            TILES.replace("TILE", str(tile)).replace("LENGTH", str(8 * tile)), "f", True
        )
        for tile in (24, 42, 100)
    }
    assert len(texts) == 3
    assert len({key_of(text, "f") for text in texts}) == 1
