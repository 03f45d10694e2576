"""Replacement apart from timing: hand-worked traces, and what holds of every trace."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwmodel import (
    Operation,
    Replay,
    Simulation,
    SimulationError,
    preset,
    replay_lru,
    replay_optimal,
)

FAIR = preset("fair")


def geometry(sets, ways):
    return replace(FAIR.cache, capacity_bytes=sets * ways * 64, ways=ways)


def trace_of(*lines, stores=()):
    """Loads of lines by number, except for the accesses that are stores."""
    entries = [2 * line + (i in stores) for i, line in enumerate(lines)]
    return np.array(entries, dtype=np.uint32)


def test_beladys_anomaly_free_example():
    """One set of 3 ways: LRU 10 misses, optimal 7, as in textbooks."""
    trace = trace_of(1, 2, 3, 4, 1, 2, 5, 1, 2, 3, 4, 5)
    assert replay_lru(trace, geometry(1, 3)) == Replay(12, 10, 0)
    assert replay_optimal(trace, geometry(1, 3)) == Replay(12, 7, 0)


def test_sets_are_apart():
    """Lines 0 and 2 share set 0 of two; line 1 has the other for itself."""
    trace = trace_of(0, 1, 2, 0, 1, 2)
    assert replay_lru(trace, geometry(2, 1)).misses == 5
    assert replay_optimal(trace, geometry(2, 1)).misses == 5


def test_write_backs():
    """The stored line 0 is evicted once, and line 2 is dirty at the end."""
    trace = trace_of(0, 1, 2, stores=(0, 2))
    assert replay_lru(trace, geometry(1, 1)) == Replay(3, 3, 2)
    assert replay_optimal(trace, geometry(1, 2)) == Replay(3, 3, 2)


def test_a_clean_line_goes_first_among_the_useless():
    """Neither 0 (dirty) nor 1 is used again: evicting 1 writes nothing back twice."""
    trace = trace_of(0, 1, 2, 0, 2, stores=(0, 3))
    assert replay_optimal(trace, geometry(1, 2)) == Replay(5, 3, 1)


def test_empty_trace_and_no_cache():
    empty = trace_of()
    assert replay_optimal(empty, geometry(1, 1)) == Replay(0, 0, 0)
    assert replay_lru(empty, geometry(1, 1)) == Replay(0, 0, 0)
    with pytest.raises(SimulationError, match="no cache"):
        replay_lru(empty, replace(FAIR.cache, capacity_bytes=0))


def fewest_misses(lines, ways):
    """By trying every eviction."""

    @cache
    def rest(position, resident):
        if position == len(lines):
            return 0
        line = lines[position]
        if line in resident:
            return rest(position + 1, resident)
        if len(resident) < ways:
            return 1 + rest(position + 1, resident | {line})
        return 1 + min(
            rest(position + 1, resident - {gone} | {line}) for gone in resident
        )

    return rest(0, frozenset())


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 5), max_size=14), st.integers(1, 3))
def test_no_schedule_has_fewer_misses(lines, ways):
    found = replay_optimal(trace_of(*lines), geometry(1, ways)).misses
    assert found == fewest_misses(tuple(lines), ways)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 40), st.booleans()), max_size=200),
    st.integers(1, 4),
    st.integers(1, 4),
)
def test_optimal_never_misses_more_than_lru(accesses, sets, ways):
    stores = {i for i, (_, is_store) in enumerate(accesses) if is_store}
    trace = trace_of(*(line for line, _ in accesses), stores=stores)
    cache_ = geometry(sets, ways)
    lru, optimal = replay_lru(trace, cache_), replay_optimal(trace, cache_)
    distinct = len({line for line, _ in accesses})
    assert distinct <= optimal.misses <= lru.misses


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 40), st.booleans()), max_size=100))
def test_lru_is_what_the_machine_does(accesses):
    """Misses and write-backs are those of the cache with its timing."""
    cache_ = geometry(2, 2)
    simulation = Simulation(replace(FAIR, cache=cache_))
    done = 0
    for line, is_store in accesses:
        kind = Operation.STORE if is_store else Operation.LOAD
        # One at a time: a set keeps lines that are still on their way.
        done = simulation.step(kind, done + 1000, 64 * line, 8)
    counters = simulation.finish()
    stores = {i for i, (_, is_store) in enumerate(accesses) if is_store}
    trace = trace_of(*(line for line, _ in accesses), stores=stores)
    expected = Replay(len(trace), counters.cache_misses, counters.write_backs)
    assert replay_lru(trace, cache_) == expected
