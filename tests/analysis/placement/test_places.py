"""Where a tape goes: texts of places, estimates of traffic, and what is chosen."""

from dataclasses import replace

import pytest

from tapeflow.analysis.integers.estimates import IndexEstimates
from tapeflow.analysis.placement.cost_model import PlacementCost
from tapeflow.analysis.placement.memory_system import MemorySystem
from tapeflow.analysis.placement.places import Place, Plan, parse_places
from tapeflow.analysis.placement.search import (
    NoScratchpad,
    Split,
    alternatives,
    plan_for,
    ranked_plans,
)
from tapeflow.analysis.placement.working_sets import WorkingSets
from tapeflow.backend.signature import find_function
from tapeflow.frontend.reader import parse_module
from tapeflow.universe import full_context

PLACES = ["soa", "padded-soa", "aos", "aosoa", "aosoa:16", "scratchpad", "scratchpad:8"]
STREAMS = ["stream", "stream:4", "stream:4:16"]

NEST = """
func.func @f(%a: memref<?x?xf64>, %v: f64) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = memref.dim %a, %c0 : memref<?x?xf64>
  %m = memref.dim %a, %c1 : memref<?x?xf64>
  %records = arith.muli %n, %m : index
  %tape = tape.allocate %records : !tape.region<[f64], aos>
  scf.for %i = %c0 to %n step %c1 {
    scf.for %j = %c0 to %m step %c1 {
      %x = memref.load %a[%i, %j] : memref<?x?xf64>
      tape.push %tape, %x : !tape.region<[f64], aos>
    }
  }
  scf.for %i = %c0 to %n step %c1 {
    scf.for %j = %c0 to %m step %c1 {
      %x = tape.pop %tape : !tape.region<[f64], aos>
      memref.store %x, %a[%i, %j] : memref<?x?xf64>
    }
  }
  func.return
}
"""


def function_of(text: str):
    return find_function(parse_module(text, "f.mlir", full_context()), "f")


def estimates(text: str, n: int, m: int) -> IndexEstimates:
    sizes = {"dim(a, 0)": n, "dim(a, 1)": m}
    return IndexEstimates(function_of(text), sizes, 64)


def cost(memory: MemorySystem, n: int = 32, m: int = 64) -> PlacementCost:
    function = function_of(NEST)
    sizes = {"dim(a, 0)": n, "dim(a, 1)": m}
    return PlacementCost(function, IndexEstimates(function, sizes, 64), memory)


@pytest.mark.parametrize("text", [*PLACES, *STREAMS])
def test_a_place_is_its_text(text: str) -> None:
    assert str(Place.parse(text)) == text


@pytest.mark.parametrize("text", ["", "shelf", "stream:0", "stream:1:2:3", "soa:2"])
def test_no_place(text: str) -> None:
    with pytest.raises(ValueError, match="is no place"):
        Place.parse(text)


def test_one_place_for_all_or_one_for_each() -> None:
    assert parse_places("aos", 3) == (Place("cache", "aos"),) * 3
    assert len(parse_places("aos, stream", 2)) == 2
    with pytest.raises(ValueError, match="2 places for 3"):
        parse_places("aos,soa", 3)


def test_machine_in_words() -> None:
    memory = MemorySystem(sram_bytes=1024, ports=2, dram_bytes_per_cycle=192.5)
    assert MemorySystem.parse(str(memory)) == memory
    assert MemorySystem.parse("") == MemorySystem()


@pytest.mark.parametrize("text", ["ports", "ports=x", "windows=1", "ports=0"])
def test_words_that_are_no_machine(text: str) -> None:
    with pytest.raises(ValueError, match=r"ports|windows"):
        MemorySystem.parse(text)


def test_regions_are_counted_for_sizes() -> None:
    (region,) = cost(MemorySystem()).regions
    assert (region.pushes, region.peak, region.stride_bytes) == (2048, 2048, 8)
    assert region.chunks == 2 * 32
    assert region.words == 2 * 2048


def test_unknown_sizes_are_assumed() -> None:
    function = function_of(NEST)
    unknown = PlacementCost(function, IndexEstimates(function, {}, 10), MemorySystem())
    assert unknown.regions[0].pushes == 100


