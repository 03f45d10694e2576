"""`linalg.softmax` as loops: largest value, exponentials and their sum, quotients."""

from collections.abc import Sequence
from math import inf
from typing import cast

from xdsl.dialects import arith, math, memref
from xdsl.dialects.builtin import AnyFloat, FloatAttr, IntegerAttr, MemRefType
from xdsl.ir import SSAValue
from xdsl.rewriter import Rewriter

from tapeflow.dialects.linalg_additions import SoftmaxOp
from tapeflow.transforms.building.buffer_loops import (
    dynamic_sizes,
    extents_of,
    for_each_index,
)
from tapeflow.transforms.building.index_builder import FunctionConstants, IndexBuilder


def lower_softmax(op: SoftmaxOp, constants: FunctionConstants) -> None:
    """Replace the operation, of which each row along its dimension sums to one."""
    builder = IndexBuilder.before(op, constants)
    source, target = op.input, op.output
    axis = cast(IntegerAttr, op.dimension).value.data
    type_ = cast(MemRefType, source.type)
    extents = extents_of(builder, type_, dynamic_sizes(builder, source))
    row = extents.pop(axis)
    bounds = builder.value(0), row, builder.value(1)
    element = cast(AnyFloat, type_.element_type)
    lowest = constants.value(FloatAttr(-inf, element), "lowest")
    zero = builder.zero(element)

    def visit(indices: Sequence[SSAValue]) -> None:
        def at(place: SSAValue) -> list[SSAValue]:
            return [*indices[:axis], place, *indices[axis:]]

        def larger(place: SSAValue, so_far: Sequence[SSAValue]) -> Sequence[SSAValue]:
            value = builder.result(memref.LoadOp.get(source, at(place)), "in")
            return [builder.result(arith.MaximumfOp(so_far[0], value), "largest")]

        def add(place: SSAValue, so_far: Sequence[SSAValue]) -> Sequence[SSAValue]:
            value = builder.result(memref.LoadOp.get(source, at(place)), "in")
            below = builder.result(arith.SubfOp(value, largest), "below")
            power = builder.result(math.ExpOp(below), "power")
            builder.insert(memref.StoreOp.get(power, target, at(place)))
            return [builder.result(arith.AddfOp(so_far[0], power), "sum")]

        def divide(place: SSAValue, _: Sequence[SSAValue]) -> Sequence[SSAValue]:
            power = builder.result(memref.LoadOp.get(target, at(place)), "power")
            part = builder.result(arith.DivfOp(power, total), "part")
            builder.insert(memref.StoreOp.get(part, target, at(place)))
            return ()

        (largest,) = builder.loop(bounds, [lowest], larger)
        (total,) = builder.loop(bounds, [zero], add)
        builder.loop(bounds, (), divide)

    for_each_index(builder, extents, visit)
    Rewriter.erase_op(op)
