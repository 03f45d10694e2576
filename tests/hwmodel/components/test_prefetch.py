"""Prefetchers on hand-worked traces, and what none of them may break."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwmodel import Counters, Machine, Operation, Simulation
from hwmodel.description.machine import PREFETCHERS

LOAD, STORE = Operation.LOAD, Operation.STORE


def with_prefetcher(machine: Machine, name: str, **changes: int) -> Machine:
    cache = replace(machine.cache, prefetcher=name, **changes)
    return replace(machine, cache=cache)


def sweep(machine: Machine, lines: list[int]) -> Counters:
    """Loads of one word a line, far apart in time."""
    simulation = Simulation(machine)
    for number, line in enumerate(lines):
        simulation.step(LOAD, 200 * number, 64 * line, 8)
    return simulation.finish()


def test_next_line_asks_after_a_miss_and_after_a_first_use(machine: Machine):
    simulation = Simulation(with_prefetcher(machine, "next-line"))
    assert simulation.step(LOAD, 0, 0, 8) == 32  # then asks for line 1 at 3
    assert simulation.step(LOAD, 100, 64, 8) == 102  # then asks for line 2 at 103
    assert simulation.step(LOAD, 110, 64, 8) == 112  # a plain hit
    counters = simulation.finish()
    assert (counters.cache_misses, counters.prefetches) == (1, 2)
    assert (counters.prefetches_useful, counters.prefetches_late) == (1, 0)
    assert counters.line_fills == 3
    assert counters.prefetcher_lookups == 0


def test_a_late_prefetch_is_waited_for(machine: Machine):
    simulation = Simulation(with_prefetcher(machine, "next-line"))
    simulation.step(LOAD, 0, 0, 8)
    # Line 1 asked for at 3; the row is open at 12, the turn of 28 taken: 32 + 4.
    assert simulation.step(LOAD, 10, 64, 8) == 36
    counters = simulation.finish()
    assert (counters.prefetches_useful, counters.prefetches_late) == (1, 1)
    assert counters.cache_merges == 1


def test_demand_keeps_half_of_the_mshrs(machine: Machine):
    simulation = Simulation(with_prefetcher(machine, "next-line", mshrs=2))
    simulation.step(LOAD, 0, 0, 8)
    counters = simulation.finish()
    assert (counters.prefetches, counters.prefetches_dropped) == (0, 1)


def test_a_prefetch_gives_way_on_the_bus(machine: Machine):
    simulation = Simulation(with_prefetcher(machine, "next-line", mshrs=64))
    # Asked for at 2, 3, ..., 9 from a row that is open at 12: data in the turns of 28,
    # 32, ..., 56. The first prefetch wants the turn of 23 and gets the one after 28;
    # so do the others until one meets the turn of 28 taken, at 5 + 3 + 20.
    for line in range(0, 16, 2):
        simulation.step(LOAD, 0, 64 * line, 8)
    assert simulation.finish().prefetches_dropped > 0


def test_stride_learns_in_three_steps_in_either_direction(machine: Machine):
    for lines in ([10, 12, 14, 16, 18, 20], [50, 47, 44, 41, 38, 35]):
        counters = sweep(with_prefetcher(machine, "stride"), lines)
        assert counters.cache_misses == 4
        assert counters.prefetches_useful == 2
        assert counters.prefetches == 3  # and one that nobody needs


def test_a_stream_crosses_zones_without_learning_again(machine: Machine):
    up = list(range(300))
    stride = with_prefetcher(machine, "stride")
    assert sweep(stride, up).cache_misses == 4
    assert sweep(stride, up[::-1]).cache_misses == 4


def test_streams_in_different_zones_do_not_disturb_each_other(machine: Machine):
    lines = [line for k in range(20) for line in (k, 64 + 2 * k, 300 - k)]
    large = with_prefetcher(machine, "stride", capacity_bytes=4096, ways=8)
    assert sweep(large, lines).cache_misses == 3 * 4


def test_markov_repeats_what_it_has_seen(machine: Machine):
    lines = [(37 * k * k + 11 * k) % 1009 for k in range(40)]
    markov = with_prefetcher(machine, "markov")
    assert sweep(markov, lines).cache_misses == len(lines)
    counters = sweep(markov, lines * 2)
    assert counters.cache_misses == len(lines) + 1  # the first of the second round
    assert sweep(with_prefetcher(machine, "stride"), lines * 2).cache_misses > 78


def test_markov_keeps_two_successors(machine: Machine):
    one, two, other = 100, 205, 310
    filler = [400 + 7 * k for k in range(16)]
    lines = [one, two, *filler, one, other, *filler]
    both = sweep(with_prefetcher(machine, "markov", prefetch_degree=2), [*lines, one])
    single = sweep(with_prefetcher(machine, "markov"), [*lines, one])
    assert both.prefetches > single.prefetches


def test_useless_prefetches_are_throttled(machine: Machine):
    lines = [(7919 * k) % 100_003 for k in range(2000)]
    counters = sweep(with_prefetcher(machine, "next-line", prefetch_degree=4), lines)
    assert counters.cache_misses == 2000
    assert counters.prefetches < 400


def test_table_bytes_are_stated(machine: Machine):
    assert with_prefetcher(machine, "next-line").cache.prefetcher_bytes == 0
    assert with_prefetcher(machine, "stride").cache.prefetcher_bytes == 768
    assert with_prefetcher(machine, "markov").cache.prefetcher_bytes == 49152


ACCESSES = st.lists(
    st.tuples(st.integers(0, 1), st.integers(0, 400), st.integers(0, 99)), max_size=80
)


@pytest.mark.parametrize("name", PREFETCHERS)
@settings(max_examples=25, deadline=None)
@given(ACCESSES, st.integers(1, 4))
def test_lines_are_conserved(
    machine: Machine, name: str, accesses: list[tuple[int, int, int]], degree: int
):
    simulation = Simulation(with_prefetcher(machine, name, prefetch_degree=degree))
    for is_store, line, ready in accesses:
        simulation.step(STORE if is_store else LOAD, ready, 64 * line, 8)
    counters = simulation.finish()  # checks DRAM bytes
    assert counters.line_fills == counters.cache_misses + counters.prefetches
    known = counters.prefetches_useful + counters.prefetches_unused
    assert known <= counters.prefetches
    assert counters.prefetches_late <= counters.prefetches_useful
