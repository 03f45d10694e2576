"""DRAM in order of time: banks with one open row each, and one data bus."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil

from hwmodel import Machine

from .agenda import Agenda, Phase

Done = Callable[[], None]


@dataclass
class Request:
    """A line to be read or written."""

    row: int
    what: str
    opened: Callable[[int], None]
    """Called with the cycle from which columns can be read."""


@dataclass
class Bank:
    """One bank, and what waits for another row of it."""

    row: int = -1
    opened: int = 0
    columns_from: int = 0
    waiting: list[Request] = field(default_factory=list[Request])


class Dram:
    """Requests for the open row of a bank go first, others in the order they came."""

    def __init__(self, machine: Machine, agenda: Agenda) -> None:
        dram, hz = machine.dram, machine.clock_hz
        self._dram, self._agenda = dram, agenda

        def cycles(nanoseconds: float) -> int:
            return int(nanoseconds * hz / 1e9 + 0.5)

        self._row_hit = max(1, cycles(dram.row_hit_ns))
        self._closed = max(1, cycles(dram.closed_ns))
        self._conflict = max(1, cycles(dram.conflict_ns))
        self._row_cycle = cycles(dram.row_cycle_ns)
        bytes_per_second = Fraction(str(dram.bandwidth_gb_per_s)) * 10**9
        self._line_cycles = machine.cache.line_bytes * Fraction(hz) / bytes_per_second
        self._bus_is_free = Fraction(0)
        self._banks = [Bank() for _ in range(dram.banks)]
        self.counts: Counter[str] = Counter()

    def read(self, address: int, arrived: Done) -> None:
        """Read a line; `arrived` when its last byte is there."""

        def opened(cycle: int) -> None:
            data = cycle + self._row_hit - ceil(self._line_cycles)
            start = max(self._agenda.now, data)
            self._agenda.at(start, Phase.MEMORY, lambda: self._use_bus(arrived))

        self._ask(address, "read", opened)

    def write(self, address: int, left: Done | None = None) -> None:
        """Write a line whose data is there; `left` when it is off the bus."""
        self._ask(address, "write", lambda _cycle: None)
        self._use_bus(left)

    def _use_bus(self, end: Done | None) -> None:
        start = max(Fraction(self._agenda.now), self._bus_is_free)
        self._bus_is_free = start + self._line_cycles
        if end is not None:
            self._agenda.at(ceil(self._bus_is_free), Phase.ARRIVE, end)

    def _ask(self, address: int, what: str, opened: Callable[[int], None]) -> None:
        row = address // self._dram.row_bytes
        bank = self._banks[(row ^ (row // self._dram.banks)) % self._dram.banks]
        request = Request(row, what, opened)
        if bank.row == row:
            self._hit(bank, request)
            return
        bank.waiting.append(request)
        if len(bank.waiting) == 1:
            free = bank.opened + self._row_cycle if bank.row >= 0 else 0
            start = max(self._agenda.now, free)
            self._agenda.at(start, Phase.MEMORY, lambda: self._open(bank))

    def _hit(self, bank: Bank, request: Request) -> None:
        self.counts[f"dram_{request.what}_row_hits"] += 1
        request.opened(max(self._agenda.now, bank.columns_from))

    def _open(self, bank: Bank) -> None:
        """Open the row that has been waited for longest, for all who wait for it."""
        first, *others = bank.waiting
        latency = self._closed if bank.row < 0 else self._conflict
        bank.row, bank.opened = first.row, self._agenda.now
        bank.columns_from = self._agenda.now + latency - self._row_hit
        self.counts[f"dram_{first.what}_row_misses"] += 1
        first.opened(bank.columns_from)
        bank.waiting = [request for request in others if request.row != bank.row]
        for request in others:
            if request.row == bank.row:
                self._hit(bank, request)
        if bank.waiting:
            following = self._agenda.now + self._row_cycle
            self._agenda.at(following, Phase.MEMORY, lambda: self._open(bank))
