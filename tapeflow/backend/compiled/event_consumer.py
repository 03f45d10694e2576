"""Who takes in the events of a compiled run: the machine, or what measures instead."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from hwmodel import AccessTrace, Simulation, WorkMeter, run_events
from tapeflow.backend.compiled.emit.generated_program import EventTable

Array = NDArray[np.int64]


class EventConsumer(Protocol):
    """Takes in the events of a run, in order."""

    def __call__(
        self, table: EventTable, times: Array, events: Array, count: int, end_bytes: int
    ) -> None:
        """Take in `count` words of events, whose addresses lie below `end_bytes`.

        Args:
            times: the ready cycles of values, kept from call to call.
        """
        ...


def simulating(simulation: Simulation) -> EventConsumer:
    """The machine itself; its faults show when it is asked to finish."""

    def consume(
        table: EventTable, times: Array, events: Array, count: int, end_bytes: int
    ) -> None:
        del end_bytes
        arrays = simulation.arrays
        run_events(arrays, table.rows, table.segments, times, events, count)

    return consume


def metering(meter: WorkMeter) -> EventConsumer:
    """What a run asks of any machine."""

    def consume(
        table: EventTable, times: Array, events: Array, count: int, end_bytes: int
    ) -> None:
        meter.run_events(table.rows, table.segments, times, events, count, end_bytes)

    return consume


def tracing(trace: AccessTrace) -> EventConsumer:
    """The words that a run accesses through the cache."""

    def consume(
        table: EventTable, times: Array, events: Array, count: int, end_bytes: int
    ) -> None:
        del times, end_bytes
        trace.run_events(table.rows, table.segments, events, count)

    return consume
