"""The reverse of loads, stores and copies: accumulation in shadow buffers."""

from collections.abc import Sequence
from typing import cast

from xdsl.dialects import arith, memref
from xdsl.dialects.builtin import AnyFloat, MemRefType
from xdsl.ir import SSAValue

from tapeflow.transforms.differentiation.adjoint_sweep import Adjoints, AdjointSweep


def reverse_load(sweep: AdjointSweep, op: memref.LoadOp, adjoints: Adjoints) -> None:
    """The shadow of what was loaded grows by the adjoint of the result."""
    if op.res not in adjoints:
        return
    shadow, indices = sweep.shadows.of(op.memref), [*map(sweep.recall, op.indices)]
    _add(sweep, adjoints.pop(op.res), shadow, indices)


def reverse_store(sweep: AdjointSweep, op: memref.StoreOp, adjoints: Adjoints) -> None:
    """The shadow goes to the stored value; what was overwritten has none.

    If loads are to be repeated, what was overwritten is put back.
    """
    shadow, indices = sweep.shadows.of(op.memref), [*map(sweep.recall, op.indices)]
    if sweep.activity.active(op.value):
        adjoint = sweep.builder.value(memref.LoadOp.get(shadow, indices))
        sweep.accumulate(adjoints, op.value, adjoint)
    zero = sweep.builder.zero(cast(AnyFloat, op.value.type))
    sweep.builder.add(memref.StoreOp.get(zero, shadow, indices))
    overwritten = sweep.recording.overwritten.get(op)
    if overwritten is not None:
        buffer, old = sweep.recall(op.memref), sweep.recall(overwritten)
        sweep.builder.add(memref.StoreOp.get(old, buffer, indices))


def reverse_copy(sweep: AdjointSweep, op: memref.CopyOp) -> None:
    """The shadow of the source grows by that of the target, which becomes zero.

    A copy reads everything before it writes. So where both may be parts of one buffer
    all adjoints are taken out of the target first; and of an element that has several
    indices in the target the last one in row-major order has left its value there.
    """
    buffers = sweep.activity.buffers
    target = sweep.shadows.of(op.destination)
    source = sweep.shadows.shadows.get(op.source)
    type_ = cast(MemRefType, target.type)
    extents = sweep.builder.extents(type_, sweep.builder.dynamic_sizes(target))
    visit_all = sweep.builder.for_each_index
    if buffers.overlaps_itself(op.destination):
        visit_all = sweep.builder.for_each_index_backwards
    taken = None
    if source is not None and buffers.same(op.source, op.destination):
        taken = sweep.shadows.allocate_like(target, "taken")

    def take(indices: tuple[SSAValue, ...]) -> None:
        adjoint = sweep.builder.value(memref.LoadOp.get(target, indices))
        zero = sweep.builder.zero(cast(AnyFloat, adjoint.type))
        sweep.builder.add(memref.StoreOp.get(zero, target, indices))
        if taken is not None:
            sweep.builder.add(memref.StoreOp.get(adjoint, taken, indices))
        elif source is not None:
            _add(sweep, adjoint, source, indices)

    visit_all(extents, take)
    if taken is not None and source is not None:

        def give(indices: tuple[SSAValue, ...]) -> None:
            adjoint = sweep.builder.value(memref.LoadOp.get(taken, indices))
            _add(sweep, adjoint, source, indices)

        sweep.builder.for_each_index(extents, give)
        sweep.builder.add(memref.DeallocOp.get(taken))


def _add(
    sweep: AdjointSweep,
    adjoint: SSAValue,
    shadow: SSAValue,
    indices: Sequence[SSAValue],
) -> None:
    before = sweep.builder.value(memref.LoadOp.get(shadow, indices))
    after = sweep.builder.value(arith.AddfOp(before, adjoint))
    sweep.builder.add(memref.StoreOp.get(after, shadow, indices))
