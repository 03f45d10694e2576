"""The whole machine, event by event."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from itertools import chain

from hwmodel import Machine, Operation, Unit

from .agenda import Agenda, Phase
from .cache import Cache
from .datapath import Datapath, FunctionalUnits, latency_and_interval
from .dependences import dependences
from .dma import Dma
from .dram import Dram
from .ports import Banks, Ports
from .trace import Trace


def simulate(trace: Trace, machine: Machine) -> Mapping[str, int]:
    """Run a trace; counters under the names that `hwmodel.Counters` has for them."""
    model = EventModel(trace, machine)
    model.run()
    return model.counters()


class EventModel:
    """The components, and the waits between operations."""

    def __init__(self, trace: Trace, machine: Machine) -> None:
        self._trace, self._machine = trace, machine
        self._agenda = agenda = Agenda()
        self._dram = Dram(machine, agenda)
        self._cache_ports = Ports(machine.cache.ports, agenda)
        self._cache = Cache(machine, agenda, self._dram, self._cache_ports)
        self._pad_ports = Ports(machine.scratchpad.ports, agenda)
        self._banks = Banks(machine.scratchpad.banks, agenda)
        self._dma = Dma(machine, agenda, self._dram, self._pad_ports, self._finish)
        self._units = {
            Unit.INTEGER: FunctionalUnits(machine.datapath.integer_units, agenda),
            Unit.FLOAT: FunctionalUnits(machine.datapath.float_units, agenda),
        }
        self._datapath = Datapath(machine, trace, agenda, self._is_free, self._start)
        self._graph = dependences(trace, machine)
        self._missing = [len(waits) for waits in self._graph.waits]
        self._followers: defaultdict[int, list[int]] = defaultdict(list)
        for number, waits in enumerate(self._graph.waits):
            for other in waits:
                self._followers[other].append(number)
        self._is_finished = [False] * len(self._graph.waits)
        self._when_finished: defaultdict[int, list[Callable[[], None]]] = defaultdict(
            list
        )
        self._own_transfers = defaultdict[int, list[int]](list)
        for transfer in self._graph.transfers:
            self._own_transfers[transfer.command].append(transfer.node)
        for node in chain.from_iterable(self._own_transfers.values()):
            self._missing[node] += 1  # the command itself
        self.counts: Counter[str] = Counter()

    def run(self) -> None:
        """Work until every operation is done."""
        self._dma.prepare(self._graph.transfers)
        self._datapath.begin()
        for number, missing in enumerate(self._missing[: len(self._trace.nodes)]):
            if not missing and not self._is_finished[number]:
                self._ready(number)
        self._agenda.run()
        assert all(self._is_finished)

    def counters(self) -> Mapping[str, int]:
        """What was counted; dirty lines at the end are written back."""
        parts = (self._datapath, self._cache, self._dram, self._dma, self)
        counts = sum((part.counts for part in parts), Counter[str]())
        counts["write_backs"] += self._cache.dirty_lines()
        return counts

    def _ready(self, number: int) -> None:
        if number >= len(self._trace.nodes):
            self._dma.ready(number)
        elif self._is_operation(number):
            self._datapath.ready(number)
        else:
            self._finish(number)

    def _finish(self, number: int) -> None:
        """A node is done: those that wait for nothing else become ready."""
        pending = [number]
        while pending:
            finished = pending.pop()
            self._is_finished[finished] = True
            if self._is_operation(finished):
                self._datapath.done(finished)
            for action in self._when_finished.pop(finished, ()):
                action()
            for follower in self._followers[finished]:
                if self._released(follower):
                    pending.append(follower)

    def _released(self, number: int) -> bool:
        """One wait less; whether the node is a merge that is thereby done."""
        self._missing[number] -= 1
        if self._missing[number]:
            return False
        if number < len(self._trace.nodes) and not self._is_operation(number):
            return True
        self._ready(number)
        return False

    def _is_operation(self, number: int) -> bool:
        """Whether a node is neither a merge nor a transfer."""
        nodes = self._trace.nodes
        return number < len(nodes) and nodes[number].unit != Unit.NONE

    def _is_free(self, unit: Unit) -> bool:
        if unit in self._units:
            return self._units[unit].is_free()
        if unit == Unit.CACHE:
            return self._cache_ports.is_free()
        return unit != Unit.SCRATCHPAD or self._pad_ports.is_free()

    def _start(self, number: int) -> None:
        node, machine = self._trace.nodes[number], self._machine
        if node.unit == Unit.CACHE:
            self._cache_ports.take()
            is_store = node.kind == Operation.STORE
            _check_aligned(node.address, node.aux)
            self._cache.access(node.address, is_store, lambda: self._finish(number))
        elif node.unit == Unit.SCRATCHPAD:
            self._pad_ports.take()
            _check_aligned(node.address, node.aux)
            is_store = node.kind == Operation.SPM_STORE
            self.counts["scratchpad_writes" if is_store else "scratchpad_reads"] += 1
            cycles = 1 if is_store else machine.scratchpad.latency_cycles
            self._banks.use(node.address, lambda: self._later(number, cycles))
        elif node.unit == Unit.DMA:
            self._command(number)
        else:
            latency, interval = latency_and_interval(node.kind, machine)
            self._units[node.unit].take(interval)
            self._later(number, latency)

    def _later(self, number: int, cycles: int) -> None:
        if cycles:
            cycle = self._agenda.now + cycles
            self._agenda.at(cycle, Phase.ARRIVE, lambda: self._finish(number))
        else:
            self._finish(number)

    def _command(self, number: int) -> None:
        """A DMA command is accepted one cycle after its start."""
        accepted = self._agenda.now + 1
        for own in self._own_transfers.get(number, ()):
            self._agenda.at(accepted, Phase.ARRIVE, lambda own=own: self._release(own))
        awaited = self._graph.transfer_of.get(number)
        is_asynchronous = self._trace.nodes[number].kind in (
            Operation.ENQUEUE,
            Operation.PREFETCH,
            Operation.RELOAD,
        )
        if awaited is None or is_asynchronous or self._is_finished[awaited]:
            self._later(number, 1)
            return

        def end() -> None:
            self.counts["dma_stall_cycles"] += max(0, self._agenda.now - accepted)
            done = max(self._agenda.now, accepted)
            self._agenda.at(done, Phase.ARRIVE, lambda: self._finish(number))

        self._when_finished[awaited].append(end)

    def _release(self, number: int) -> None:
        if self._released(number):
            raise AssertionError("a transfer is no merge")


def _check_aligned(address: int, size: int) -> None:
    if address // 8 != (address + size - 1) // 8:
        raise ValueError(f"{size} bytes at {address} lie in two words of 8 bytes")
