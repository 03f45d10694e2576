"""The datapath in order of time: window, issue, functional units, retirement."""

import heapq
from collections import Counter
from collections.abc import Callable

from hwmodel import OPERATION_TABLE, Machine, Operation, Unit

from .agenda import Agenda, Phase
from .trace import Trace

BLOCKING = (Operation.DRAIN, Operation.FILL)


class Datapath:
    """Starts the oldest ready operations of the window for which there is room.

    `start` is called with an operation's number when it starts; `finish` is to be
    called when it is done. `is_free` tells whether a unit takes one more operation in
    this cycle.
    """

    def __init__(
        self,
        machine: Machine,
        trace: Trace,
        agenda: Agenda,
        is_free: Callable[[Unit], bool],
        start: Callable[[int], None],
    ) -> None:
        self._machine, self._agenda = machine, agenda
        self._nodes = trace.nodes
        self._is_free, self._start = is_free, start
        self._order = [i for i, n in enumerate(self._nodes) if n.unit != Unit.NONE]
        self._retired = self._entered = 0
        self._is_inside = [False] * len(self._nodes)
        self._is_ready = [False] * len(self._nodes)
        self._is_done = [False] * len(self._nodes)
        self._waiting: dict[Unit, list[int]] = {unit: [] for unit in Unit}
        self._issue_cycle = -1
        self._issued = 0
        self.counts: Counter[str] = Counter()

    def begin(self) -> None:
        """Let the first operations into the window."""
        self._enter()

    def ready(self, number: int) -> None:
        """The operands of an operation are there."""
        self._is_ready[number] = True
        if self._is_inside[number]:
            self._offer(number)

    def done(self, number: int) -> None:
        """An operation is done: it retires once all older ones have."""
        self._is_done[number] = True
        order = self._order
        while self._retired < len(order) and self._is_done[order[self._retired]]:
            self._retired += 1
            self.counts["cycles"] = self._agenda.now
        self._enter()

    def _enter(self) -> None:
        """Open the window, but not beyond a transfer that blocks."""
        order = self._order
        limit = min(len(order), self._retired + self._machine.datapath.window)
        while self._entered < limit:
            before = order[self._entered - 1] if self._entered else None
            blocks = before is not None and self._nodes[before].kind in BLOCKING
            if before is not None and blocks and not self._is_done[before]:
                return
            number = order[self._entered]
            self._entered += 1
            self._is_inside[number] = True
            if self._is_ready[number]:
                self._offer(number)

    def _offer(self, number: int) -> None:
        heapq.heappush(self._waiting[self._nodes[number].unit], number)
        self._wake(self._agenda.now)

    def _wake(self, cycle: int) -> None:
        if self._issue_cycle < cycle:
            self._issue_cycle = cycle
            self._issued = 0
            self._agenda.at(cycle, Phase.ISSUE, self._issue)

    def _issue(self) -> None:
        width = self._machine.datapath.issue_width
        while not width or self._issued < width:
            unit = self._oldest_that_fits()
            if unit is None:
                break
            self._issued += 1
            self._start(heapq.heappop(self._waiting[unit]))
        if any(self._waiting.values()):
            self._wake(self._agenda.now + 1)

    def _oldest_that_fits(self) -> Unit | None:
        units = [u for u, queue in self._waiting.items() if queue and self._is_free(u)]
        return min(units, key=lambda unit: self._waiting[unit][0], default=None)


class FunctionalUnits:
    """Units of one class; a unit that is not pipelined is busy until its result."""

    def __init__(self, count: int, agenda: Agenda) -> None:
        self._count, self._agenda = count, agenda
        self._busy_until: list[int] = []

    def is_free(self) -> bool:
        """Whether a unit takes an operation in this cycle."""
        while self._busy_until and self._busy_until[0] <= self._agenda.now:
            heapq.heappop(self._busy_until)
        return not self._count or len(self._busy_until) < self._count

    def take(self, cycles: int) -> None:
        """Keep a unit that is free busy for so long."""
        heapq.heappush(self._busy_until, self._agenda.now + cycles)


def latency_and_interval(kind: int, machine: Machine) -> tuple[int, int]:
    """Cycles to the result of an arithmetic operation, and until its unit is free."""
    figures = OPERATION_TABLE[Operation(kind)]
    overrides = dict(machine.datapath.latency_cycles)
    latency = overrides.get(Operation(kind).name, figures.latency_cycles)
    intervals = dict(machine.datapath.interval_cycles)
    interval = 1 if figures.pipelined else max(1, latency)
    return latency, intervals.get(Operation(kind).name, interval)
