"""What was logged of one run, ready to be shown."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from hwmodel import state
from hwmodel.event_log import BEGINS, KIND, LEFT_OUT, WRITTEN, Event, Watch
from hwmodel.machine import Machine
from hwmodel.ring import Ring
from hwmodel.state import Array, Sim


@dataclass(frozen=True)
class Recording:
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


def recording_of(
    machine: Machine, rings: tuple[Ring, ...], watch: Watch, sim: Sim
) -> Recording:
    """Take what a finished run has logged out of its arrays."""
    events, events_left_out = _rows(sim.log)
    requests, requests_left_out = _rows(sim.dram_log)
    return Recording(
        machine=machine,
        rings=rings,
        watch=watch,
        cycles=int(sim.registers[state.RETIRED]),
        events=events,
        events_left_out=events_left_out,
        dram_requests=requests[np.argsort(requests[:, BEGINS], kind="stable")],
        dram_requests_left_out=requests_left_out,
        activity=sim.activity[1:].copy(),
        bucket_cycles=int(sim.activity[0, 0]) if len(sim.activity) else 1,
        first_tiles=tuple(int(tile) for tile in sim.rings[:, state.RING_SEEN]),
    )


def _rows(log: Array) -> tuple[Array, int]:
    """The events of a log, and how many were left out."""
    if not len(log):
        return log, 0
    return log[1 : 1 + log[0, WRITTEN]].copy(), int(log[0, LEFT_OUT])
