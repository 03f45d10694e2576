"""Between which two numbers every integer of a function lies, whatever its arguments.

Sparse propagation along definitions and uses, from nothing upwards: a value is looked
at again only when what it depends on has grown. After a few steps a growing range
jumps to the next width of a type, so every value grows a bounded number of times and
the analysis is linear in the size of the function, loops included (widening: Cousot &
Cousot 1977).
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from xdsl.dialects import func, memref, scf
from xdsl.dialects.builtin import IntegerAttr, MemRefType
from xdsl.ir import Block, Operation, SSAValue

from tapeflow.analysis.integers.intervals import (
    INTERVAL_RULES,
    Interval,
    type_interval,
)
from tapeflow.analysis.ir.control_flow import (
    CONTROL_FLOW,
    edges_from,
    induction_variables,
)

_EXACT_STEPS = 3
"""Growth steps of one value that are taken as they are."""
_LOWS = tuple(-(1 << bits) for bits in (0, 7, 15, 31, 63))
_HIGHS = (0, *((1 << bits) - 1 for bits in (7, 8, 15, 16, 31, 32, 63)))


@dataclass
class IntegerRanges:
    """The intervals of a function's integer and index values."""

    known: dict[SSAValue, Interval] = field(default_factory=dict[SSAValue, Interval])

    def of(self, value: SSAValue) -> Interval | None:
        """Where the value lies; None if it is no integer of at most 64 bits.

        Values that no run reaches may lie anywhere in their type.
        """
        whole = type_interval(value.type)
        return None if whole is None else self.known.get(value, whole)


def find_integer_ranges(function: func.FuncOp) -> IntegerRanges:
    """Bound every integer of a function, as a number with the sign of its type.

    Induction variables lie between the bounds of their loops; arguments, loads and
    results of operations not known here may be anything of their type.
    """
    propagation = _Propagation()
    propagation.run(function.walk())
    return IntegerRanges(propagation.known)


class _Propagation:
    def __init__(self) -> None:
        self.known: dict[SSAValue, Interval] = {}
        self._steps: dict[SSAValue, int] = {}
        self._queue: deque[Operation] = deque()
        self._queued: set[Operation] = set()

    def run(self, ops: Iterable[Operation]) -> None:
        """Evaluate the operations until nothing grows any more."""
        self._queue.extend(ops)
        self._queued.update(self._queue)
        while self._queue:
            op = self._queue.popleft()
            self._queued.discard(op)
            self._evaluate(op)

    def give_up(self, values: Iterable[SSAValue]) -> None:
        """Anything of their type."""
        for value in values:
            whole = type_interval(value.type)
            if whole is not None:
                self._grow(value, whole)

    def _evaluate(self, op: Operation) -> None:
        match op:
            case _ if type(op) in CONTROL_FLOW:
                self._pass_on(op)
            case memref.DimOp():
                self._grow(op.result, _extent(op))
            case _ if type(op) in INTERVAL_RULES:
                self._apply_rule(op)
            case _:
                self.give_up(op.results)
                for region in op.regions:
                    for block in region.blocks:
                        self.give_up(block.args)

    def _pass_on(self, op: Operation) -> None:
        if isinstance(op, scf.ForOp):
            self._bound_induction_variable(op)
        else:
            self.give_up(induction_variables(op))
        for edge in edges_from(op):
            for source, target in edge.pairs:
                if source in self.known:
                    self._grow(target, self.known[source])

    def _bound_induction_variable(self, loop: scf.ForOp) -> None:
        lower, upper = self.known.get(loop.lb), self.known.get(loop.ub)
        if lower is not None and upper is not None:
            last = max(lower.low, upper.high - 1)
            (index,) = induction_variables(loop)
            self._grow(index, Interval(lower.low, last))

    def _apply_rule(self, op: Operation) -> None:
        (result,) = op.results
        whole = type_interval(result.type)
        if whole is None:
            return
        operands = [self.known[value] for value in op.operands if value in self.known]
        if len(operands) == len(op.operands):
            bounds = INTERVAL_RULES[type(op)](op, operands)
            self._grow(result, bounds if bounds in whole else whole)
        elif any(type_interval(value.type) is None for value in op.operands):
            self._grow(result, whole)

    def _grow(self, value: SSAValue, more: Interval) -> None:
        old = self.known.get(value)
        new = more if old is None else old.join(more)
        if new == old:
            return
        steps = self._steps.get(value, 0)
        self._steps[value] = steps + 1
        self.known[value] = new if steps < _EXACT_STEPS else _widened(value, new)
        for user in _users(value):
            if user not in self._queued:
                self._queued.add(user)
                self._queue.append(user)


def _users(value: SSAValue) -> Iterable[Operation]:
    return (use.operation for use in value.uses)


def _widened(value: SSAValue, interval: Interval) -> Interval:
    """The bounds moved out to the next ones of some width."""
    whole = type_interval(value.type)
    assert whole is not None
    low = max((low for low in _LOWS if low <= interval.low), default=whole.low)
    high = min((high for high in _HIGHS if high >= interval.high), default=whole.high)
    return Interval(max(low, whole.low), min(high, whole.high))


def _extent(op: memref.DimOp) -> Interval:
    """The length of a buffer's dimension, known if it is part of the type."""
    whole = type_interval(op.result.type)
    assert whole is not None
    source = op.source.type
    number = _constant(op.index)
    if isinstance(source, MemRefType) and number is not None:
        shape: tuple[int, ...] = source.get_shape()
        if 0 <= number < len(shape) and shape[number] >= 0:
            return Interval(shape[number], shape[number])
    return Interval(0, whole.high)


def _constant(value: SSAValue) -> int | None:
    if isinstance(value.owner, Block):
        return None
    attribute = value.owner.properties.get("value")
    return attribute.value.data if isinstance(attribute, IntegerAttr) else None
