"""Buffers whose writes the reverse sweep can undo.

If each store of the forward sweep saves what it overwrites, and its reverse puts that
back, then the reverse sweep finds in the buffer what the forward sweep found there, and
loads can be done again. This saves one value per change instead of one per use (the
value restoration of Tapenade: Hascoet, Naumann & Pascual, 2005).
"""

from bisect import bisect
from dataclasses import dataclass

from xdsl.dialects import func, memref, scf
from xdsl.ir import Block, BlockArgument, Operation, SSAValue

from tapeflow.analysis.differentiation.activity import Activity
from tapeflow.analysis.differentiation.differentiability import (
    active_buffers_carried,
    permutation_of,
)
from tapeflow.analysis.differentiation.scopes import Scopes
from tapeflow.analysis.ir.control_flow import LOOPS
from tapeflow.analysis.memory.aliasing import Buffers, ancestors
from tapeflow.analysis.memory.later_writes import MOST_WRITES, LaterWrites
from tapeflow.analysis.memory.overwriting import Accesses


@dataclass(frozen=True)
class Undo:
    """A buffer whose writes can be undone."""

    buffer: SSAValue
    """The representative."""
    stores: tuple[memref.StoreOp, ...]
    """Those that overwrite something which is read before."""
    kept: tuple[memref.StoreOp, ...]
    """The others, which are not undone: what they overwrite, no load has read."""
    arguments: tuple[SSAValue, ...]
    """Its names that are arguments, whose final contents belong to the caller."""

    def restores(
        self, access: memref.LoadOp | memref.StoreOp, later: LaterWrites
    ) -> bool:
        """Whether all writes are undone that may come behind an access it has."""
        if isinstance(access, memref.LoadOp):
            return True
        return len(self.kept) <= MOST_WRITES and not any(
            later.may_overwrite(write, access) for write in self.kept
        )


def find_undoable(
    function: func.FuncOp,
    activity: Activity,
    accesses: Accesses,
    scopes: Scopes,
    later: LaterWrites,
) -> dict[SSAValue, Undo]:
    """The buffers that can be restored, by representative.

    These are active buffers that live as long as the function and are only stored to,
    outside of fused loops. Where a loop swaps buffers, the reverse swaps them back.
    """
    entry, buffers = function.body.block, activity.buffers
    loads: dict[SSAValue, list[memref.LoadOp]] = {}
    for op in function.walk():
        if not isinstance(op, memref.LoadOp) or scopes.around(op) is not entry:
            continue
        if not later.unchanged_after(op, entry):
            loads.setdefault(buffers.of(op.memref), []).append(op)
    undoable: dict[SSAValue, Undo] = {}
    for buffer, reads in loads.items():
        writes = buffers.writes[buffer]
        if not activity.active(buffer) or not _is_restorable(
            accesses.names[buffer], entry, activity
        ):
            continue
        stores = [
            op
            for op in writes
            if isinstance(op, memref.StoreOp) and scopes.around(op) is entry
        ]
        if len(stores) < len(writes):
            continue
        first = min(reads, key=buffers.order.__getitem__)
        needed = tuple(op for op in stores if _follows(op, first, reads, buffers))
        arguments = tuple(v for v in accesses.names[buffer] if v in entry.args)
        undone = frozenset(needed)
        kept = tuple(op for op in stores if op not in undone)
        undoable[buffer] = Undo(buffer, needed, kept, arguments)
    return undoable


def _is_restorable(
    names: frozenset[SSAValue], entry: Block, activity: Activity
) -> bool:
    """Whether the reverse sweep can name the buffer wherever the forward sweep does."""
    swapped = False
    for name in names:
        owner = name.owner
        if isinstance(name, BlockArgument):
            parent = name.block.parent_op()
            if name.block is entry:
                continue
            if not isinstance(parent, scf.ForOp):
                return False
            owner, swapped = parent, True
        if owner.parent is not entry:
            return False
        if isinstance(owner, scf.ForOp):
            swapped = True
            carried = active_buffers_carried(owner, activity)
            if permutation_of(owner, carried) is None:
                return False
        elif not isinstance(owner, memref.AllocOp | memref.AllocaOp):
            return False
    return not (swapped and any(name in entry.args for name in names))


def _follows(
    store: memref.StoreOp,
    first: memref.LoadOp,
    reads: list[memref.LoadOp],
    buffers: Buffers,
) -> bool:
    """Whether a store may overwrite what a load has read."""
    if buffers.order[first] < buffers.order[store]:
        return True
    around = {op for op in ancestors(store) if type(op) in LOOPS}
    return any(not around.isdisjoint(ancestors(read)) for read in reads)


def next_write(op: Operation, buffer: SSAValue, buffers: Buffers) -> Operation | None:
    """The next operation of the block of `op` that is or holds a write of a buffer."""
    writes = buffers.writes.get(buffers.of(buffer), ())
    position = bisect(writes, buffers.order[op], key=buffers.order.__getitem__)
    block = op.parent
    assert block is not None
    if position == len(writes):
        return None
    return block.find_ancestor_op_in_block(writes[position])
