"""How far out of the loops around it an operation may move that touches no memory.

A value is fixed at a depth: the number of loops and branches around the place where it
is computed. An operation may run wherever its operands are known, so it goes to the
outermost loop that its operands do not vary in.
"""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field

from xdsl.dialects import memref, scf
from xdsl.dialects.builtin import MemRefType
from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.traits import is_side_effect_free

from tapeflow.analysis.ir.constants import constant_of
from tapeflow.analysis.ir.operation_costs import (
    INTEGER_DIVISIONS,
    PRICES,
    operation_cost,
)
from tapeflow.analysis.memory.views import VIEWS

LOOPS_LEFT = frozenset((scf.ForOp, scf.WhileOp))
"""The loops that operations leave; others have rules for what stands inside."""
CHEAP = 1
"""Additions that an operation may cost which runs though its branch is not taken."""


def may_run_anywhere(op: Operation) -> bool:
    """Whether an operation cannot fail, and does nothing but compute its results.

    Views fail that do not lie in their buffer, divisions where the divisor is 0.
    """
    if op.regions or type(op) not in PRICES:
        return False
    if isinstance(op, INTEGER_DIVISIONS):
        return (constant_of(op.operands[1]) or 0) > 0
    if isinstance(op, memref.DimOp):
        type_, axis = op.source.type, constant_of(op.index)
        return (
            isinstance(type_, MemRefType)
            and axis is not None
            and 0 <= axis < type_.get_num_dims()
        )
    if isinstance(op, (*VIEWS, memref.GetGlobalOp, scf.YieldOp)):
        return False
    return is_side_effect_free(op)


def ways_out(function: FuncOp) -> Iterator[tuple[Operation, Operation]]:
    """The operations that leave loops, and the outermost loop that each one leaves.

    To be moved in this order, each in front of its loop. Linear in the size of the
    function.
    """
    walk = _Walk()
    for block in function.body.blocks:
        yield from walk.block(block)


@dataclass
class _Walk:
    around: list[Operation] = field(default_factory=list[Operation])
    """The operations with regions around the place, outermost first."""
    loops: list[int] = field(default_factory=list[int])
    """The places in `around` of the loops."""
    inner: list[int] = field(default_factory=lambda: [0])
    """By the number of operations around, what is inside all that none may leave."""
    inner_branch: list[int] = field(default_factory=lambda: [0])
    """The same of branches, which only cheap operations leave."""
    depth: dict[SSAValue, int] = field(default_factory=dict[SSAValue, int])

    def block(self, block: Block) -> Iterator[tuple[Operation, Operation]]:
        here = len(self.around)
        for argument in block.args:
            self.depth[argument] = here
        for op in block.ops:
            target = self._target(op) if here and may_run_anywhere(op) else here
            for result in op.results:
                self.depth[result] = target
            if target < here:
                yield op, self.around[target]
            if op.regions:
                yield from self._inside(op)

    def _target(self, op: Operation) -> int:
        """How many operations are left around an operation."""
        here = len(self.around)
        is_cheap = operation_cost(op) <= CHEAP
        least = (self.inner if is_cheap else self.inner_branch)[here]
        known = max((self.depth.get(v, here) for v in op.operands), default=0)
        number = bisect_left(self.loops, max(least, known))
        return self.loops[number] if number < len(self.loops) else here

    def _inside(self, op: Operation) -> Iterator[tuple[Operation, Operation]]:
        here = len(self.around)
        is_loop, is_branch = type(op) in LOOPS_LEFT, isinstance(op, scf.IfOp)
        self.around.append(op)
        self.inner.append(self.inner[here] if is_loop or is_branch else here + 1)
        self.inner_branch.append(self.inner_branch[here] if is_loop else here + 1)
        if is_loop:
            self.loops.append(here)
        for region in op.regions:
            for block in region.blocks:
                yield from self.block(block)
        if is_loop:
            self.loops.pop()
        self.inner_branch.pop()
        self.inner.pop()
        self.around.pop()
