"""What the operations of an iteration wait for, and which touch memory that changes."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from xdsl.dialects import cf, memref, scf
from xdsl.ir import BlockArgument, Operation, SSAValue

from tapeflow.analysis.ir.operation_costs import INTEGER_DIVISIONS, PRICES, TRANSFERS
from tapeflow.analysis.ir.side_effects import is_side_effect_free
from tapeflow.analysis.memory.aliasing import Buffers
from tapeflow.dialects import address, spm
from tapeflow.dialects.field_access import FieldLoadOp, FieldStoreOp

Memory: TypeAlias = SSAValue | str
"""What an access may touch, by a value, or by a name where any may be meant."""


@dataclass(frozen=True)
class LoopDependences:
    """The operations of a loop's body without its terminator.

    An operation with regions counts as one, with all that it holds.
    """

    operations: tuple[Operation, ...]
    operands: dict[Operation, frozenset[SSAValue]]
    """Also those of operations inside."""
    before: dict[Operation, frozenset[Operation]]
    """Of the same iteration, what has to run first: for its results or its accesses."""
    changing: dict[Operation, tuple[frozenset[Operation], ...]]
    """By operation, the accesses to each memory it touches, if the loop writes that."""


def find_dependences(loop: scf.ForOp, buffers: Buffers) -> LoopDependences | None:
    """None where the body holds loops, or effects or prices not known."""
    *operations, _ = loop.body.block.ops
    touched: dict[Operation, _Accesses] = {}
    for op in operations:
        accesses = _Accesses()
        if not all(accesses.add(inner, buffers) for inner in op.walk()):
            return None
        touched[op] = accesses
    operands = {
        op: frozenset(value for inner in op.walk() for value in inner.operands)
        for op in operations
    }
    before = _orders(touched)
    for op in operations:
        before[op] |= {v.owner for v in operands[op] if v.owner in touched}  # pyright: ignore
    return LoopDependences(
        tuple(operations),
        operands,
        {op: frozenset(found) for op, found in before.items()},
        _changing(touched),
    )


@dataclass
class _Accesses:
    """The memory an operation reads and writes."""

    read: set[Memory] = field(default_factory=set[Memory])
    written: set[Memory] = field(default_factory=set[Memory])

    def add(self, op: Operation, buffers: Buffers) -> bool:
        """Note what an operation touches; whether that is known."""
        match op:
            case memref.LoadOp() | address.LoadOp():
                self.read.add(buffers.of(op.memref))
            case memref.StoreOp() | address.StoreOp():
                self.written.add(buffers.of(op.memref))
            case _ if isinstance(op, TRANSFERS):
                self.written.add(records_of(op.operands[0]))
            case FieldLoadOp() if _is_ring(op.memory):
                # The record is taken off: the rest of the ring is for those behind it.
                self.written.add(op.memory)
            case FieldLoadOp():
                self.read.add(records_of(op.memory))
            case FieldStoreOp():
                self.written.add(records_of(op.memory))
            case scf.IfOp() | scf.YieldOp() | cf.AssertOp():
                pass
            case _ if isinstance(op, INTEGER_DIVISIONS):
                pass  # No run is added, so none traps that did not.
            case _:
                return type(op) in PRICES and is_side_effect_free(op)
        return True

    def __iter__(self) -> Iterator[Memory]:
        return iter(self.read | self.written)


def records_of(memory: SSAValue) -> Memory:
    """Rings lie apart; an arena that grows has a new name in each loop and branch."""
    return memory if _is_ring(memory) else "arenas"


def _is_ring(memory: SSAValue) -> bool:
    return isinstance(memory.owner, spm.AllocateOp)


def _orders(touched: dict[Operation, _Accesses]) -> dict[Operation, set[Operation]]:
    """By operation, the accesses before it that it must not overtake."""
    before: dict[Operation, set[Operation]] = {op: set() for op in touched}
    last_write: dict[Memory, Operation] = {}
    reads_since: dict[Memory, list[Operation]] = defaultdict(list)
    for op, accesses in touched.items():
        for memory in accesses:
            if memory in last_write:
                before[op].add(last_write[memory])
            if memory in accesses.written:
                before[op].update(reads_since.pop(memory, ()))
                last_write[memory] = op
            else:
                reads_since[memory].append(op)
    return before


def _changing(
    touched: dict[Operation, _Accesses],
) -> dict[Operation, tuple[frozenset[Operation], ...]]:
    by_memory: dict[Memory, set[Operation]] = defaultdict(set)
    for op, accesses in touched.items():
        for memory in accesses:
            by_memory[memory].add(op)
    written = {memory for accesses in touched.values() for memory in accesses.written}
    groups = {memory: frozenset(by_memory[memory]) for memory in written}
    return {
        op: tuple(groups[memory] for memory in accesses if memory in written)
        for op, accesses in touched.items()
    }


def carried_number(value: SSAValue, loop: scf.ForOp) -> int | None:
    """Which of the carried values an argument of a loop's body is."""
    if isinstance(value, BlockArgument) and value.block is loop.body.block:
        return value.index - 1 if value.index else None
    return None
