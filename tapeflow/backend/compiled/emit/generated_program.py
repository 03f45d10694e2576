"""What the generator hands to the engine: Python source and its tables."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from xdsl.ir import Operation


@dataclass(frozen=True)
class Site:
    """A place in the program that may fail or asks the host for memory."""

    op: Operation
    message: str
    """What went wrong there, with `{0}` and `{1}` for two integers."""


@dataclass(frozen=True)
class EventTable:
    """The micro-operations of straight-line segments (see `hwmodel.run_events`)."""

    rows: NDArray[np.int64]
    """(rows, 8): kind, result, control and three operand slots, aux, address mode."""
    segments: NDArray[np.int64]
    """(segments + 1): first row of each segment."""
    slots: int
    """Number of ready times."""
    longest_event: int
    """Words of the longest event."""


@dataclass(frozen=True)
class GeneratedProgram:
    """Source of the entry function and all it calls."""

    source: str
    entry: str
    """Name of the entry function in the source."""
    parameters: tuple[str, ...]
    """Types in Python of its parameters after `run`, buffers taken apart."""
    results: tuple[str, ...]
    """Types in Python of its results, buffers taken apart."""
    sites: tuple[Site, ...]
    constants: tuple[int, ...]
    """`run.constants` of the source."""
    events: EventTable | None
    """None for values only."""
