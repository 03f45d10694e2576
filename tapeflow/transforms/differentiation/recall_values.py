"""Get a primal value of the forward sweep back without tape.

Buffers whose writes the reverse sweep undoes are copied in front of it: the contents
that the forward sweep leaves in an argument belong to the caller.
"""

from collections.abc import Callable, Sequence
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
from tapeflow.transforms.building.buffer_loops import (
    dynamic_sizes,
    extents_of,
    for_each_index,
)
from tapeflow.transforms.building.index_builder import IndexBuilder, hint_of
from tapeflow.transforms.differentiation.shadow_buffers import plain_type


def get_back(
    value: SSAValue,
    way: Way,
    recall: Callable[[SSAValue], SSAValue],
    builder: IndexBuilder,
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
            return builder.result(load, value.name_hint)
        case Recall.COUNT:
            return _count(value, operands, builder)
        case Recall.CHOOSE:
            index, last = operands
            predicate = "ne" if way.is_kept else "eq"
            chose = arith.CmpiOp(index, last, predicate)
            return builder.result(chose, value.name_hint)
        case _:
            assert isinstance(value, OpResult)
            mapping = dict(zip(way.operands, operands, strict=True))
            results = builder.insert(way.op.clone(mapping)).results
            again = results[value.index]
            again.name_hint = value.name_hint
            return again


def _count(
    value: SSAValue, operands: list[SSAValue], builder: IndexBuilder
) -> SSAValue:
    """start + (index - lower) * factor"""
    counter = counter_of(value)
    assert counter is not None
    start, distance, lower = operands
    if constant_of(lower) != 0:
        distance = builder.result(arith.SubiOp(distance, lower))
    if counter.factor != 1:
        type_ = cast("IndexType | IntegerType", value.type)
        factor = builder.constants.value(
            IntegerAttr(counter.factor, type_, truncate_bits=True)
        )
        distance = builder.result(arith.MuliOp(distance, factor))
    return builder.result(arith.AddiOp(start, distance), value.name_hint)


def copy_final_contents(buffer: SSAValue, builder: IndexBuilder) -> SSAValue:
    """A buffer with the same contents, to be freed by the caller."""
    plain = plain_type(cast(MemRefType, buffer.type))
    sizes = dynamic_sizes(builder, buffer)
    copy = builder.result(
        memref.AllocOp([*sizes], [], plain), hint_of(buffer, "restored_")
    )

    def visit(indices: Sequence[SSAValue]) -> None:
        value = builder.result(memref.LoadOp.get(buffer, indices))
        store = memref.StoreOp.get(value, copy, indices)
        store.attributes[TAPE_COPY] = UnitAttr()
        builder.insert(store)

    for_each_index(builder, extents_of(builder, plain, sizes), visit)
    return copy
