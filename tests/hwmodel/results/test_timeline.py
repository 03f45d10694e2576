"""Timelines of hand-worked runs; the machine is that of `test_dma`."""

import gzip
import io
import itertools
import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwmodel import (
    Machine,
    Operation,
    Ring,
    RunLog,
    Simulation,
    Watch,
    preset,
    write_timeline,
)
from hwmodel.engine.event_log import BUCKETS, DETAIL, SUBJECT, Activity, Event
from hwmodel.results.timeline_counters import slot_bytes
from hwmodel.results.timeline_tracks import Slice, lanes, tracks

ENQUEUE, ACQUIRE = Operation.ENQUEUE, Operation.ACQUIRE
PREFETCH, DEQUEUE = Operation.PREFETCH, Operation.DEQUEUE
LOAD, STORE = Operation.LOAD, Operation.STORE
RING = Ring(tile_bytes=64, slots=2, pitch_bytes=64, scratchpad_address=0)
EVERYTHING = Watch(events=10_000, dram_requests=10_000)


def slices(log: RunLog) -> dict[str, list[tuple[int, int, str]]]:
    """Begin, end and name of each slice, by track."""
    return {
        track: [(piece.begins, piece.ends, piece.name) for piece in members]
        for track, members in tracks(log)
    }


def test_a_transfer_and_who_waits_for_it(machine: Machine):
    simulation = Simulation(machine, (RING,), EVERYTHING)
    simulation.step(ENQUEUE, 0, 0, 0)
    # Accepted at 1, set up until 11, row read at 11, on the bus from 12 to 16.
    assert simulation.step(ACQUIRE, 0, 0, 0) == 16
    assert slices(simulation.log()) == {
        "DMA ring 0": [(1, 16, "push tile 0")],
        "stall: DMA": [(1, 16, "acquire waits for the slot")],
    }


def test_tiles_come_back(machine: Machine):
    simulation = Simulation(machine, (RING,), EVERYTHING)
    simulation.step(ENQUEUE, 0, 0, 0)
    simulation.step(ENQUEUE, 100, 64, 0)  # requested at 101, as above until 116
    simulation.step(PREFETCH, 200, 0, 0)
    # Burst asked at 211, row open, there at 231, written in the next cycle.
    assert simulation.step(DEQUEUE, 201, 0, 0) == 232
    log = simulation.log()
    assert slices(log) == {
        "DMA ring 0": [
            (1, 16, "push tile 0"),
            (101, 116, "push tile 1"),
            (201, 232, "pop tile 0"),
        ],
        "stall: DMA": [(202, 232, "dequeue waits for the tile")],
    }
    assert list(slot_bytes(log)) == [
        (0, {"held": 64, "moving": 0}),
        (1, {"held": 128, "moving": 64}),
        (16, {"held": 128, "moving": 0}),
        (101, {"held": 128, "moving": 64}),
        (116, {"held": 128, "moving": 0}),
        (201, {"held": 128, "moving": 64}),
        (232, {"held": 128, "moving": 0}),
    ]


def test_misses_and_a_full_set_of_mshrs(machine: Machine):
    cache = replace(machine.cache, mshrs=1, ports=2)
    simulation = Simulation(replace(machine, cache=cache), (), EVERYTHING)
    # Port at 0, tags at 2, closed row: 2 + 30, its turn of the bus from 28 on.
    assert simulation.step(LOAD, 0, 0, 8) == 32
    assert simulation.step(STORE, 0, 1024, 8) == 1 + 30
    log = simulation.log()
    assert log.of(Event.WAIT_MSHR).tolist() == [[Event.WAIT_MSHR, 2, 32, 1024, 0]]
    (_, (first, second)), *_ = tracks(log)
    assert first == Slice(2, 32, "load miss", {"address": "0x0"})
    assert (second.begins, second.name) == (32, "store miss")


def busy_run(watch: Watch, operations: int = 300) -> Simulation:
    """Loads, stores, arithmetic and transfers on the preset `fair`."""
    ring = Ring(tile_bytes=128, slots=2, pitch_bytes=128, scratchpad_address=0)
    simulation = Simulation(preset("fair"), (ring,), watch)
    for i in range(operations):
        done = simulation.step(LOAD, 0, 72 * (i * i % 97), 8)
        done = simulation.step(Operation.FDIV_F64, done)
        simulation.step(STORE, done, 4096 * (i % 11), 8)
        simulation.step(Operation.SPM_STORE, done, 8 * (i % 32), 8)
        if i % 16 == 15:
            slot = i // 16 % 2
            simulation.step(ENQUEUE, 0, 128 * slot, 0)
            simulation.step(ACQUIRE, 0, 128 * (1 - slot), 0)
    return simulation


