"""Streams of n slots: what moves, and that the machine moves what the levels say."""

from math import ceil

import numpy as np
import pytest

from hwmodel import Counters, override, preset
from tapeflow.backend.execute import execute
from tapeflow.frontend.reader import parse_module
from tapeflow.transforms import (
    AssignScratchpadPass,
    FormLayersPass,
    FormRegionsPass,
    FormStreamsPass,
)
from tapeflow.universe import full_context

PROGRAM = """
func.func @f(%x: memref<?xf64>) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f64
  %n = memref.dim %x, %c0 : memref<?xf64>
  %s = tape.stack : !tape.stack<f64>
  scf.for %i = %c0 to %n step %c1 {
    %v = memref.load %x[%i] : memref<?xf64>
    %e = math.exp %v : f64
    tape.push %s, %e : !tape.stack<f64>
  }
  ad.turn
  %sum = scf.for %k = %c0 to %n step %c1 iter_args(%a = %zero) -> (f64) {
    %e = tape.pop %s : !tape.stack<f64>
    %h = arith.mulf %a, %a : f64
    %t = arith.divf %e, %h : f64
    %b = arith.addf %t, %e : f64
    scf.yield %b : f64
  }
  func.return %sum : f64
}
"""
TILE_BYTES = 128
TILE_RECORDS = TILE_BYTES // 8


def _counters(
    slots: int, records: int, reuse: bool, setup_cycles: int = 30
) -> Counters:
    context = full_context()
    module = parse_module(PROGRAM, "program.mlir", context)
    capacity_bytes = slots * TILE_BYTES
    for pass_ in (
        FormRegionsPass("aos"),
        FormLayersPass(capacity_bytes, slots),
        AssignScratchpadPass(capacity_bytes, slots),
        FormStreamsPass(reuse),
    ):
        pass_.apply(context, module)
    x = np.sin(np.arange(records) * 0.7)
    machine = override(preset("fair"), f"scratchpad.capacity_bytes={capacity_bytes}")
    machine = override(machine, f"dma.setup_cycles={setup_cycles}")
    executions = [
        execute(module, "f", (x,), machine, engine)
        for engine in ("reference", "compiled")
    ]
    counters = executions[0].counters
    assert executions[1].counters == counters
    assert counters is not None
    return counters


@pytest.mark.parametrize("slots", [1, 2, 3, 4, 8])
@pytest.mark.parametrize("records", [0, 1, 16, 17, 64, 90, 200])
def test_whole_lines_move_and_the_turn_reuses_what_is_on_chip(slots: int, records: int):
    tiles, lines = ceil(records / TILE_RECORDS), TILE_BYTES // 64
    counters = _counters(slots, records, reuse=True)
    assert counters.dma_lines_out == lines * max(0, tiles - 1)
    assert counters.dma_lines_in == lines * max(0, tiles - slots)
    assert counters.dma_bytes == 64 * (counters.dma_lines_out + counters.dma_lines_in)


@pytest.mark.parametrize("slots", [1, 2, 3, 4, 8])
@pytest.mark.parametrize("records", [0, 1, 16, 17, 64, 90, 200])
def test_without_reuse_all_that_is_on_chip_moves_twice_more(slots: int, records: int):
    reused = _counters(slots, records, reuse=True)
    reloaded = _counters(slots, records, reuse=False)
    tiles, lines = ceil(records / TILE_RECORDS), TILE_BYTES // 64
    last = records - max(0, tiles - 1) * TILE_RECORDS
    last_lines = ceil(last * 8 / 64)
    others = max(0, min(slots, tiles) - 1)
    assert reloaded.dma_lines_out - reused.dma_lines_out == last_lines
    assert reloaded.dma_lines_in - reused.dma_lines_in == last_lines + others * lines
    if tiles > 1:
        assert reloaded.cycles > reused.cycles


@pytest.mark.parametrize("slots", [2, 3, 4, 8])
def test_no_wait_before_all_slots_are_full(slots: int):
    """Nor where the sweep turns: the first tiles of the way back are on chip.

    Here each tile has left by the time it is read: until then a dequeue waits.
    """
    counters = _counters(slots, slots * TILE_RECORDS, reuse=True, setup_cycles=1)
    assert counters.dma_lines_in == 0
    assert counters.dma_stall_cycles == 0
