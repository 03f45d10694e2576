"""Loads of what is known already, and stores that nobody reads before the next one.

An element is known once it was loaded or stored, until something may write it. What is
known in a block is known in the blocks inside its operations, too.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from xdsl.dialects import memref
from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.traits import is_side_effect_free

from tapeflow.analysis.ir.control_flow import BRANCHES
from tapeflow.analysis.memory.aliasing import Buffers
from tapeflow.analysis.scheduling.locations import (
    MOST_COMPARED,
    Access,
    Location,
    is_plain,
    location_of,
)


@dataclass(frozen=True)
class KnownElements:
    """What a function need not load and need not store."""

    values: dict[memref.LoadOp, SSAValue] = field(
        default_factory=dict[memref.LoadOp, SSAValue]
    )
    """By load, the value that it gives; never the result of another one of these."""
    overwritten: list[memref.StoreOp] = field(default_factory=list[memref.StoreOp])
    """What is stored again before anything may read it."""


def find_known_elements(function: FuncOp, buffers: Buffers) -> KnownElements:
    """One walk, linear in the size of the function."""
    walk = _Walk(buffers)
    walk.blocks(function.body.blocks)
    return walk.found


def writes_by_operation(buffers: Buffers) -> dict[Operation, set[SSAValue]]:
    """The buffers that each operation, or one inside it, may write."""
    found: dict[Operation, set[SSAValue]] = defaultdict(set)
    for buffer, writes in buffers.writes.items():
        for op in (*writes, *buffers.around_writes[buffer]):
            found[op].add(buffer)
    return found


class _Walk:
    def __init__(self, buffers: Buffers):
        self.found = KnownElements()
        self._buffers = buffers
        self._writes = writes_by_operation(buffers)
        self._known: dict[SSAValue, dict[Location, SSAValue]] = defaultdict(dict)
        self._undo: list[tuple[Location, SSAValue | None]] = []
        self._unread: dict[SSAValue, dict[Location, memref.StoreOp]] = {}

    def blocks(self, blocks: Iterable[Block]) -> None:
        """Each by itself, with what is known in front of all of them."""
        several = tuple(blocks)
        for block in several:
            mark = len(self._undo)
            if len(several) > 1:
                self._forget(tuple(self._known))
            self._unread.clear()
            for op in block.ops:
                self._look_at(op)
            self._back_to(mark)
        self._unread.clear()

    def _look_at(self, op: Operation) -> None:
        match op:
            case memref.LoadOp() if is_plain(op):
                self._load(op)
            case memref.StoreOp():
                self._store(op)
            case _ if op.regions:
                self._enter(op)
            case _ if not is_side_effect_free(op):
                self._unread.clear()
                self._forget(self._writes.get(op, ()))
                if isinstance(op, memref.DeallocOp):
                    self._forget((self._buffers.of(op.memref),))
            case _:
                pass

    def _load(self, op: memref.LoadOp) -> None:
        at = self._location(op)
        buffer = self._buffers.of(at.buffer)
        value = self._known[buffer].get(at)
        if value is not None:
            self.found.values[op] = value
            return
        self._keep_apart(at, self._unread.get(buffer))
        self._know(at, op.res)

    def _store(self, op: memref.StoreOp) -> None:
        at = self._location(op)
        buffer = self._buffers.of(at.buffer)
        known = self._known[buffer]
        for other in [*known]:
            if len(known) > MOST_COMPARED or not at.is_apart(other, self._buffers):
                self._know(other, None)
        if not is_plain(op):
            self._unread.pop(buffer, None)
            return
        unread = self._unread.setdefault(buffer, {})
        if at in unread:
            self.found.overwritten.append(unread[at])
        unread[at] = op
        self._know(at, self._value(op.value))

    def _enter(self, op: Operation) -> None:
        mark = len(self._undo)
        written = self._writes.get(op, ())
        if type(op) not in BRANCHES:
            self._forget(written)  # by an earlier iteration
        for region in op.regions:
            self.blocks(region.blocks)
        self._back_to(mark)
        self._forget(written)

    def _location(self, op: Access) -> Location:
        at = location_of(op)
        subscripts = tuple(map(self._value, at.subscripts))
        return Location(at.buffer, subscripts)

    def _value(self, value: SSAValue) -> SSAValue:
        owner = value.owner
        if isinstance(owner, memref.LoadOp):
            return self.found.values.get(owner, value)
        return value

    def _keep_apart(
        self, at: Location, others: dict[Location, memref.StoreOp] | None
    ) -> None:
        """A load reads all stores that are not surely to other elements."""
        if others and len(others) > MOST_COMPARED:
            others.clear()
        for other in [*(others or ())]:
            if others and not at.is_apart(other, self._buffers):
                del others[other]

    def _know(self, at: Location, value: SSAValue | None) -> None:
        known = self._known[self._buffers.of(at.buffer)]
        self._undo.append((at, known.get(at)))
        if value is None:
            known.pop(at, None)
        else:
            known[at] = value

    def _forget(self, buffers: Iterable[SSAValue]) -> None:
        for buffer in buffers:
            for at in [*self._known.get(buffer, ())]:
                self._know(at, None)

    def _back_to(self, mark: int) -> None:
        while len(self._undo) > mark:
            at, value = self._undo.pop()
            known = self._known[self._buffers.of(at.buffer)]
            if value is None:
                known.pop(at, None)
            else:
                known[at] = value
