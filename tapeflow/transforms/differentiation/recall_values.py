"""Get a primal value of the forward sweep back without tape.

Buffers whose writes the reverse sweep undoes are copied in front of it: the contents
that the forward sweep leaves in an argument belong to the caller.
"""

from collections.abc import Callable
from typing import cast

from xdsl.dialects import arith, memref
from xdsl.dialects.builtin import (
    IndexType,
    IntegerAttr,
    IntegerType,
    MemRefType,
    UnitAttr,
)
from xdsl.ir import OpResult, SSAValue

from tapeflow.analysis.differentiation.recall_ways import Recall, Way
from tapeflow.analysis.differentiation.running_values import counter_of
from tapeflow.analysis.ir.constants import constant_of
from tapeflow.dialects.tape_attributes import TAPE_COPY
from tapeflow.transforms.building.adjoint_builder import AdjointBuilder, hint_of
from tapeflow.transforms.differentiation.shadow_buffers import plain_type


def get_back(
    value: SSAValue,
    way: Way,
    recall: Callable[[SSAValue], SSAValue],
    builder: AdjointBuilder,
) -> SSAValue:
    """Append what gives the value again.

    Args:
        recall: what the operands of the way are called here.
    """
    operands = [*map(recall, way.operands)]
    match way.recall:
        case Recall.RELOAD:
            buffer, *indices = operands
            load = memref.LoadOp.get(buffer, indices)
            return builder.value(load, value.name_hint)
        case Recall.COUNT:
            return _count(value, operands, builder)
        case Recall.CHOOSE:
            index, last = operands
            predicate = "ne" if way.is_kept else "eq"
            chose = arith.CmpiOp(index, last, predicate)
            return builder.value(chose, value.name_hint)
        case _:
            assert isinstance(value, OpResult)
            mapping = dict(zip(way.operands, operands, strict=True))
            results = builder.add(way.op.clone(mapping)).results
            again = results[value.index]
            again.name_hint = value.name_hint
            return again


def _count(
    value: SSAValue, operands: list[SSAValue], builder: AdjointBuilder
) -> SSAValue:
    """start + (index - lower) * factor"""
    counter = counter_of(value)
    assert counter is not None
    start, distance, lower = operands
    if constant_of(lower) != 0:
        distance = builder.value(arith.SubiOp(distance, lower))
    if counter.factor != 1:
        type_ = cast("IndexType | IntegerType", value.type)
        factor = builder.constant(
            IntegerAttr(counter.factor, type_, truncate_bits=True)
        )
        distance = builder.value(arith.MuliOp(distance, factor))
    return builder.value(arith.AddiOp(start, distance), value.name_hint)


def copy_final_contents(buffer: SSAValue, builder: AdjointBuilder) -> SSAValue:
    """A buffer with the same contents, to be freed by the caller."""
    plain = plain_type(cast(MemRefType, buffer.type))
    sizes = builder.dynamic_sizes(buffer)
    copy = builder.value(
        memref.AllocOp([*sizes], [], plain), hint_of(buffer, "restored_")
    )

    def visit(indices: tuple[SSAValue, ...]) -> None:
        value = builder.value(memref.LoadOp.get(buffer, indices))
        store = memref.StoreOp.get(value, copy, indices)
        store.attributes[TAPE_COPY] = UnitAttr()
        builder.add(store)

    builder.for_each_index(builder.extents(plain, sizes), visit)
    return copy
