"""Numbers for index values and trip counts, for given sizes: estimates, never None.

An induction variable counts as the middle of its range. A trip count that data decides
is taken from what the loop walks along: where its induction variable indexes a buffer
of known extent, its runs between two changes of outer bounds visit that extent once.
Else it is assumed. How often a block runs is the product of the trip counts around it.
"""

import math
from collections.abc import Callable, Container, Iterator, Mapping
from math import prod
from typing import TypeAlias, cast

from xdsl.dialects import arith, memref, scf
from xdsl.dialects.builtin import DYNAMIC_INDEX, IntegerAttr, MemRefType
from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, BlockArgument, Operation, OpResult, SSAValue

from tapeflow.analysis.integers.symbolic import argument_name
from tapeflow.analysis.ir.constants import constant_of

Loop: TypeAlias = scf.ForOp | scf.WhileOp

_CASTS = (arith.IndexCastOp, arith.ExtSIOp, arith.ExtUIOp, arith.TruncIOp)
_BINARY: dict[type[Operation], Callable[[float, float], float]] = {
    arith.AddiOp: lambda a, b: a + b,
    arith.SubiOp: lambda a, b: a - b,
    arith.MuliOp: lambda a, b: a * b,
    arith.DivSIOp: lambda a, b: a // b if b else 0.0,
    arith.DivUIOp: lambda a, b: a // b if b else 0.0,
    arith.FloorDivSIOp: lambda a, b: a // b if b else 0.0,
    arith.CeilDivSIOp: lambda a, b: -(-a // b) if b else 0.0,
    arith.CeilDivUIOp: lambda a, b: -(-a // b) if b else 0.0,
    arith.MaxSIOp: max,
    arith.MaxUIOp: max,
    arith.MinSIOp: min,
    arith.MinUIOp: min,
}


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
_CALCULATED: tuple[type[Operation], ...] = (*_BINARY, *_CASTS)


class IndexEstimates:
    """The estimates of one function.

    Args:
        sizes: `dim(x, 0)` and whole-number arguments by name, as in formulas of sizes.
        assumed_trips: iterations of a loop, and extents, of which nothing is known.
    """

    def __init__(self, function: FuncOp, sizes: Mapping[str, int], assumed_trips: int):
        self._entry = function.body.block
        self._sizes = sizes
        self._assumed = float(assumed_trips)
        self._values: dict[SSAValue, float | None] = {}
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
        if block is None or block is self._entry:
            return 1.0
        if block not in self._runs:
            parent = block.parent_op()
            around = self.runs(parent.parent) if parent is not None else 1.0
            is_loop = isinstance(parent, Loop)
            runs = around * (self.trips(parent) if is_loop else 1.0)
            self._runs[block] = min(runs, MOST_RUNS)
        return self._runs[block]

    def extent(self, buffer: SSAValue, axis: int) -> float | None:
        """The extent of a buffer along an axis; None if nothing is known."""
        type_ = buffer.type
        if not isinstance(type_, MemRefType):
            return None
        shape = type_.get_shape()
        if not 0 <= axis < len(shape):  # the access fails if it ever runs
            return None
        if shape[axis] != DYNAMIC_INDEX:
            return float(shape[axis])
        if isinstance(buffer, BlockArgument):
            size = self._sizes.get(f"dim({argument_name(buffer)}, {axis})")
            is_argument = buffer.block is self._entry
            return float(size) if size is not None and is_argument else None
        op = buffer.owner
        if isinstance(op, memref.AllocOp | memref.AllocaOp):
            dynamic = sum(extent == DYNAMIC_INDEX for extent in shape[:axis])
            return self.value(op.dynamic_sizes[dynamic])
        if isinstance(op, memref.CastOp):
            return self.extent(op.source, axis)
        return None

    def value(self, value: SSAValue) -> float | None:
        """A whole number; None if data decides it."""
        for earlier in _in_order(value, self._values, _CALCULATED):
            self._values[earlier] = None  # where a bound needs itself
            self._values[earlier] = self._find(earlier)
        return self._values[value]

    def moving(self, value: SSAValue) -> frozenset[Loop]:
        """The loops that change a value from one iteration to the next."""
        for earlier in _in_order(value, self._movers, (Operation,)):
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
        for earlier in _in_order(value, self._gathered, (Operation,)):
            op = earlier.owner
            self._gathered[earlier] = isinstance(op, Operation) and (
                isinstance(op, memref.LoadOp)
                or any(self._gathered.get(operand, False) for operand in op.operands)
            )
        return self._gathered[value]

    def _find(self, value: SSAValue) -> float | None:
        if isinstance(value, BlockArgument):
            return self._find_argument(value)
        assert isinstance(value, OpResult)
        op = value.op
        if isinstance(op, arith.ConstantOp):
            number = op.value
            return float(number.value.data) if isinstance(number, IntegerAttr) else None
        if isinstance(op, memref.DimOp):
            axis = self.value(op.index)
            return None if axis is None else self.extent(op.source, int(axis))
        if isinstance(op, _CASTS):
            return self.value(op.operands[0])
        if type(op) not in _BINARY:
            return None
        left, right = (self.value(operand) for operand in op.operands)
        if left is None or right is None:
            return None
        return _BINARY[type(op)](left, right)

    def _find_argument(self, value: BlockArgument) -> float | None:
        if value.block is self._entry:
            size = self._sizes.get(argument_name(value))
            return None if size is None else float(size)
        loop = value.block.parent_op()
        if not isinstance(loop, scf.ForOp) or value.index != 0:
            return None
        lower, step = self.value(loop.lb), self.value(loop.step)
        if lower is None or step is None:
            return None
        return lower + step * max(0.0, self.trips(loop) - 1) / 2

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
        for access, axis in _walks(loop.body.block.args[0]):
            extent = self.extent(access.memref, axis)
            if extent is not None and around > 0:
                return max(1.0, extent / around)
        return None


def _in_order(
    value: SSAValue, known: Container[SSAValue], through: tuple[type[Operation], ...]
) -> Iterator[SSAValue]:
    """The unknown values that a value is computed from, operands first, itself last.

    Only operations of the given classes are followed to their operands.
    """
    pending = [(value, False)]
    while pending:
        next_value, has_operands = pending.pop()
        if next_value in known:
            continue
        op = next_value.owner
        if has_operands or not isinstance(op, through):
            yield next_value
        else:
            pending.append((next_value, True))
            pending.extend((operand, False) for operand in reversed(op.operands))


def _walks(induction: SSAValue) -> Iterator[tuple[memref.LoadOp | memref.StoreOp, int]]:
    """Accesses with an index computed from an induction variable, and which it is."""
    pending, seen = [induction], set[SSAValue]()
    while pending:
        value = pending.pop()
        for use in value.uses:
            user = use.operation
            if isinstance(user, memref.LoadOp | memref.StoreOp):
                first = len(user.operands) - len(user.indices)
                if use.index >= first:
                    yield user, use.index - first
            elif type(user) in _BINARY or isinstance(user, _CASTS):
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
