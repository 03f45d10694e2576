"""The reverse of loads, stores and copies: accumulation in shadow buffers."""

from typing import cast

from xdsl.dialects import arith, memref
from xdsl.dialects.builtin import AnyFloat, MemRefType
from xdsl.ir import SSAValue

from tapeflow.transforms.adjoint_sweep import Adjoints, AdjointSweep


def reverse_load(sweep: AdjointSweep, op: memref.LoadOp, adjoints: Adjoints) -> None:
    """The shadow of what was loaded grows by the adjoint of the result."""
    if op.res not in adjoints:
        return
    shadow, indices = sweep.shadows.of(op.memref), [*map(sweep.recall, op.indices)]
    before = sweep.builder.value(memref.LoadOp.get(shadow, indices))
    after = sweep.builder.value(arith.AddfOp(before, adjoints.pop(op.res)))
    sweep.builder.add(memref.StoreOp.get(after, shadow, indices))


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
    """Element by element a load and a store, in reverse."""
    target = sweep.shadows.of(op.destination)
    source = sweep.shadows.shadows.get(op.source)

    def visit(indices: tuple[SSAValue, ...]) -> None:
        adjoint = sweep.builder.value(memref.LoadOp.get(target, indices))
        zero = sweep.builder.zero(cast(AnyFloat, adjoint.type))
        sweep.builder.add(memref.StoreOp.get(zero, target, indices))
        if source is not None:
            before = sweep.builder.value(memref.LoadOp.get(source, indices))
            after = sweep.builder.value(arith.AddfOp(before, adjoint))
            sweep.builder.add(memref.StoreOp.get(after, source, indices))

    type_ = cast(MemRefType, target.type)
    sizes = sweep.builder.dynamic_sizes(target)
    sweep.builder.for_each_index(sweep.builder.extents(type_, sizes), visit)
