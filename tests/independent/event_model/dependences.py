"""Who waits for whom: what program order demands, and nothing more.

Beside its operands a load waits for the last store to one of its bytes, a store for the
last store and the loads after it. In the scratchpad an access also waits for the last
transfer of its slot, a transfer out for the stores to its slot, one in for the loads as
well. Transfers are nodes of their own, numbered after those of the trace.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from hwmodel import Machine, Operation, Ring, Unit

from .trace import Node, Trace

OUT = (Operation.ENQUEUE, Operation.DRAIN)
IN = (Operation.PREFETCH, Operation.FILL)


@dataclass(frozen=True)
class Transfer:
    """One tile, or its first bursts, on the way out of the scratchpad or into it."""

    node: int
    command: int
    ring: int
    is_out: bool
    dram_address: int
    bursts: int


@dataclass
class Graph:
    """Waits of all nodes, and the transfers."""

    waits: list[set[int]]
    transfers: list[Transfer] = field(default_factory=list[Transfer])
    transfer_of: dict[int, int] = field(default_factory=dict[int, int])
    """The transfer that ends a DMA command: its own, or the last of its slot."""


class Memory:
    """The last store and the loads since, for each byte."""

    def __init__(self) -> None:
        self._stored: dict[int, int] = {}
        self._loaded: defaultdict[int, list[int]] = defaultdict(list)

    def access(self, number: int, node: Node, is_store: bool) -> Iterable[int]:
        """Enter an access; the nodes it waits for."""
        waits: set[int] = set()
        for byte in range(node.address, node.address + node.aux):
            if byte in self._stored:
                waits.add(self._stored[byte])
            if is_store:
                waits.update(self._loaded.pop(byte, ()))
                self._stored[byte] = number
            else:
                self._loaded[byte].append(number)
        return waits


@dataclass
class Slot:
    """Accesses to a slot since its last transfers."""

    stores: list[int] = field(default_factory=list[int])
    loads: list[int] = field(default_factory=list[int])
    transfer: int | None = None


class Builder:
    """Goes over a trace once, in program order."""

    def __init__(self, trace: Trace, machine: Machine) -> None:
        self._trace = trace
        self._burst = machine.dma.burst_bytes
        self._machine = machine
        self._cached, self._scratchpad = Memory(), Memory()
        self._slots: defaultdict[tuple[int, int], Slot] = defaultdict(Slot)
        self._heads = [0] * len(trace.rings)
        self.graph = Graph([set(node.operands) for node in trace.nodes])

    def add(self, number: int, node: Node) -> None:
        """The waits of one node."""
        waits = self.graph.waits[number]
        if node.unit == Unit.CACHE:
            is_store = node.kind == Operation.STORE
            waits.update(self._cached.access(number, node, is_store))
        elif node.unit == Unit.SCRATCHPAD:
            is_store = node.kind == Operation.SPM_STORE
            waits.update(self._scratchpad.access(number, node, is_store))
            slot = self._slot_at(node.address)
            if slot is not None:
                (slot.stores if is_store else slot.loads).append(number)
                waits.update(() if slot.transfer is None else (slot.transfer,))
        elif node.unit == Unit.DMA:
            self._command(number, node)

    def _slot_at(self, address: int) -> Slot | None:
        for number, ring in enumerate(self._trace.rings):
            index = (address - ring.scratchpad_address) // ring.pitch_bytes
            if 0 <= index < ring.slots:
                return self._slots[number, index]
        return None

    def _command(self, number: int, node: Node) -> None:
        if node.kind == Operation.RELOAD:
            self._reload(number, node)
            return
        slot = self._slot_at(node.address)
        assert slot is not None
        if node.kind in (*OUT, *IN):
            tile = self._moved_tile(node, self._trace.rings[node.aux])
            bursts = self._trace.rings[node.aux].burst_count(self._burst)
            if tile >= 0:
                self._transfer(number, node, slot, tile, bursts, node.kind in OUT)
        elif slot.transfer is not None:
            self.graph.transfer_of[number] = slot.transfer

    def _reload(self, number: int, node: Node) -> None:
        """What the current tile holds goes out; then all tiles on chip come again."""
        ring, head = self._trace.rings[node.aux], self._heads[node.aux]
        start = ring.scratchpad_address + head % ring.slots * ring.pitch_bytes
        held = -(-(node.address - start) // self._burst)
        current = self._slots[node.aux, head % ring.slots]
        if held:
            self._transfer(number, node, current, head, held, True)
        for tile in range(head, max(-1, head - ring.slots), -1):
            bursts = held if tile == head else ring.burst_count(self._burst)
            if bursts:
                slot = self._slots[node.aux, tile % ring.slots]
                self._transfer(number, node, slot, tile, bursts, False)

    def _moved_tile(self, node: Node, ring: Ring) -> int:
        """Out goes the current tile, in comes the one before or one ring before."""
        head = self._heads[node.aux]
        self._heads[node.aux] += 1 if node.kind in OUT else -1
        if node.kind in OUT:
            return head
        return head - 1 if node.kind == Operation.FILL else head - ring.slots

    def _transfer(
        self,
        number: int,
        node: Node,
        slot: Slot,
        tile: int,
        bursts: int,
        is_out: bool,
    ) -> None:
        waits = set(slot.stores)
        if not is_out:
            waits.update(slot.loads)
            slot.loads.clear()
        slot.stores.clear()
        waits.update(() if slot.transfer is None else (slot.transfer,))
        ring = self._trace.rings[node.aux]
        moved = ring.burst_count(self._burst) * self._burst
        address = ring.stack_address(node.aux, self._machine) + tile * moved
        slot.transfer = len(self.graph.waits)
        self.graph.waits.append(waits)
        self.graph.transfer_of[number] = slot.transfer
        transfer = Transfer(slot.transfer, number, node.aux, is_out, address, bursts)
        self.graph.transfers.append(transfer)


def dependences(trace: Trace, machine: Machine) -> Graph:
    """The waits of a trace's nodes and transfers on `machine`."""
    builder = Builder(trace, machine)
    for number, node in enumerate(trace.nodes):
        builder.add(number, node)
    return builder.graph
