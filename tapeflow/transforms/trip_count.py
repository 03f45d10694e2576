"""The number of iterations of an scf.for as operations."""

from collections.abc import Sequence

from xdsl.dialects import arith
from xdsl.dialects.builtin import IndexType
from xdsl.ir import SSAValue

from tapeflow.analysis.constants import constant_of
from tapeflow.transforms.adjoint_builder import AdjointBuilder


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
    """ceil((upper - lower) / step) of `index` bounds; negative means zero."""
    distance = upper
    if constant_of(lower) != 0:
        distance = builder.value(arith.SubiOp(upper, lower), "trips")
    if constant_of(step) == 1:
        return distance
    return builder.value(arith.CeilDivSIOp(distance, step), "trips")
