"""The number of iterations of an scf.for as operations, exact for all bounds.

In 64 bits the distance of two bounds wraps: from -2**63 to 2**62 there are more than
2**63 - 1 numbers. As an unsigned number it is right wherever the upper bound is not the
smaller one.
"""

from xdsl.ir import SSAValue

from tapeflow.transforms.building.index_builder import Index, IndexBuilder, known


def trip_count(builder: IndexBuilder, lower: Index, upper: Index, step: Index) -> Index:
    """ceil((upper - lower) / step), at least 0; a size."""
    lower, upper, step = known(lower), known(upper), known(step)
    if isinstance(step, int) and step < 1:
        return 0  # such a loop is refused when it is reached
    end = builder.maximum(upper, lower, "trips")
    if step == 1:
        return builder.sub(end, lower, "span", is_size=True)
    distance = builder.sub(end, lower, "span")
    return builder.ceildiv_unsigned(distance, step, "trips", is_size=True)


def mirror(
    builder: IndexBuilder, lower: SSAValue, upper: SSAValue, step: SSAValue
) -> SSAValue:
    """First plus last value of a loop's counter, where the loop runs at all.

    Counters of the two iterations that are the same number of iterations away from the
    ends of the loop have this sum; where it wraps, so does the way back.
    """
    return builder.value(_mirror(builder, known(lower), upper, step))


def _mirror(builder: IndexBuilder, first: Index, upper: Index, step: SSAValue) -> Index:
    if known(step) != 1:
        last = _last(builder, first, upper, step)
        return builder.add(last, first, "ends")
    if first == 0:
        return builder.sub(upper, 1, "last")
    if isinstance(first, int):
        return builder.add(upper, first - 1, "ends")
    return builder.sub(builder.add(first, upper, "ends"), 1, "ends")


def _last(builder: IndexBuilder, first: Index, upper: Index, step: SSAValue) -> Index:
    distance = builder.sub(upper, first, "trips")
    # From a number that is not negative no distance is beyond the signed ones.
    is_signed = isinstance(first, int) and first >= 0
    divide = builder.ceildiv if is_signed else builder.ceildiv_unsigned
    trips = divide(distance, step, "trips")
    before = builder.sub(trips, 1, None)
    return builder.add(builder.mul(before, step, "last"), first, "last")
