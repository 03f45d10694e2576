"""Copies: stores of what was just loaded from another buffer, and the loops around."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from xdsl.dialects import memref, scf
from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, Operation, SSAValue

from tapeflow.analysis.ir.constants import constant_of

Access: TypeAlias = memref.LoadOp | memref.StoreOp

PLAIN_USES = (memref.LoadOp, memref.StoreOp, memref.DimOp, memref.DeallocOp)
"""What gives a buffer no other name."""


@dataclass(frozen=True)
class Copy:
    """`target[f(i)] = origin[g(i)]` for the iterations i of the loops around it."""

    load: memref.LoadOp
    store: memref.StoreOp

    @property
    def target(self) -> SSAValue:
        """The buffer that is written."""
        return self.store.memref

    @property
    def origin(self) -> SSAValue:
        """The buffer that is read."""
        return self.load.memref


def find_copies(function: FuncOp) -> Iterator[Copy]:
    """The copies of a function from one buffer to another, in program order."""
    for op in function.walk():
        if not isinstance(op, memref.StoreOp) or op.attributes:
            continue
        load = op.value.owner
        if not isinstance(load, memref.LoadOp) or load.attributes:
            continue
        if load.parent is op.parent and load.memref is not op.memref:
            yield Copy(load, op)


def is_plain(buffer: SSAValue) -> bool:
    """Whether a buffer has no name but this one."""
    return all(
        isinstance(use.operation, PLAIN_USES)
        and not (isinstance(use.operation, memref.StoreOp) and use.index == 0)
        for use in buffer.uses
    )


def is_own(buffer: SSAValue) -> bool:
    """Whether a buffer is allocated here and has no other name."""
    return isinstance(buffer.owner, memref.AllocOp) and is_plain(buffer)


def accesses_of(buffer: SSAValue) -> list[Access]:
    """The loads and stores of a buffer that has no other name."""
    ops = (use.operation for use in buffer.uses)
    return [op for op in ops if isinstance(op, memref.LoadOp | memref.StoreOp)]


def loops_within(block: Block, op: Operation) -> list[scf.ForOp] | None:
    """The loops around an operation inside a block, outermost first.

    None if anything else is around it, or if a loop does not count up by one.
    """
    loops: list[scf.ForOp] = []
    while op.parent is not block:
        around = op.parent_op()
        if not isinstance(around, scf.ForOp) or constant_of(around.step) != 1:
            return None
        loops.append(around)
        op = around
    return loops[::-1]


def common_block(ops: Sequence[Operation]) -> Block:
    """The innermost block around all operations of one function."""
    block = ops[0].parent
    while block is not None:
        if all(block.find_ancestor_op_in_block(op) is not None for op in ops):
            return block
        block = block.parent_block()
    raise ValueError("the operations are of different functions")
