"""The bounded log in which kernels note what a timeline shows.

One array of rows. Behind the header and totals `BUCKETS` rows count activity over the
whole run (operations once a window of them has retired), in buckets of equal width;
when the run outgrows them, neighbours are added up and the width doubles, so that sums
stay exact. Then there is room for events and for DRAM requests; what finds none is
counted. Without anybody looking the array is empty, which costs a test. What notes is
compiled apart, to keep the callers short.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np

from hwmodel.engine.kernel import at, inner_kernel, kernel, separate_kernel
from hwmodel.engine.state import Array

# Columns of the header.
WIDTH: Final = 0  # of a bucket, in cycles
FIRST: Final = 1  # cycle from which events and requests are logged
END: Final = 2  # cycle from which they are not logged any more
ROOM: Final = 3  # most events
EVENTS: Final = 4  # events logged
EVENTS_LEFT_OUT: Final = 5  # for want of room
REQUESTS: Final = 6
REQUESTS_LEFT_OUT: Final = 7
LOG_COLUMNS: Final = 8

# Columns of an event or a request.
KIND: Final = 0
BEGINS: Final = 1  # cycle
ENDS: Final = 2  # cycle
SUBJECT: Final = 3
DETAIL: Final = 4
EVENT_COLUMNS: Final = 5

BUCKETS: Final = 2048
TOTALS: Final = 1  # row of the operations in buckets so far, by `Activity`
BUCKET_ROW: Final = 2
EVENT_ROW: Final = BUCKET_ROW + BUCKETS


class Event(IntEnum):
    """Kinds of events, with their subject and detail."""

    MISS = 0  # line address, whether it is a store's
    PREFETCH = 1  # line address, 0
    DIRECT = 2  # line address, whether it is a store; without a cache
    PUSH = 3  # tile, ring
    POP = 4  # tile, ring
    HEAD = 5  # the new current tile, ring
    WAIT_DMA = 6  # kind of command, ring
    WAIT_CHANNEL = 7  # tile, ring
    WAIT_MSHR = 8  # line address, 0
    WAIT_WAY = 9  # line address, 0
    READ = 10  # line address, cycles waited for the bus
    WRITE = 11  # line address, cycles waited for the bus


class Activity(IntEnum):
    """Columns of a bucket of activity; 1 to 5 agree with `Unit`."""

    INTEGER = 1  # operations retired, here and in the next four
    FLOAT = 2
    CACHE = 3
    SCRATCHPAD = 4
    DMA = 5
    MISSES = 6  # lines asked for
    DRAM_LINES = 7  # lines that have been on the bus


@dataclass(frozen=True)
class Watch:
    """What to log of a run: at most so many events and DRAM requests, 0 for none.

    Logged is what happens from `first_cycle` to before `end_cycle`; None has no end.
    Activity is counted over the whole run.
    """

    events: int = 0
    dram_requests: int = 0
    first_cycle: int = 0
    end_cycle: int | None = None

    def empty_log(self) -> Array:
        """A log with room for all that; memory is taken as it fills."""
        room = self.events + self.dram_requests
        rows = EVENT_ROW + room if room else 0
        log = np.empty((rows, LOG_COLUMNS), dtype=np.int64)
        if room:
            log[:EVENT_ROW] = 0
            log[0, WIDTH] = 1
            log[0, FIRST] = self.first_cycle
            log[0, END] = 2**62 if self.end_cycle is None else self.end_cycle
            log[0, ROOM] = self.events
        return log


UNWATCHED = Watch()
"""Nothing is logged."""


@separate_kernel
def note_event(
    log: Array, kind: int, begins: int, ends: int, subject: int, detail: int
) -> None:
    """Log an event, or count that it had no room."""
    enter_event(log, kind, begins, ends, subject, detail)


@separate_kernel
def note_miss(
    log: Array, address: int, is_store: int, found: int, free: int, asked: int, end: int
) -> None:
    """Log a miss `found`, with a way `free`, `asked` for, and its waits between."""
    count(log, Activity.MISSES, asked)
    enter_event(log, Event.MISS, asked, end, address, is_store)
    if free > found:
        enter_event(log, Event.WAIT_WAY, found, free, address, 0)
    if asked > free:
        enter_event(log, Event.WAIT_MSHR, free, asked, address, 0)


@separate_kernel
def note_transfer(
    log: Array, is_out: bool, request: int, begin: int, end: int, tile: int, ring: int
) -> None:
    """Log a transfer wanted at `request` that has a channel from `begin` on."""
    kind = Event.PUSH if is_out else Event.POP
    enter_event(log, kind, begin, end, tile, ring)
    if begin > request:
        enter_event(log, Event.WAIT_CHANNEL, request, begin, tile, ring)


@separate_kernel
def note_request(
    log: Array, kind: int, begins: int, ends: int, address: int, wait: int
) -> None:
    """Log a request of a line of DRAM, or count that it had no room."""
    count(log, Activity.DRAM_LINES, ends)
    if ends < log[0, FIRST] or begins >= log[0, END]:
        return
    row = EVENT_ROW + log[0, ROOM] + log[0, REQUESTS]
    if row >= log.shape[0]:
        log[0, REQUESTS_LEFT_OUT] += 1
        return
    log[0, REQUESTS] += 1
    fill(log, row, kind, begins, ends, address, wait)


@separate_kernel
def note_operations(log: Array, unit: Array, counts: Array, cycle: int) -> None:
    """Count the operations since the last time, by unit, as done at `cycle`."""
    bucket = bucket_at(log, cycle)
    for column in range(1, Activity.MISSES):
        total = 0
        for kind in range(counts.shape[0]):
            if unit[at(kind)] == column:
                total += counts[at(kind)]
        log[at(bucket), at(column)] += total - log[TOTALS, at(column)]
        log[TOTALS, at(column)] = total


@kernel
def note_last_operations(log: Array, unit: Array, counts: Array, cycle: int) -> None:
    """The same at the end of a run, from Python."""
    if log.shape[0]:
        note_operations(log, unit, counts, cycle)


@inner_kernel
def enter_event(
    log: Array, kind: int, begins: int, ends: int, subject: int, detail: int
) -> None:
    """Log an event that touches what is looked at, or count that it had no room."""
    if ends < log[0, FIRST] or begins >= log[0, END]:
        return
    if log[0, EVENTS] >= log[0, ROOM]:
        log[0, EVENTS_LEFT_OUT] += 1
        return
    row = EVENT_ROW + log[0, EVENTS]
    log[0, EVENTS] += 1
    fill(log, row, kind, begins, ends, subject, detail)


@inner_kernel
def fill(
    log: Array, row: int, kind: int, begins: int, ends: int, subject: int, detail: int
) -> None:
    """Write the columns of a row."""
    log[at(row), KIND] = kind
    log[at(row), BEGINS] = begins
    log[at(row), ENDS] = ends
    log[at(row), SUBJECT] = subject
    log[at(row), DETAIL] = detail


@inner_kernel
def count(log: Array, column: int, cycle: int) -> None:
    """Count one at `cycle`."""
    log[at(bucket_at(log, cycle)), at(column)] += 1


@inner_kernel
def bucket_at(log: Array, cycle: int) -> int:
    """The row of the bucket of `cycle`; buckets widen until one of them covers it."""
    while cycle // log[0, WIDTH] >= BUCKETS:
        widen(log)
    return BUCKET_ROW + cycle // log[0, WIDTH]


@separate_kernel
def widen(log: Array) -> None:
    """Add up neighbouring buckets; the second half of them is free then."""
    log[0, WIDTH] *= 2
    for bucket in range(BUCKETS):
        for column in range(LOG_COLUMNS):
            total = 0
            if 2 * bucket < BUCKETS:
                total = log[at(BUCKET_ROW + 2 * bucket), at(column)]
                total += log[at(BUCKET_ROW + 2 * bucket + 1), at(column)]
            log[at(BUCKET_ROW + bucket), at(column)] = total
