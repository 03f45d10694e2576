"""What was logged of one run, ready to be shown."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from hwmodel.description.machine import Machine
from hwmodel.description.ring import Ring
from hwmodel.engine import state
from hwmodel.engine.event_log import (
    BEGINS,
    BUCKET_ROW,
    EVENT_COLUMNS,
    EVENT_ROW,
    EVENTS,
    EVENTS_LEFT_OUT,
    KIND,
    LOG_COLUMNS,
    REQUESTS,
    REQUESTS_LEFT_OUT,
    ROOM,
    WIDTH,
    Event,
    Watch,
)
from hwmodel.engine.state import Array, Sim


@dataclass(frozen=True)
class RunLog:
    """Events and DRAM requests of the cycles looked at, activity of the whole run."""

    machine: Machine
    rings: tuple[Ring, ...]
    watch: Watch
    cycles: int
    """Of the whole run."""
    events: Array = field(repr=False)
    """Rows as `event_log` has them, in program order."""
    events_left_out: int
    """Events in the cycles looked at that found no room."""
    dram_requests: Array = field(repr=False)
    """Rows of DRAM requests, in order of the cycles at which they ask."""
    dram_requests_left_out: int
    activity: Array = field(repr=False)
    """Counts by bucket and `Activity`."""
    bucket_cycles: int
    first_tiles: tuple[int, ...]
    """The current tile of each ring when the cycles looked at began."""

    def of(self, *kinds: Event) -> Array:
        """The events of these kinds, in program order."""
        return self.events[np.isin(self.events[:, KIND], kinds)]


def run_log_of(
    machine: Machine, rings: tuple[Ring, ...], watch: Watch, sim: Sim
) -> RunLog:
    """Take what a finished run has logged out of its arrays."""
    rows = sim.log
    if not len(rows):
        rows = np.zeros((1, LOG_COLUMNS), dtype=np.int64)
    header = [int(word) for word in rows[0]]
    first = EVENT_ROW
    events = rows[first:][: header[EVENTS], :EVENT_COLUMNS].copy()
    requests = rows[first + header[ROOM] :][: header[REQUESTS], :EVENT_COLUMNS]
    return RunLog(
        machine=machine,
        rings=rings,
        watch=watch,
        cycles=int(sim.registers[state.RETIRED]),
        events=events,
        events_left_out=header[EVENTS_LEFT_OUT],
        dram_requests=requests[np.argsort(requests[:, BEGINS], kind="stable")],
        dram_requests_left_out=header[REQUESTS_LEFT_OUT],
        activity=rows[BUCKET_ROW:first].copy(),
        bucket_cycles=header[WIDTH],
        first_tiles=tuple(int(tile) for tile in sim.rings[:, state.RING_SEEN]),
    )
