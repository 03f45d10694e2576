"""In which loops around it a value varies: saved in the others, it is saved again.

A value is invariant in a loop if nothing that it is computed from changes from one
iteration to the next, at equal iterations of inner loops: no induction variable or
carried value of the loop, and no memory that the loop writes.
"""

from xdsl.dialects import memref, scf
from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, BlockArgument, Operation, OpResult, SSAValue

from tapeflow.analysis.ir.control_flow import STRUCTURED, decided_by, sources_of
from tapeflow.analysis.ir.side_effects import is_side_effect_free
from tapeflow.analysis.memory.aliasing import Buffers, ancestors, find_buffers


class InvariantLoops:
    """Answers for one function, which stays as it is."""

    def __init__(self, function: FuncOp):
        self._buffers: Buffers = find_buffers(function)

    def around(self, value: SSAValue, place: Operation) -> list[scf.ForOp]:
        """The loops around a place in which a value that is used there is invariant."""
        loops = [op for op in ancestors(place) if isinstance(op, scf.ForOp)]
        return [loop for loop in loops if self.is_invariant(value, loop)]

    def is_invariant(self, value: SSAValue, loop: scf.ForOp) -> bool:
        """Whether a value is the same in all iterations of a loop.

        What an inner loop carries is followed around: if nothing that varies is met on
        the way, nothing varies.
        """
        seen: set[SSAValue] = set()
        work = [value]
        while work:
            current = work.pop()
            if current in seen or not _is_inside(current, loop):
                continue
            seen.add(current)
            sources = self._sources(current, loop)
            if sources is None:
                return False
            work.extend(sources)
        return True

    def _sources(self, value: SSAValue, loop: scf.ForOp) -> list[SSAValue] | None:
        """What a value inside the loop depends on; None if it varies by itself."""
        if isinstance(value, BlockArgument):
            return _argument_sources(value, loop)
        assert isinstance(value, OpResult)
        op = value.op
        # Which branch is taken, and how often an inner loop runs, matters as well.
        if type(op) in STRUCTURED:
            return [*decided_by(op), *sources_of(value)]
        if isinstance(op, memref.LoadOp):
            return None if self._writes(loop, op.memref) else [*op.operands]
        if _computes(op):
            return [*op.operands]
        return None

    def _writes(self, loop: scf.ForOp, buffer: SSAValue) -> bool:
        """Whether a loop writes to a buffer."""
        writers = self._buffers.around_writes.get(self._buffers.of(buffer), frozenset())
        return loop in writers


def _computes(op: Operation) -> bool:
    """Whether the result depends on the operands alone; a division may fail as well."""
    if isinstance(op, memref.DimOp) or op.name.startswith(("arith.", "math.")):
        return True
    return not op.regions and is_side_effect_free(op)


def _is_inside(value: SSAValue, loop: scf.ForOp) -> bool:
    owner = value.owner
    place = owner.parent_op() if isinstance(owner, Block) else owner
    return place is not None and loop in ancestors(place)


def _argument_sources(value: BlockArgument, loop: scf.ForOp) -> list[SSAValue] | None:
    """What a block argument depends on; None if the loop itself changes it."""
    inner = value.block.parent_op()
    if inner is loop or not isinstance(inner, scf.ForOp):
        return None
    carried = sources_of(value)
    return [inner.lb, *carried] if carried else [inner.lb, inner.step]
