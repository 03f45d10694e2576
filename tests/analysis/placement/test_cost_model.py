"""Pieces of the placement's estimates: what is combined, cut, moved and waited for."""

from dataclasses import replace

import numpy as np
import pytest

from hwmodel import preset
from tapeflow.analysis.integers.estimates import IndexEstimates
from tapeflow.analysis.placement.cost_model import Estimate, PlacementCost
from tapeflow.analysis.placement.memory_system import MemorySystem
from tapeflow.analysis.placement.places import Place, Plan
from tapeflow.backend.execute import execute
from tapeflow.backend.signature import find_function
from tapeflow.dialects.tape import AllocateOp
from tapeflow.frontend.reader import parse_module
from tapeflow.transforms import (
    AssignScratchpadPass,
    FormLayersPass,
    FormStreamsPass,
    PlaceTapePass,
)
from tapeflow.universe import full_context

RECORDS = 512
SWEEPS = f"""
func.func @f(%x: memref<{RECORDS}xf64>) {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %n = arith.constant {RECORDS} : index
  %all = tape.allocate %n : !tape.region<[f64], aos>
  %few = tape.allocate %c4 : !tape.region<[f64, f64], aos>
  scf.for %i = %c0 to %n step %c1 {{
    %v = memref.load %x[%i] : memref<{RECORDS}xf64>
    tape.push %all, %v : !tape.region<[f64], aos>
  }}
  %first = memref.load %x[%c0] : memref<{RECORDS}xf64>
  scf.for %i = %c0 to %c4 step %c1 {{
    tape.push %few, %first, %first : !tape.region<[f64, f64], aos>
  }}
  scf.for %i = %c0 to %c4 step %c1 {{
    %v, %w = tape.pop %few : !tape.region<[f64, f64], aos>
    memref.store %v, %x[%i] : memref<{RECORDS}xf64>
  }}
  scf.for %i = %c0 to %n step %c1 {{
    %v = tape.pop %all : !tape.region<[f64], aos>
    memref.store %v, %x[%i] : memref<{RECORDS}xf64>
  }}
  func.return
}}
"""
STREAM = Place("stream", slots=2)
CACHE = Place("cache")
IDLE = Estimate(0, 0, 0, 0, misses=0, tiles=0)


def module():
    return parse_module(SWEEPS, "f.mlir", full_context())


def cost(**machine: int) -> PlacementCost:
    function = find_function(module(), "f")
    estimates = IndexEstimates(function, {}, 64)
    return PlacementCost(function, estimates, MemorySystem(**machine))


def test_one_cause_alone_is_all() -> None:
    assert replace(IDLE, issue=100.0).cycles == 100.0
    assert replace(IDLE, issue=100.0).limit == "issue"


def test_what_overlaps_costs_less_than_its_sum_and_waits_are_added() -> None:
    both = replace(IDLE, issue=100.0, dram_bus=100.0)
    assert 100.0 < both.cycles < 150.0
    assert replace(both, misses=30.0, tiles=7.0).cycles == pytest.approx(
        both.cycles + 37.0
    )


def test_tiles_are_those_that_form_layers_cuts() -> None:
    """A region whose few records fit takes no more, and all else goes to the other."""
    cut = module()
    FormLayersPass(capacity_bytes=1024, slots=2).apply(full_context(), cut)
    regions = [op for op in cut.walk() if isinstance(op, AllocateOp)]
    rings = cost().rings(Plan((STREAM, STREAM), 1024, 1))
    tiles = [region.tape.type.tile_records for region in regions]
    assert [ring.tile for ring in rings] == tiles == [56, 4]


@pytest.mark.parametrize("slots", [1, 2, 4])
def test_what_moves_is_what_the_dma_engine_moves(slots: int) -> None:
    plan = Plan((Place("stream", slots=slots, tile=32), Place("scratchpad")), 2048, 1)
    placed, context, machine = module(), full_context(), preset("fair")
    for pass_ in (
        PlaceTapePass(str(plan), scratchpad_bytes=2048),
        FormLayersPass(),
        AssignScratchpadPass(),
        FormStreamsPass(),
    ):
        pass_.apply(context, placed)
    machine = replace(
        machine, scratchpad=replace(machine.scratchpad, capacity_bytes=2048)
    )
    counters = execute(placed, "f", [np.ones(RECORDS)], machine).counters
    assert counters is not None
    moved = counters.dma_lines_in + counters.dma_lines_out
    assert sum(ring.moved_lines for ring in cost().rings(plan)) == moved > 0


def test_a_ring_that_holds_all_never_waits() -> None:
    whole = Place("scratchpad", slots=1, tile=RECORDS)
    tight = Place("scratchpad", slots=1, tile=RECORDS // 2)
    priced = cost()
    assert priced.estimate(Plan((whole, CACHE), 4096, 1)).tiles == 0
    assert priced.estimate(Plan((tight, CACHE), 4096, 1)).tiles > 0


def test_room_counts_every_slot_in_lines() -> None:
    priced = cost()
    places = (Place("stream", slots=3), Place("stream", slots=2, tile=5))
    assert priced.has_room(Plan(places, 3 * 64 + 2 * 128, 1))
    assert not priced.has_room(Plan(places, 3 * 64 + 2 * 128 - 1, 1))
    assert priced.has_room(Plan((CACHE, CACHE), 0, 0))


def test_what_fits_the_cache_is_fetched_once() -> None:
    """The tape of 4 KB and the data of 4 KB, both in a cache or in none."""
    plan = Plan((CACHE, CACHE), 0, 0)
    roomy, tight = (
        cost(sram_bytes=size).estimate(plan).dram_bus for size in (1 << 20, 1024)
    )
    assert 1.5 < tight / roomy <= 2.0


def test_a_prefetcher_hides_waits_for_lines() -> None:
    plan = Plan((CACHE, CACHE), 0, 0)
    plain, ahead = (
        cost(prefetch_degree=degree).estimate(plan).misses for degree in (0, 2)
    )
    assert 0 < ahead < plain / 2
