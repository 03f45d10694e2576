"""Get a primal value of the forward sweep back without tape."""

from collections.abc import Callable
from typing import cast

from xdsl.dialects import arith, memref
from xdsl.dialects.builtin import IndexType, IntegerAttr, IntegerType
from xdsl.ir import OpResult, SSAValue

from tapeflow.analysis.differentiation.recall_ways import Recall, Way
from tapeflow.analysis.differentiation.running_values import counter_of
from tapeflow.analysis.ir.constants import constant_of
from tapeflow.transforms.building.adjoint_builder import AdjointBuilder


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
