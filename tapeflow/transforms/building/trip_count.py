"""The number of iterations of an scf.for as operations, exact for all bounds.

In 64 bits the distance of two bounds wraps: from -2**63 to 2**62 there are more than
2**63 - 1 numbers. As an unsigned number it is right wherever the upper bound is not the
smaller one.
"""

from collections.abc import Sequence

from xdsl.dialects import arith
from xdsl.dialects.builtin import IndexType
from xdsl.ir import SSAValue

from tapeflow.analysis.ir.constants import constant_of
from tapeflow.transforms.building.adjoint_builder import AdjointBuilder


def bounds_as_index(
    builder: AdjointBuilder, bounds: Sequence[SSAValue]
) -> tuple[SSAValue, SSAValue, SSAValue]:
    """Lower bound, upper bound and step in the type `index`.

    A count need not fit the type of the bounds: from -100 to 100 in i8 it does not.
    """

    def as_index(bound: SSAValue) -> SSAValue:
        if isinstance(bound.type, IndexType):
            return bound
        constant = constant_of(bound)
        if constant is not None:
            return builder.index(constant)
        return builder.value(arith.IndexCastOp(bound, IndexType()), bound.name_hint)

    lower, upper, step = map(as_index, bounds)
    return lower, upper, step


def emit_trip_count(
    builder: AdjointBuilder, lower: SSAValue, upper: SSAValue, step: SSAValue
) -> SSAValue:
    """ceil((upper - lower) / step) of `index` bounds, at least 0, unsigned."""
    end = builder.value(arith.MaxSIOp(upper, lower), "trips")
    distance = end
    if constant_of(lower) != 0:
        distance = builder.value(arith.SubiOp(end, lower), "trips")
    if constant_of(step) == 1:
        return distance
    return builder.value(arith.CeilDivUIOp(distance, step), "trips")


def emit_mirror(
    builder: AdjointBuilder, lower: SSAValue, upper: SSAValue, step: SSAValue
) -> SSAValue:
    """First plus last value of a loop's counter, where the loop runs at all.

    Counters of the two iterations that are the same number of iterations away from the
    ends of the loop have this sum; where it wraps, so does the way back.
    """
    first = constant_of(lower)
    if constant_of(step) != 1:
        last = _emit_last(builder, lower, upper, step)
        return last if first == 0 else builder.value(arith.AddiOp(last, lower), "ends")
    if first is None:
        both = builder.value(arith.AddiOp(lower, upper), "ends")
        return builder.value(arith.SubiOp(both, builder.index(1)), "ends")
    if first == 1:
        return upper
    if first == 0:
        return builder.value(arith.SubiOp(upper, builder.index(1)), "last")
    return builder.value(arith.AddiOp(upper, builder.index(first - 1)), "ends")


def _emit_last(
    builder: AdjointBuilder, lower: SSAValue, upper: SSAValue, step: SSAValue
) -> SSAValue:
    first = constant_of(lower)
    distance = upper
    if first != 0:
        distance = builder.value(arith.SubiOp(upper, lower), "trips")
    # From a number that is not negative no distance is beyond the signed ones.
    is_signed = first is not None and first >= 0
    divide = arith.CeilDivSIOp if is_signed else arith.CeilDivUIOp
    trips = builder.value(divide(distance, step), "trips")
    before = builder.value(arith.SubiOp(trips, builder.index(1)))
    last = builder.value(arith.MuliOp(before, step), "last")
    return last if first == 0 else builder.value(arith.AddiOp(last, lower), "last")
