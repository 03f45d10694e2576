"""How often an operation of a function runs: the nest of loops around it."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from xdsl.dialects import scf
from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, Operation

from tapeflow.analysis.integers.algebra import Expression, sympy
from tapeflow.analysis.integers.symbolic import IndexExpressions
from tapeflow.analysis.ir.control_flow import BRANCHES
from tapeflow.analysis.ir.source_lines import line_of
from tapeflow.analysis.tape_size.formula import SizeFormula, Term
from tapeflow.analysis.tape_size.iteration_count import Level


@dataclass(frozen=True)
class RunCounts:
    """The nests of one function."""

    function: FuncOp
    expressions: IndexExpressions

    @staticmethod
    def of(function: FuncOp) -> "RunCounts":
        """Nothing is looked at yet."""
        return RunCounts(function, IndexExpressions(function))

    def runs(
        self, op: Operation, weight: int = 1, once: Collection[Operation] = ()
    ) -> SizeFormula:
        """`weight` for each run of the operation, branches counting as taken.

        The loops `once` count as one iteration, that in which their inner loops run
        most.
        """
        levels: list[Level] = []
        dropped: list[Level] = []
        is_bound = False
        for block, parent in reversed([*_around(op, self.function)]):
            if type(parent) in BRANCHES:
                is_bound = True
                continue
            level = self._level(block, parent)
            for outer in reversed(dropped):
                if level.uses(outer):
                    level, is_bound = _largest(level, outer), True
            (dropped if parent in once else levels).append(level)
        return SizeFormula((Term(weight, tuple(levels)),), is_bound)

    def _level(self, block: Block, parent: Operation) -> Level:
        line = line_of(parent.location)
        place = "?" if line is None else line
        if isinstance(parent, scf.ForOp):
            trips = self.expressions.trips(parent)
            name = f"trips(line {place})"
            return Level(name, trips, self.expressions.counter(parent))
        if isinstance(parent, scf.WhileOp) and block.parent is parent.before_region:
            return Level(f"checks(line {place})", None)
        return Level(f"trips(line {place})", None)


def _around(op: Operation, function: FuncOp) -> Iterator[tuple[Block, Operation]]:
    """The blocks around an operation and the operations that hold them."""
    block = op.parent
    while block is not None:
        parent = block.parent_op()
        if parent is None or parent is function:
            return
        yield block, parent
        block = parent.parent


def _largest(level: Level, outer: Level) -> Level:
    """The level with the most trips in any iteration of an outer loop.

    A trip count that is linear in the iteration is largest in the first or the last.
    """
    trips: Expression = level.trips
    is_linear = trips.is_polynomial(outer.counter) and (
        sympy().degree(trips, outer.counter) <= 1
    )
    if not is_linear or outer.trips is None:
        return replace(level, trips=None)
    ends = (0, outer.trips - 1)
    first, last = (trips.subs(outer.counter, end) for end in ends)
    return replace(level, trips=sympy().Max(first, last))
