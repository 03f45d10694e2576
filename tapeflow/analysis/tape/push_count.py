"""How often a push runs at most: the trip counts of its loops, and what they need.

A loop's bounds may be computed inside outer loops. What computes them is repeated in
front of the whole nest (its *slice*), if that is safe: ops without effects, and loads
that nothing overwrites before the last push. Loops whose induction variable, or whose
very execution, a slice needs are *counted*: only running them tells the sum.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from xdsl.dialects import arith, memref, scf
from xdsl.dialects.builtin import IntegerAttr
from xdsl.ir import Block, BlockArgument, Operation, SSAValue

from tapeflow.analysis.ir.operation_costs import INTEGER_DIVISIONS
from tapeflow.analysis.ir.side_effects import is_side_effect_free
from tapeflow.analysis.memory.aliasing import Buffers


@dataclass(frozen=True)
class CountedLoop:
    """One loop around a push and how its trip count becomes known."""

    loop: scf.ForOp
    slice: tuple[Operation, ...]
    """Ops to repeat, in order, so that the bounds are known before the nest runs."""
    counted: bool
    """Whether an inner loop's bounds need this loop to run."""


@dataclass(frozen=True)
class PushCount:
    """The loops around a push inside the block of its tape, outermost first.

    At most as many pushes as the sum, over the iterations of the counted loops, of the
    product of the trip counts of the others. Branches count as always taken.
    """

    loops: tuple[CountedLoop, ...]


class _UnknownCount(Exception):
    """The count is known only when the pushes have run."""


def count_pushes(
    push: Operation,
    block: Block,
    nest: Sequence[Operation],
    buffers: Buffers,
    emptied: scf.ForOp | None = None,
) -> PushCount | None:
    """Bound the runs of `push` for one run of `block`; None if only that run tells.

    Args:
        nest: the ops of `block` from the place of the allocation to the last push.
        buffers: the buffers of the function.
        emptied: a loop between whose iterations the tape is empty; then the pushes of
            one iteration are counted, which has to be the same number for all.
    """
    try:
        loops = _enclosing_loops(push, block)
        outer = loops[: loops.index(emptied) + 1] if emptied else []
        loops = loops[len(outer) :]
        slicer = _Slicer(block, nest, buffers)
        slices = [slicer.slice_of(loop) for loop in loops]
    except _UnknownCount:
        return None
    if not slicer.needed.isdisjoint(outer):
        return None
    return PushCount(
        tuple(
            CountedLoop(loop, slice_, loop in slicer.needed)
            for loop, slice_ in zip(loops, slices, strict=True)
        )
    )


def _enclosing_loops(push: Operation, block: Block) -> list[scf.ForOp]:
    """The loops around the push inside the block, outermost first."""
    loops: list[scf.ForOp] = []
    parent_block = push.parent
    while parent_block is not None and parent_block is not block:
        parent = parent_block.parent_op()
        if isinstance(parent, scf.ForOp):
            loops.insert(0, parent)
        elif not isinstance(parent, scf.IfOp):
            raise _UnknownCount
        parent_block = parent.parent
    return loops


class _Slicer:
    """Collects what the loop bounds need and the loops which that depends on."""

    def __init__(self, block: Block, nest: Sequence[Operation], buffers: Buffers):
        self.needed: set[Operation] = set()
        self._block = block
        self._nest = frozenset(nest)
        self._buffers = buffers

    def slice_of(self, loop: scf.ForOp) -> tuple[Operation, ...]:
        """The ops in the nest that compute the loop's bounds, in order.

        Raises:
            _UnknownCount: they cannot be repeated in front of the nest.
        """
        slice_: dict[Operation, None] = {}
        for bound in (loop.lb, loop.ub, loop.step):
            self._collect(bound, slice_)
        return tuple(slice_)

    def _collect(self, bound: SSAValue, slice_: dict[Operation, None]) -> None:
        todo = [(bound, False)]
        while todo:
            value, has_operands = todo.pop()
            if self._is_available(value):
                continue
            if isinstance(value, BlockArgument):
                self._need_induction_variable(value)
                continue
            op = cast(Operation, value.owner)
            if has_operands:
                slice_[op] = None
            elif op not in slice_:
                self._check_repeatable(op)
                todo.append((value, True))
                todo.extend((operand, False) for operand in reversed(op.operands))

    def _is_available(self, value: SSAValue) -> bool:
        """Whether the value is known in front of the nest."""
        if isinstance(value, BlockArgument):
            owner = value.block.parent_op()
            if value.block is self._block or owner is None:
                return True
        else:
            owner = cast(Operation, value.owner)
        return self._block.find_ancestor_op_in_block(owner) not in self._nest

    def _need_induction_variable(self, value: BlockArgument) -> None:
        """What a loop carries from iteration to iteration needs its whole body."""
        owner = value.block.parent_op()
        if not isinstance(owner, scf.ForOp) or value.index != 0:
            raise _UnknownCount
        self.needed.add(owner)

    def _check_repeatable(self, op: Operation) -> None:
        if isinstance(op, memref.LoadOp):
            if self._is_overwritten(op.memref):
                raise _UnknownCount
            self._need_loops_around(op)
        elif op.regions or not is_side_effect_free(op):
            raise _UnknownCount
        elif _may_trap(op):
            self._need_loops_around(op)

    def _is_overwritten(self, source: SSAValue) -> bool:
        writes = self._buffers.writes.get(self._buffers.of(source), ())
        tops = map(self._block.find_ancestor_op_in_block, writes)
        return any(top in self._nest for top in tops)

    def _need_loops_around(self, op: Operation) -> None:
        """What may fail must be repeated only as often as it runs anyway."""
        block = op.parent
        while block is not None and block is not self._block:
            parent = cast(Operation, block.parent_op())
            if not isinstance(parent, scf.ForOp):
                raise _UnknownCount
            self.needed.add(parent)
            block = parent.parent


def _may_trap(op: Operation) -> bool:
    if not isinstance(op, INTEGER_DIVISIONS):
        return False
    divisor = op.rhs.owner
    if not isinstance(divisor, arith.ConstantOp):
        return True
    number = divisor.value
    return not isinstance(number, IntegerAttr) or number.value.data in (0, -1)
