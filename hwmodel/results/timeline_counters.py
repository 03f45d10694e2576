"""The counters of a timeline: slots of the scratchpad, who waits, activity.

A slot is *held* by a tile that the program still has to read (the current one, those
below it that have not been overwritten, and those fetched ahead), and *moving* while a
transfer reads or fills it; a ring of n slots with current tile t has min(t + 1, n).
Waiting are lines that found no MSHR, whose way is still being filled, or that want the
DRAM bus while others have it. Activity is by the cycle and over the whole run: a
counter keeps the mean of a bucket.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from hwmodel.description.ring import Ring
from hwmodel.engine.event_log import BEGINS, DETAIL, ENDS, SUBJECT, Activity, Event
from hwmodel.engine.initial_state import make_parameters
from hwmodel.engine.state import Array
from hwmodel.results.run_log import RunLog

Levels = Iterator[tuple[int, dict[str, float]]]

_ACTIVITIES = {
    "operations a cycle": {
        "integer": Activity.INTEGER,
        "float": Activity.FLOAT,
        "cache": Activity.CACHE,
        "scratchpad": Activity.SCRATCHPAD,
        "DMA": Activity.DMA,
    },
    "cache misses a cycle": {"misses": Activity.MISSES},
    "DRAM lines a cycle": {"lines": Activity.DRAM_LINES},
}


def counters(log: RunLog) -> Iterator[tuple[str, Levels]]:
    """Counters by name, each with its levels from cycle to cycle."""
    if log.rings:
        yield "scratchpad bytes", slot_bytes(log)
    for name, event in (
        ("lines waiting: MSHRs full", Event.WAIT_MSHR),
        ("lines waiting: way on its way", Event.WAIT_WAY),
    ):
        rows = log.of(event)
        if len(rows):
            yield name, waiting(rows[:, BEGINS], rows[:, ENDS])
    requests = log.dram_requests
    late = requests[requests[:, DETAIL] > 0]
    if len(late):
        # The line is on the bus from the end of its wait on.
        parameters = make_parameters(log.machine)
        granted = late[:, ENDS] - -(-parameters.turn_cycles // parameters.turns)
        yield "lines waiting: DRAM bus", waiting(granted - late[:, DETAIL], granted)
    for name, columns in _ACTIVITIES.items():
        yield name, activity_levels(log, columns)


def slot_bytes(log: RunLog) -> Levels:
    """Bytes of slots that hold a tile, and of those on their way in or out."""
    rings = log.rings
    held = [_held(*pair) for pair in zip(rings, log.first_tiles, strict=True)]
    moving = 0
    cycle = log.watch.first_cycle
    for following, ring, tile, moved in _changes(log):
        if following > cycle:
            yield cycle, {"held": sum(held), "moving": moving}
            cycle = following
        moving += moved
        if tile >= 0:
            held[ring] = _held(rings[ring], tile)
    yield cycle, {"held": sum(held), "moving": moving}


def _held(ring: Ring, tile: int) -> int:
    """Bytes of slots that hold a tile while `tile` is the current one."""
    return ring.pitch_bytes * min(tile + 1, ring.slots)


def _changes(log: RunLog) -> list[tuple[int, int, int, int]]:
    """Cycle, ring, current tile from then on or -1, bytes that begin or end to move."""
    first = log.watch.first_cycle
    changes = [
        (max(first, row[BEGINS]), row[DETAIL], row[SUBJECT], 0)
        for row in log.of(Event.HEAD).tolist()
    ]
    for row in log.of(Event.PUSH, Event.POP).tolist():
        pitch_bytes = log.rings[row[DETAIL]].pitch_bytes
        changes.append((max(first, row[BEGINS]), row[DETAIL], -1, pitch_bytes))
        changes.append((row[ENDS], row[DETAIL], -1, -pitch_bytes))
    return sorted(changes, key=lambda change: change[0])


def waiting(begins: Array, ends: Array) -> Levels:
    """How many wait, from each cycle at which that changes."""
    cycles = np.concatenate((begins, ends))
    steps = np.concatenate((np.ones_like(begins), -np.ones_like(ends)))
    places, inverse = np.unique(cycles, return_inverse=True)
    levels = np.cumsum(np.bincount(inverse, weights=steps)).astype(np.int64)
    before = 0
    for cycle, level in zip(places.tolist(), levels.tolist(), strict=True):
        if level != before:
            yield cycle, {"lines": level}
        before = level


def activity_levels(log: RunLog, columns: dict[str, Activity]) -> Levels:
    """Means by the cycle, from each bucket at which one of them changes."""
    width = log.bucket_cycles
    means = log.activity[:, list(columns.values())] / width
    before: list[float] = []
    for bucket, row in enumerate(np.round(means, 4).tolist()):
        if row != before:
            yield bucket * width, dict(zip(columns, row, strict=True))
        before = row
