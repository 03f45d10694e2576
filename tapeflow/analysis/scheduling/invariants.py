"""How far out of the loops around it an operation may move that touches no memory.

A value is fixed at a depth: the number of loops and branches around the place where it
is computed. An operation may run wherever its operands are known, so it goes to the
outermost loop that its operands do not vary in.
"""

from bisect import bisect_left
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager

from xdsl.dialects import memref, scf
from xdsl.dialects.builtin import MemRefType
from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, Operation, SSAValue

from tapeflow.analysis.ir.constants import constant_of
from tapeflow.analysis.ir.operation_costs import (
    INTEGER_DIVISIONS,
    PRICES,
    operation_cost,
)
from tapeflow.analysis.ir.side_effects import is_side_effect_free
from tapeflow.analysis.memory.views import VIEWS

LOOPS_LEFT = frozenset((scf.ForOp, scf.WhileOp))
"""The loops that operations leave; others have rules for what stands inside."""
_STAY = frozenset((*VIEWS, memref.GetGlobalOp, scf.YieldOp))
"""What fails, ends a block, or is another name for memory."""
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
    if type(op) in _STAY:
        return False
    return is_side_effect_free(op)


def ways_out(
    function: FuncOp, places: "Places"
) -> Iterator[tuple[Operation, Operation]]:
    """The operations that leave loops, and the outermost loop that each one leaves.

    To be moved in this order, each in front of its loop. One walk; `places` knows all
    values of the function then.
    """
    for block in function.body.blocks:
        yield from _ways_out(block, places)


def _ways_out(block: Block, places: "Places") -> Iterator[tuple[Operation, Operation]]:
    places.define(block.args)
    for op in block.ops:
        loop = places.outermost(op) if may_run_anywhere(op) else None
        if loop is not None:
            yield op, loop
        else:
            places.define(op.results)
        if op.regions:
            with places.inside(op):
                for region in op.regions:
                    for inner in region.blocks:
                        yield from _ways_out(inner, places)


class Places:
    """Where the values of a function are known, seen from a place in it."""

    def __init__(self) -> None:
        self._depth: dict[SSAValue, int] = {}
        self._around: list[Operation] = []
        """The operations with regions around the place, outermost first."""
        self._loops: list[int] = []
        """Which of them are loops that may be left."""
        self._inner = [0]
        """By the number of operations around, what is inside those that none leaves."""
        self._inner_branch = [0]
        """The same of branches, which only cheap operations leave."""

    @contextmanager
    def inside(self, op: Operation) -> Generator[None]:
        """Go into an operation with regions, and come out again."""
        here = len(self._around)
        is_loop, is_branch = type(op) in LOOPS_LEFT, isinstance(op, scf.IfOp)
        self._around.append(op)
        self._inner.append(self._inner[here] if is_loop or is_branch else here + 1)
        self._inner_branch.append(self._inner_branch[here] if is_loop else here + 1)
        if is_loop:
            self._loops.append(here)
        yield
        if is_loop:
            self._loops.pop()
        for stack in (self._around, self._inner, self._inner_branch):
            stack.pop()

    def define(self, values: Iterable[SSAValue]) -> None:
        """Values that are known from this place on."""
        for value in values:
            self._depth[value] = len(self._around)

    def outermost(self, op: Operation) -> Operation | None:
        """The outermost loop that an operation may leave; its results are known there.

        None where it has to stay, or is to.
        """
        here = len(self._around)
        is_cheap = operation_cost(op) <= CHEAP
        least = (self._inner if is_cheap else self._inner_branch)[here]
        known = max((self._depth.get(v, here) for v in op.operands), default=0)
        number = bisect_left(self._loops, max(least, known))
        if number == len(self._loops):
            return None
        depth = self._loops[number]
        self._depth |= dict.fromkeys(op.results, depth)
        return self._around[depth]
