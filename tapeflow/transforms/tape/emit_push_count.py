"""Computes, in front of a loop nest, how many pushes it can run."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from xdsl.dialects import scf
from xdsl.ir import Operation, SSAValue

from tapeflow.analysis.tape.push_count import CountedLoop, PushCount
from tapeflow.transforms.building.index_builder import (
    FunctionConstants,
    Index,
    IndexBuilder,
)
from tapeflow.transforms.building.trip_count import trip_count


@dataclass
class _Scope:
    """A place of the emitted code, and what is computed where it can be seen."""

    builder: IndexBuilder
    values: dict[SSAValue, SSAValue] = field(default_factory=dict[SSAValue, SSAValue])
    trips: dict[scf.ForOp, Index] = field(default_factory=dict[scf.ForOp, Index])

    def bounds_of(self, loop: scf.ForOp) -> tuple[SSAValue, SSAValue, SSAValue]:
        """Lower bound, upper bound and step as they are called here."""
        lower, upper, step = (
            self.values.get(bound, bound) for bound in (loop.lb, loop.ub, loop.step)
        )
        return lower, upper, step


class PushCountEmitter:
    """Emits counts before one op; equal nests there share their arithmetic."""

    def __init__(self, anchor: Operation, constants: FunctionConstants):
        self._scope = _Scope(IndexBuilder.before(anchor, constants))
        self._counts: dict[tuple[scf.ForOp, ...], Index] = {}

    def emit(self, count: PushCount) -> Index:
        """The number of pushes, 1 outside of loops."""
        nest = tuple(level.loop for level in count.loops)
        if nest not in self._counts:
            self._counts[nest] = _count(count.loops, self._scope)
        return self._counts[nest]

    def add(self, lhs: Index, rhs: Index) -> Index:
        """The sum of two counts."""
        return self._scope.builder.add(lhs, rhs, "pushes", is_size=True)


def _count(loops: tuple[CountedLoop, ...], scope: _Scope) -> Index:
    if not loops:
        return 1
    level, inner = loops[0], loops[1:]
    for op in level.slice:
        _repeat(op, scope)
    if level.counted:
        return _sum_over_iterations(level.loop, inner, scope)
    if level.loop not in scope.trips:
        bounds = map(scope.builder.cast, scope.bounds_of(level.loop))
        scope.trips[level.loop] = trip_count(scope.builder, *bounds)
    inside = _count(inner, scope)
    return scope.builder.mul(scope.trips[level.loop], inside, "pushes", is_size=True)


def _repeat(op: Operation, scope: _Scope) -> None:
    """Clone the op with its operands replaced, unless it was repeated before."""
    if op.results[0] not in scope.values:
        clone = op.clone(value_mapper=scope.values)
        scope.builder.insert(clone, *(result.name_hint for result in op.results))


def _sum_over_iterations(
    loop: scf.ForOp, inner: tuple[CountedLoop, ...], scope: _Scope
) -> Index:
    """Run the loop without its body and add up what its inner loops count."""
    induction, builder = loop.body.block.args[0], scope.builder

    def add_up(index: SSAValue, totals: Sequence[SSAValue]) -> Sequence[SSAValue]:
        (total,) = totals
        index.name_hint, total.name_hint = induction.name_hint, "pushes"
        values = {**scope.values, induction: index}
        count = _count(inner, _Scope(builder, values, dict(scope.trips)))
        return [builder.value(builder.add(total, count, "pushes", is_size=True))]

    (total,) = builder.loop(scope.bounds_of(loop), [builder.value(0)], add_up)
    total.name_hint = "pushes"
    return total