def test_lines_fetched() -> None:
    """Two sweeps over 16 KB: all of it stays, or each sweep fetches it anew."""
    function = function_of(NEST)
    sizes = {"dim(a, 0)": 32, "dim(a, 1)": 64}
    sets = WorkingSets(function, IndexEstimates(function, sizes, 64))
    assert sets.accesses == 2 * 2048
    assert sets.fetched_lines(1 << 20) == 256
    assert sets.fetched_lines(4096) == 512
    assert sets.fetched_lines(0) == sets.accesses


def test_a_loop_bounded_by_data_walks_its_buffer_once() -> None:
    text = """
    func.func @f(%a: memref<?xindex>, %b: memref<?xf64>) {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %n = memref.dim %a, %c0 : memref<?xindex>
      scf.for %i = %c0 to %n step %c1 {
        %from = memref.load %a[%i] : memref<?xindex>
        %to = memref.load %a[%i] : memref<?xindex>
        scf.for %e = %from to %to step %c1 {
          %x = memref.load %b[%e] : memref<?xf64>
        }
      }
      func.return
    }
    """
    function = function_of(text)
    sizes = {"dim(a, 0)": 10, "dim(b, 0)": 50}
    sets = WorkingSets(function, IndexEstimates(function, sizes, 64))
    assert sets.accesses == 10 * 2 + 50


def test_one_port_leaves_all_to_the_cache() -> None:
    (chosen,) = ranked_plans(cost(MemorySystem(ports=1)), 2)
    assert chosen.is_cached and chosen.plan.scratchpad_bytes == 0


def test_the_bus_decides_where_nothing_else_does() -> None:
    """A line of tape crosses three times behind the cache, and twice as a tile."""
    slow = MemorySystem(sram_bytes=4096, dram_bytes_per_cycle=1.0)
    chosen = ranked_plans(cost(slow), 2)[0]
    assert not chosen.is_cached
    assert chosen.estimate.limit == "dram bus"


def test_ports_alone_never_leave_the_cache() -> None:
    """Ports that serve all accesses are worth more than as many that are split."""
    memory = MemorySystem(ports=2, issue_width=0, dram_bytes_per_cycle=1000.0)
    memory = replace(memory, dram_latency_cycles=1, dma_setup_cycles=0)
    assert ranked_plans(cost(memory), 2)[0].is_cached


def test_a_tape_that_fits_needs_no_stream() -> None:
    tight = cost(MemorySystem(), 4, 8)
    plans = ranked_plans(tight, 2)
    kinds = {place.kind for priced in plans for place in priced.plan.places}
    assert kinds == {"cache", "scratchpad"}


def test_ranked_plans_are_sorted_but_for_the_margin() -> None:
    plans = ranked_plans(cost(MemorySystem(sram_bytes=1024)), 2)
    assert plans[0].is_on_chip or plans[1].is_on_chip
    cycles = [priced.estimate.cycles for priced in plans]
    assert all(later >= 0.97 * cycles[0] for later in cycles)
    assert len({str(priced.plan) for priced in plans}) > 1


def test_a_given_split_is_kept() -> None:
    for priced in ranked_plans(cost(MemorySystem()), 2, Split(512, 1)):
        plan = priced.plan
        assert (plan.scratchpad_bytes, plan.scratchpad_ports) == (512, 1)


def test_places_that_need_a_scratchpad() -> None:
    with pytest.raises(NoScratchpad):
        plan_for(cost(MemorySystem(ports=1)), (Place("stream"),))


def test_what_each_place_would_cost() -> None:
    priced = cost(MemorySystem())
    plan = Plan((Place("cache", "aos"),), 0, 0)
    places = [str(p.plan.places[0]) for p in alternatives(priced, plan, 0)]
    assert places == ["padded-soa", "aos", "stream:2"]


def test_without_a_scratchpad_there_are_only_layouts() -> None:
    priced = cost(MemorySystem(ports=1))
    plan = Plan((Place("cache", "aos"),), 0, 0)
    places = [str(p.plan.places[0]) for p in alternatives(priced, plan, 0)]
    assert places == ["padded-soa", "aos"]


def test_more_tiles_and_slots_never_wait_longer() -> None:
    priced = cost(MemorySystem(sram_bytes=4096))
    waits = [
        priced.estimate(Plan((Place("stream", slots=slots),), 1024, 1)).tiles
        for slots in (1, 2, 4)
    ]
    assert waits[0] > waits[1]
