"""The DMA engine in order of time: channels, bursts, requests in flight."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from hwmodel import Machine

from .agenda import Agenda, Phase
from .dependences import Transfer
from .dram import Dram
from .ports import Ports


@dataclass
class Progress:
    """How far a transfer is."""

    transfer: Transfer
    bursts: int
    before: "Progress | None"
    """The transfer of its ring that issues its bursts first."""
    has_begun: bool = False
    is_set_up: bool = False
    issued: int = 0
    completed: int = 0
    then: list[Callable[[], None]] = field(default_factory=list[Callable[[], None]])
    """What to try again when the last burst has been issued."""


class Dma:
    """Moves tiles; calls `finish` with the node of a transfer that is complete."""

    def __init__(
        self,
        machine: Machine,
        agenda: Agenda,
        dram: Dram,
        ports: Ports,
        finish: Callable[[int], None],
    ) -> None:
        self._machine, self._agenda, self._dram = machine, agenda, dram
        self._ports, self._finish = ports, finish
        self._free_channels = machine.dma.channels
        self._ready: list[Progress] = []
        self._progress: dict[int, Progress] = {}
        self.counts: Counter[str] = Counter()

    def prepare(self, transfers: list[Transfer]) -> None:
        """Transfers to come, in program order."""
        last: dict[int, Progress] = {}
        for transfer in transfers:
            progress = Progress(transfer, transfer.bursts, last.get(transfer.ring))
            last[transfer.ring] = self._progress[transfer.node] = progress

    def ready(self, node: int) -> None:
        """A transfer waits for nothing but a channel."""
        self._ready.append(self._progress[node])
        self._begin()

    def _begin(self) -> None:
        """Give channels to what is ready; within a ring in program order."""
        for progress in list(self._ready):
            before = progress.before
            if self._free_channels and (before is None or before.has_begun):
                self._free_channels -= 1
                self._ready.remove(progress)
                progress.has_begun = True
                start = self._agenda.now + self._machine.dma.setup_cycles
                self._agenda.at(start, Phase.MEMORY, lambda p=progress: self._set_up(p))
                return self._begin()
        return None

    def _set_up(self, progress: Progress) -> None:
        progress.is_set_up = True
        self._issue(progress)

    def _issue(self, progress: Progress) -> None:
        """Issue bursts as long as so many may be unanswered."""
        before, dma = progress.before, self._machine.dma
        if before is not None and before.issued < before.bursts:
            before.then.append(lambda: self._issue(progress))
            return
        while (
            progress.issued < progress.bursts
            and progress.issued - progress.completed < dma.requests_in_flight
        ):
            progress.issued += 1
            self._burst(progress, progress.issued - 1)
        if progress.issued == progress.bursts:
            while progress.then:
                progress.then.pop()()

    def _burst(self, progress: Progress, number: int) -> None:
        size, line = self._machine.dma.burst_bytes, self._machine.cache.line_bytes
        first = progress.transfer.dram_address + number * size
        left = size // line

        def line_complete() -> None:
            nonlocal left
            left -= 1
            if not left:
                self._burst_complete(progress)

        for address in range(first, first + size, line):
            move = self._out if progress.transfer.is_out else self._in
            move(address, line_complete)

    def _out(self, address: int, complete: Callable[[], None]) -> None:
        self.counts["dma_lines_out"] += 1
        latency = self._machine.scratchpad.latency_cycles

        def read_row() -> None:
            self._agenda.at(
                self._agenda.now + latency,
                Phase.MEMORY,
                lambda: self._dram.write(address, complete),
            )

        self._ports.request(read_row)

    def _in(self, address: int, complete: Callable[[], None]) -> None:
        self.counts["dma_lines_in"] += 1

        def write_row() -> None:
            self._agenda.at(self._agenda.now + 1, Phase.ARRIVE, complete)

        self._dram.read(address, lambda: self._ports.request(write_row))

    def _burst_complete(self, progress: Progress) -> None:
        progress.completed += 1
        if progress.completed == progress.bursts:
            self._free_channels += 1
            self._finish(progress.transfer.node)
            self._begin()
        else:
            self._issue(progress)