def test_the_log_agrees_with_the_counters():
    simulation = busy_run(EVERYTHING)
    counters = simulation.finish()
    log = simulation.log()
    moves, waits = log.of(Event.PUSH, Event.POP), log.of(Event.WAIT_DMA)
    assert len(log.of(Event.MISS)) == counters.cache_misses > 0
    assert len(moves) == counters.dma_transfers > 0
    assert moves[:, SUBJECT].tolist() == list(range(counters.tiles_pushed))
    stalled = (waits[:, 2] - waits[:, 1]).sum()
    assert stalled == counters.dma_stall_cycles > 0
    dram_bytes = counters.dram_read_bytes + counters.dram_write_bytes
    assert 64 * len(log.dram_requests) == dram_bytes
    assert log.dram_requests[:, DETAIL].min() >= 0
    levels = [sum(level.values()) for _, level in slot_bytes(log)]
    assert max(level["held"] for _, level in slot_bytes(log)) == 256
    assert all(level["moving"] <= level["held"] for _, level in slot_bytes(log))
    assert min(levels) > 0


def test_watching_changes_no_counter():
    assert busy_run(EVERYTHING).finish() == busy_run(Watch()).finish()


def test_activity_is_counted_whole_in_buckets_that_widen():
    simulation = busy_run(Watch(events=1), operations=2000)
    counters = simulation.finish()
    log = simulation.log()
    assert log.bucket_cycles > 1
    assert len(log.activity) == BUCKETS
    sums = log.activity.sum(axis=0)
    units = sums[Activity.INTEGER : Activity.DMA + 1]
    assert units.sum() == counters.operations
    assert sums[Activity.FLOAT] == 2000
    assert sums[Activity.MISSES] == counters.cache_misses
    last = np.flatnonzero(log.activity.sum(axis=1)).max()
    assert last * log.bucket_cycles <= counters.cycles + counters.flush_cycles


def test_a_full_log_says_what_it_leaves_out():
    whole = busy_run(EVERYTHING)
    whole.finish()
    cut = busy_run(replace(EVERYTHING, events=20, dram_requests=5))
    cut.finish()
    log, complete = cut.log(), whole.log()
    assert log.events.tolist() == complete.events[:20].tolist()
    assert log.events_left_out == len(complete.events) - 20
    assert log.dram_requests_left_out == len(complete.dram_requests) - 5
    file = io.BytesIO()
    write_timeline(log, file, zipped=False)
    written = json.loads(file.getvalue())
    assert written["otherData"]["events_left_out"] == log.events_left_out
    marks = [e["name"] for e in written["traceEvents"] if e["ph"] == "i"]
    assert f"the log is full: {len(complete.events) - 20} events are left out" in marks
    assert len(marks) == 2


@pytest.mark.parametrize(("first", "end"), [(0, 200), (200, 400), (500, None)])
def test_only_the_cycles_looked_at_are_logged(first: int, end: int | None):
    whole, part = (
        busy_run(watch)
        for watch in (EVERYTHING, replace(EVERYTHING, first_cycle=first, end_cycle=end))
    )
    events = whole.log().events
    touches = (events[:, 2] >= first) & (events[:, 1] < (end or 10**9))
    log = part.log()
    assert log.events.tolist() == events[touches].tolist() != []
    # Slots are held from before on.
    everywhere = dict(slot_bytes(whole.log()))
    begin = max(cycle for cycle in everywhere if cycle <= first)
    assert dict(slot_bytes(log))[first] == everywhere[begin]


def test_compressed_is_the_same():
    simulation = busy_run(EVERYTHING, operations=40)
    plain, zipped = io.BytesIO(), io.BytesIO()
    write_timeline(simulation.log(), plain, zipped=False)
    write_timeline(simulation.log(), zipped, zipped=True)
    assert gzip.decompress(zipped.getvalue()) == plain.getvalue()


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 9))))
def test_lanes_hold_what_overlaps(intervals: list[tuple[int, int]]):
    pieces = [Slice(start, start + size, "", {}) for start, size in intervals]
    spread = lanes(pieces)
    assert sum(map(len, spread)) == len(pieces)
    for lane in spread:
        for before, after in itertools.pairwise(lane):
            assert before.ends <= after.begins
    most = max(
        (sum(p.begins <= c < p.ends for p in pieces) for c in range(60)), default=0
    )
    assert len(spread) == most
