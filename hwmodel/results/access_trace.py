"""The words a program accesses through the cache, in order, in a file.

The trace of a long run does not fit memory; `AccessTrace` appends to a file what the
events of an engine ask for, and `read` maps it. An entry is twice the number of the
line, plus one for a store; contents of a cache that fills lines on demand follow from
it, as they change in program order.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hwmodel.description.operations import OPERATION_TABLE, Operation, Unit
from hwmodel.engine.kernel import at, kernel, machine_code
from hwmodel.engine.state import Array

Trace = NDArray[np.uint32]

_STORE = int(Operation.STORE)
_CACHE = int(Unit.CACHE)


class AccessTrace:
    """Writes a trace for lines of `line_bytes` (a power of two) to a new file."""

    def __init__(self, path: Path, line_bytes: int) -> None:
        self.path = path
        self._line_shift = line_bytes.bit_length() - 1
        self._unit = np.array([OPERATION_TABLE[k].unit for k in Operation], np.int64)
        self._entries = np.zeros(0, dtype=np.uint32)
        path.write_bytes(b"")

    def run_events(self, table: Array, segments: Array, events: Array, n: int) -> None:
        """Append what `n` words of events access; see `hwmodel.simulate.run_events`."""
        if self._entries.size < 2 * n:
            # An access has an address of its own and touches at most two words.
            self._entries = np.zeros(2 * n, dtype=np.uint32)
        count = machine_code(collect)(
            self._unit, self._line_shift, self._entries, table, segments, events, n
        )
        with self.path.open("ab") as file:
            file.write(self._entries[:count].tobytes())

    def read(self) -> Trace:
        """What was written so far, mapped from the file."""
        if self.path.stat().st_size == 0:
            return np.zeros(0, dtype=np.uint32)
        return np.memmap(self.path, dtype=np.uint32, mode="r")


@kernel
def collect(
    unit: Array,
    line_shift: int,
    entries: Trace,
    table: Array,
    segments: Array,
    events: Array,
    n: int,
) -> int:
    """Write the entries of `n` words of events; how many there are."""
    count = 0
    position = 0
    while position < n:
        segment = events[at(position)]
        position += 1
        for row in range(segments[at(segment)], segments[at(segment + 1)]):
            if not table[at(row), 7]:
                continue
            address = events[at(position)]
            position += 1
            kind = table[at(row), 0]
            if unit[at(kind)] == _CACHE:
                last = address + table[at(row), 6] - 1
                for word in range(address >> 3, (last >> 3) + 1):
                    line = (word << 3) >> line_shift
                    entries[at(count)] = 2 * line + int(kind == _STORE)
                    count += 1
    return count
