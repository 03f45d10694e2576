"""Numbers for index values and trip counts, for given sizes: estimates, never None.

An induction variable counts as the middle of its range. A trip count that data decides
is taken from what the loop walks along: where its induction variable indexes a buffer
of known extent, its runs between two changes of outer bounds visit that extent once.
Else it is assumed. How often a block runs is the product of the trip counts around it.
"""

import math
from collections.abc import Iterator, Mapping
from math import prod
from typing import TypeAlias, cast

from xdsl.dialects import memref, scf
from xdsl.dialects.builtin import DYNAMIC_INDEX, MemRefType
from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, BlockArgument, Operation, SSAValue

from tapeflow.analysis.integers.evaluation import Arithmetic, IndexEvaluator, in_order
from tapeflow.analysis.ir.constants import constant_of

Loop: TypeAlias = scf.ForOp | scf.WhileOp

_ARITHMETIC: Arithmetic[float] = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "floor": lambda a, b: a // b if b else 0.0,
    "ceiling": lambda a, b: -(-a // b) if b else 0.0,
    "largest": max,
    "smallest": min,
}
"""A remainder or a shift says nothing of how large its result is likely to be."""


def parse_sizes(text: str) -> dict[str, int]:
    """`n=64; dim(x, 0)=1000` as a dictionary.

    Raises:
        ValueError: other forms.
    """
    sizes: dict[str, int] = {}
    for word in filter(str.strip, text.split(";")):
        name, _, number = word.rpartition("=")
        try:
            sizes[name.strip()] = int(number)
        except ValueError:
            raise ValueError(f"'{word.strip()}' is not name=whole number") from None
    return sizes


MOST_RUNS = 1e15
"""Beyond this nothing is told apart."""


class IndexEstimates(IndexEvaluator[float]):
    """The estimates of one function.

    Args:
        sizes: `dim(x, 0)` and whole-number arguments by name, as in formulas of sizes.
        assumed_trips: iterations of a loop, and extents, of which nothing is known.
    """

    def __init__(self, function: FuncOp, sizes: Mapping[str, int], assumed_trips: int):
        super().__init__(function, _ARITHMETIC)
        self._sizes = sizes
        self._assumed = float(assumed_trips)
        self._trips: dict[Operation, float] = {}
        self._runs: dict[Block, float] = {}
        self._movers: dict[SSAValue, frozenset[Loop]] = {}
        self._gathered: dict[SSAValue, bool] = {}

    def trips(self, loop: Loop) -> float:
        """Iterations of one run of a loop."""
        if loop not in self._trips:
            self._trips[loop] = self._assumed  # where its bounds need itself
            self._trips[loop] = self._find_trips(loop)
        return self._trips[loop]

    def runs(self, block: Block | None) -> float:
        """How often a block runs; branches count as taken."""
        if block is None or block is self.entry:
            return 1.0
        if block not in self._runs:
            parent = block.parent_op()
            around = self.runs(parent.parent) if parent is not None else 1.0
            is_loop = isinstance(parent, Loop)
            runs = around * (self.trips(parent) if is_loop else 1.0)
            self._runs[block] = min(runs, MOST_RUNS)
        return self._runs[block]

    def constant(self, number: int) -> float:
        return float(number)

    def size(self, name: str) -> float | None:
        size = self._sizes.get(name)
        return None if size is None else float(size)

    def whole(self, number: float) -> int:
        return int(number)

    def induction(self, loop: scf.ForOp, lower: float, step: float) -> float:
        """The middle of its range."""
        return lower + step * max(0.0, self.trips(loop) - 1) / 2

    def moving(self, value: SSAValue) -> frozenset[Loop]:
        """The loops that change a value from one iteration to the next."""
        for earlier in in_order(value, self._movers, (Operation,)):
            if isinstance(earlier, BlockArgument):
                owner = earlier.block.parent_op()
                found = {owner} if isinstance(owner, Loop) else set[Loop]()
            else:
                operands = cast(Operation, earlier.owner).operands
                found = {loop for v in operands for loop in self._movers.get(v, ())}
            self._movers[earlier] = frozenset(found)
        return self._movers[value]

    def is_gathered(self, value: SSAValue) -> bool:
        """Whether a value is computed from what a load gave."""
        for earlier in in_order(value, self._gathered, (Operation,)):
            op = earlier.owner
            self._gathered[earlier] = isinstance(op, Operation) and (
                isinstance(op, memref.LoadOp)
                or any(self._gathered.get(operand, False) for operand in op.operands)
            )
        return self._gathered[value]

    def _find_trips(self, loop: Loop) -> float:
        if isinstance(loop, scf.WhileOp):
            return self._assumed
        bounds = [self.value(bound) for bound in (loop.lb, loop.ub, loop.step)]
        lower, upper, step = bounds
        if lower is not None and upper is not None and step is not None and step > 0:
            return float(max(0, math.ceil((upper - lower) / step)))
        walked = self._walked(loop)
        return self._assumed if walked is None else walked

    def _walked(self, loop: scf.ForOp) -> float | None:
        """Iterations of a loop that walks along a buffer, each time another part."""
        moving = self.moving(loop.lb) | self.moving(loop.ub)
        around = prod(self.trips(outer) for outer in moving)
        for access, axis in self._walks(loop.body.block.args[0]):
            extent = self.extent(access.memref, axis)
            if extent is not None and around > 0:
                return max(1.0, extent / around)
        return None

    def _walks(
        self, induction: SSAValue
    ) -> Iterator[tuple[memref.LoadOp | memref.StoreOp, int]]:
        """Accesses with an index computed from an induction variable, and which."""
        pending, seen = [induction], set[SSAValue]()
        while pending:
            value = pending.pop()
            for use in value.uses:
                user = use.operation
                if isinstance(user, memref.LoadOp | memref.StoreOp):
                    first = len(user.operands) - len(user.indices)
                    if use.index >= first:
                        yield user, use.index - first
                elif self.is_calculated(user):
                    new = [result for result in user.results if result not in seen]
                    seen.update(new)
                    pending.extend(new)


def trip_count(loop: scf.ForOp) -> int | None:
    """The trip count of a loop whose bounds are constants."""
    lower, upper, step = map(constant_of, (loop.lb, loop.ub, loop.step))
    if lower is None or upper is None or step is None:
        return None
    return max(0, -(-(upper - lower) // max(step, 1)))


class Executions:
    """Counts executions; loops and extents that are not constant get a number."""

    def __init__(self, assumed_trips: int):
        self._assumed = assumed_trips
        self._inside: dict[Operation, float] = {}

    def inside(self, op: Operation | None) -> float:
        """How often the blocks of an operation run."""
        chain: list[Operation] = []
        while op is not None and op not in self._inside:
            chain.append(op)
            op = op.parent_op()
        count = 1.0 if op is None else self._inside[op]
        for inner in reversed(chain):
            if isinstance(inner, scf.WhileOp):
                count *= self._assumed
            elif isinstance(inner, scf.ForOp):
                trips = trip_count(inner)
                count *= self._assumed if trips is None else trips
            self._inside[inner] = count
        return count

    def elements(self, buffer: SSAValue) -> float:
        """How many elements a buffer has."""
        shape = cast("MemRefType", buffer.type).get_shape()
        return float(prod(self._assumed if n == DYNAMIC_INDEX else n for n in shape))
