"""The number of iterations of an scf.for as operations."""

from xdsl.dialects import arith
from xdsl.dialects.builtin import IntegerAttr
from xdsl.ir import OpResult, SSAValue

from tapeflow.transforms.adjoint_builder import AdjointBuilder


def constant_of(value: SSAValue) -> int | None:
    """The integer a value is a constant of, None if it is not."""
    if isinstance(value, OpResult) and isinstance(value.op, arith.ConstantOp):
        attribute = value.op.value
        if isinstance(attribute, IntegerAttr):
            return attribute.value.data
    return None


def emit_trip_count(
    builder: AdjointBuilder, lower: SSAValue, upper: SSAValue, step: SSAValue
) -> SSAValue:
    """ceil((upper - lower) / step) in the type of the bounds; negative means zero."""
    distance = upper
    if constant_of(lower) != 0:
        distance = builder.value(arith.SubiOp(upper, lower), "trips")
    if constant_of(step) == 1:
        return distance
    return builder.value(arith.CeilDivSIOp(distance, step), "trips")
