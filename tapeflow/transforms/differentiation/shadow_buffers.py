"""Shadow buffers: for every active buffer one of the same shape that holds adjoints."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import cast

from xdsl.dialects import arith, memref, scf
from xdsl.dialects.builtin import AnyFloat, MemRefType, NoneAttr
from xdsl.ir import Operation, SSAValue

from tapeflow.analysis.differentiation.activity import Activity
from tapeflow.analysis.differentiation.differentiability import (
    active_buffers_carried,
    permutation_of,
)
from tapeflow.analysis.memory.views import VIEWS
from tapeflow.transforms.building.buffer_loops import (
    dynamic_sizes,
    extents_of,
    for_each_index,
)
from tapeflow.transforms.building.index_builder import IndexBuilder, hint_of
from tapeflow.transforms.building.trip_count import trip_count


def permutation_order(permutation: tuple[int, ...]) -> int:
    """The smallest number of times after which a permutation is the identity."""
    identity = tuple(range(len(permutation)))
    current, order = permutation, 1
    while current != identity:
        current, order = tuple(permutation[k] for k in current), order + 1
    return order


def inverse(permutation: tuple[int, ...]) -> tuple[int, ...]:
    """The permutation that undoes another."""
    undone = [0] * len(permutation)
    for position, image in enumerate(permutation):
        undone[image] = position
    return tuple(undone)


def plain_type(type_: MemRefType) -> MemRefType:
    """The type of a contiguous buffer of the same shape."""
    return MemRefType(type_.element_type, type_.shape, NoneAttr(), type_.memory_space)


@dataclass
class ShadowBuffers:
    """Creates shadows in the reverse sweep and finds the shadow of a memref value."""

    activity: Activity
    builder: IndexBuilder
    recall: Callable[[SSAValue], SSAValue]
    shadows: dict[SSAValue, SSAValue] = field(default_factory=dict[SSAValue, SSAValue])

    def of(self, buffer: SSAValue) -> SSAValue:
        """The shadow of a memref whose definition has been passed to `define_all`."""
        return self.shadows[buffer]

    def allocate_like(self, buffer: SSAValue, name: str) -> SSAValue:
        """Allocate memory of a buffer's shape, to be freed by the caller."""
        sizes = dynamic_sizes(self.builder, buffer)
        plain = plain_type(cast(MemRefType, buffer.type))
        return self.builder.result(memref.AllocOp([*sizes], [], plain), name)

    def create_zero(self, buffer: SSAValue, sizes: Sequence[SSAValue]) -> SSAValue:
        """Allocate a shadow filled with zeros; `sizes` are the dynamic extents."""
        type_ = cast(MemRefType, buffer.type)
        plain = plain_type(type_)
        shadow = self.builder.result(
            memref.AllocOp([*sizes], [], plain), hint_of(buffer, "d_")
        )
        zero = self.builder.zero(cast(AnyFloat, type_.element_type))

        def clear(indices: Sequence[SSAValue]) -> None:
            self.builder.insert(memref.StoreOp.get(zero, shadow, indices))

        extents = extents_of(self.builder, plain, sizes)
        for_each_index(self.builder, extents, clear)
        self.shadows[buffer] = shadow
        return shadow

    def create_for_argument(self, buffer: SSAValue) -> SSAValue:
        """A zero shadow of an argument, shaped like it."""
        return self.create_zero(buffer, dynamic_sizes(self.builder, buffer))

    def define_all(self, ops: Iterable[Operation]) -> list[SSAValue]:
        """Give the memref results of forward operations their shadows.

        Returns the shadows that were allocated and must be freed.
        """
        shadows = [self._define(op) for op in ops]
        return [shadow for shadow in shadows if shadow is not None]

    def _define(self, op: Operation) -> SSAValue | None:
        if not any(self.activity.active(result) for result in op.results):
            return None
        self.builder.location = op.location
        match op:
            case memref.AllocOp() | memref.AllocaOp():
                sizes = [self.recall(size) for size in op.dynamic_sizes]
                return self.create_zero(op.memref, sizes)
            case scf.ForOp():
                self._define_permuted(op)
            case _ if isinstance(op, VIEWS):
                source, *places = op.operands
                operands = [self.of(source), *map(self.recall, places)]
                mapping = dict(zip(op.operands, operands, strict=True))
                view = self.builder.result(
                    op.clone(mapping), hint_of(op.results[0], "d_")
                )
                self.shadows[op.results[0]] = view
            case _:
                pass
        return None

    def _define_permuted(self, loop: scf.ForOp) -> None:
        """The shadows of the buffers a loop leaves: permuted once per iteration.

        Permuting as often as the remainder of the trip count by the permutation's
        order is enough.
        """
        carried = active_buffers_carried(loop, self.activity)
        if not carried:
            return
        permutation = permutation_of(loop, carried)
        assert permutation is not None
        inits = [self.of(loop.iter_args[k]) for k in carried]
        order = permutation_order(permutation)
        results: Sequence[SSAValue] = inits
        if order > 1:
            bounds = map(self.recall, (loop.lb, loop.ub, loop.step))
            trips = trip_count(self.builder, *map(self.builder.cast, bounds))
            zero, one, modulus, times = map(self.builder.value, (0, 1, order, trips))
            turns = self.builder.result(arith.RemUIOp(times, modulus), "turns")
            results = self.builder.loop(
                (zero, turns, one),
                inits,
                lambda _, now: [now[image] for image in permutation],
            )
        for k, shadow in zip(carried, results, strict=True):
            shadow.name_hint = hint_of(loop.iter_args[k], "d_")
            self.shadows[loop.results[k]] = shadow
