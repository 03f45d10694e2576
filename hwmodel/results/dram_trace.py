"""The DRAM requests of a run in the trace format of DRAMsim3.

A line is `0xADDRESS READ|WRITE CYCLE`, as DRAMsim3 reads it (`Transaction` and
`TraceBasedCPU` of github.com/umd-memsys/DRAMsim3; Li et al., IEEE Computer Architecture
Letters, 2020). Cycles are those of the DRAM's clock, half its data rate; a request
stands at the cycle at which it asks. The stacks of rings, which the model puts far
apart, are moved down, whole rows behind what lies below them, to fit a real memory.
"""

from __future__ import annotations

from fractions import Fraction
from typing import BinaryIO

import numpy as np

from hwmodel.description.errors import MachineError
from hwmodel.description.ring import WINDOW_BYTES
from hwmodel.engine.event_log import BEGINS, KIND, SUBJECT, Event
from hwmodel.engine.state import Array
from hwmodel.results.run_log import RunLog

_HBM2_MEGATRANSFERS = 2000
"""Of a pin in a second (JESD235A); other technologies have theirs in their names."""


def dram_clock_hz(technology: str) -> int:
    """The clock of a technology such as `DDR4-2400`, whose data rate is twice that."""
    if technology == "HBM2":
        return _HBM2_MEGATRANSFERS * 10**6 // 2
    rate = technology.rpartition("-")[2]
    if not rate.isdigit():
        raise MachineError(f"the clock of {technology} is not known")
    return int(rate) * 10**6 // 2


def write_dram_trace(log: RunLog, file: BinaryIO) -> None:
    """Write the requests that were logged, in order of time."""
    requests = log.dram_requests
    dram = log.machine.dram
    ratio = Fraction(dram_clock_hz(dram.technology)) / Fraction(log.machine.clock_hz)
    addresses = packed(requests[:, SUBJECT], dram.row_bytes)
    names = {int(Event.READ): "READ", int(Event.WRITE): "WRITE"}
    for address, kind, cycle in zip(
        addresses.tolist(),
        requests[:, KIND].tolist(),
        requests[:, BEGINS].tolist(),
        strict=True,
    ):
        clocks = cycle * ratio.numerator // ratio.denominator
        file.write(f"0x{address:X} {names[kind]} {clocks}\n".encode())


def packed(addresses: Array, row_bytes: int) -> Array:
    """The same addresses with every used window close behind the one below it."""
    moved = addresses.copy()
    windows = addresses // WINDOW_BYTES
    base = 0
    for window in np.unique(windows).tolist():
        inside = windows == window
        offsets = addresses[inside] - window * WINDOW_BYTES
        moved[inside] = base + offsets
        base += (int(offsets.max()) // row_bytes + 1) * row_bytes
    return moved
