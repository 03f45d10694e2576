"""The bounded log in which kernels note what a timeline shows.

A log is an array of rows; row 0 is its header: rows written, rows left out for want of
room, first cycle and end of what is looked at. Further rows are events. An activity
table counts over the whole run in buckets of equal width; when the run outgrows it,
neighbours are added up and the width doubles, so that its size is bounded and its sums
stay exact. Without anybody looking both are empty, which costs a test.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np

from hwmodel.kernel import at, inner_kernel, separate_kernel
from hwmodel.state import Array

# Columns of the header of a log.
WRITTEN: Final = 0
LEFT_OUT: Final = 1
FIRST: Final = 2
END: Final = 3

# Columns of an event.
KIND: Final = 0
BEGINS: Final = 1  # cycle
ENDS: Final = 2  # cycle
SUBJECT: Final = 3
DETAIL: Final = 4
LOG_COLUMNS: Final = 5

BUCKETS: Final = 2048
"""Of an activity table; row 0 holds the width of a bucket in cycles."""


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
    """Columns of an activity table; 1 to 5 agree with `Unit`."""

    WINDOW_FULL = 0  # operations whose operands were there before the window opened
    INTEGER = 1  # operations done, here and in the next four
    FLOAT = 2
    CACHE = 3
    SCRATCHPAD = 4
    DMA = 5
    MISSES = 6  # lines asked for
    DRAM_LINES = 7  # lines on the bus


ACTIVITIES: Final = 8


@dataclass(frozen=True)
class Watch:
    """What to log of a run: at most so many events and DRAM requests, 0 for none.

    Logged is what happens from `first_cycle` to before `end_cycle`; None has no end.
    Activity is counted over the whole run if there are events.
    """

    events: int = 0
    dram_requests: int = 0
    first_cycle: int = 0
    end_cycle: int | None = None

    def log(self, rows: int) -> Array:
        """An empty log with room for `rows`; memory is taken as it fills."""
        log = np.empty((rows + 1 if rows else 0, LOG_COLUMNS), dtype=np.int64)
        if rows:
            end = 2**62 if self.end_cycle is None else self.end_cycle
            log[0] = (0, 0, self.first_cycle, end, 0)
        return log

    def activity(self) -> Array:
        """An empty activity table of one cycle a bucket, if there are events."""
        rows = BUCKETS + 1 if self.events else 0
        table = np.zeros((rows, ACTIVITIES), dtype=np.int64)
        table[:1, 0] = 1
        return table


UNWATCHED = Watch()
"""Nothing is logged."""


@inner_kernel
def note(
    log: Array, kind: int, begins: int, ends: int, subject: int, detail: int
) -> None:
    """Log an event, if there is a log."""
    if log.shape[0]:
        write(log, kind, begins, ends, subject, detail)


@separate_kernel
def write(
    log: Array, kind: int, begins: int, ends: int, subject: int, detail: int
) -> None:
    """Log an event that touches what is looked at, or count that it had no room."""
    if ends < log[0, FIRST] or begins >= log[0, END]:
        return
    row = log[0, WRITTEN] + 1
    if row == log.shape[0]:
        log[0, LEFT_OUT] += 1
        return
    log[0, WRITTEN] = row
    log[at(row), KIND] = kind
    log[at(row), BEGINS] = begins
    log[at(row), ENDS] = ends
    log[at(row), SUBJECT] = subject
    log[at(row), DETAIL] = detail


@inner_kernel
def count(activity: Array, column: int, cycle: int) -> None:
    """Count one at `cycle`, if activity is counted."""
    if activity.shape[0]:
        add(activity, column, cycle)


@separate_kernel
def add(activity: Array, column: int, cycle: int) -> None:
    """Count one at `cycle`, widening the buckets until one of them covers it."""
    buckets = activity.shape[0] - 1
    while cycle // activity[0, 0] >= buckets:
        activity[0, 0] *= 2
        for bucket in range(buckets // 2):
            for kind in range(activity.shape[1]):
                pair = activity[at(2 * bucket + 1), at(kind)]
                pair += activity[at(2 * bucket + 2), at(kind)]
                activity[at(bucket + 1), at(kind)] = pair
        activity[buckets // 2 + 1 :] = 0
    activity[at(cycle // activity[0, 0] + 1), at(column)] += 1
