"""A program as the machine sees it: operations, and what each has to wait for."""

from collections.abc import Iterator
from dataclasses import dataclass

from hwmodel import OPERATION_TABLE, Operation, Ring, Unit


@dataclass(frozen=True)
class Node:
    """One micro-operation, or a merge of values, which takes no time and no place."""

    kind: int
    """A `hwmodel.Operation`."""
    operands: tuple[int, ...]
    """Nodes whose results it needs, by number."""
    address: int = 0
    aux: int = 0
    """Bytes of an access, ring of a DMA command."""

    @property
    def unit(self) -> Unit:
        """Where it executes; NONE for a merge."""
        return OPERATION_TABLE[Operation(self.kind)].unit


@dataclass(frozen=True)
class Trace:
    """Nodes in program order, and the rings that DMA commands name."""

    nodes: tuple[Node, ...]
    rings: tuple[Ring, ...] = ()

    def accesses(self) -> Iterator[tuple[bool, int, int]]:
        """Loads and stores through the cache: is it a store, address, bytes."""
        for node in self.nodes:
            if node.unit == Unit.CACHE:
                yield node.kind == Operation.STORE, node.address, node.aux
