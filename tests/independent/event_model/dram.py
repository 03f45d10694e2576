"""DRAM in order of time: one line at a time on the bus, an open row per bank."""

from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from math import ceil

from hwmodel import Machine

from .agenda import Agenda, Phase


class Dram:
    """Serves requests first come, first served."""

    def __init__(self, machine: Machine, agenda: Agenda) -> None:
        self._dram, self._agenda = machine.dram, agenda
        bytes_per_cycle = (
            Fraction(str(machine.dram.bandwidth_gb_per_s))
            * 10**9
            / Fraction(machine.clock_hz)
        )
        self._line_cycles = machine.cache.line_bytes / bytes_per_cycle
        self._hz = machine.clock_hz
        self._bus_is_free = Fraction(0)
        self._rows: dict[int, int] = {}
        self.counts: Counter[str] = Counter()

    def read(self, address: int, arrived: Callable[[], None]) -> None:
        """Read a line; `arrived` one access latency after it gets the bus."""
        start = ceil(self._take_bus())
        latency = self._open(address, "read")
        self._agenda.at(start + latency, Phase.ARRIVE, arrived)

    def write(self, address: int, left: Callable[[], None] | None = None) -> None:
        """Write a line; `left` when it is off the bus."""
        start = ceil(self._take_bus())
        self._open(address, "write")
        if left is not None:
            self._agenda.at(start + ceil(self._line_cycles), Phase.ARRIVE, left)

    def _take_bus(self) -> Fraction:
        start = max(Fraction(self._agenda.now), self._bus_is_free)
        self._bus_is_free = start + self._line_cycles
        return start

    def _open(self, address: int, what: str) -> int:
        """Open the row of `address`; the latency in cycles."""
        dram = self._dram
        row = address // dram.row_bytes
        bank = (row ^ (row // dram.banks)) % dram.banks
        before = self._rows.get(bank)
        self._rows[bank] = row
        if before == row:
            self.counts[f"dram_{what}_row_hits"] += 1
            return self._cycles(dram.row_hit_ns)
        self.counts[f"dram_{what}_row_misses"] += 1
        return self._cycles(dram.closed_ns if before is None else dram.conflict_ns)

    def _cycles(self, nanoseconds: float) -> int:
        return max(1, int(nanoseconds * self._hz / 1e9 + 0.5))
