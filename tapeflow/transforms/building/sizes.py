"""Arithmetic of sizes: numbers that are not negative and stop at the greatest index.

Extents and trip counts multiply to more than 64 bits hold. Where a plain sum or product
would wrap around, to a small number or a negative one, one with the mark `tape.size` is
2**63 - 1, for which no machine has the memory. It costs what the plain one costs.
"""

from xdsl.dialects import arith
from xdsl.dialects.builtin import UnitAttr

from tapeflow.dialects.tape_attributes import TAPE_SIZE
from tapeflow.transforms.building.index_builder import Index, IndexBuilder, known

GREATEST = (1 << 63) - 1
"""The largest size."""


def add_sizes(builder: IndexBuilder, lhs: Index, rhs: Index, name: str) -> Index:
    """lhs + rhs"""
    return _marked(builder.add(lhs, rhs, name), lhs, rhs)


def multiply_sizes(builder: IndexBuilder, lhs: Index, rhs: Index, name: str) -> Index:
    """lhs * rhs"""
    return _marked(builder.mul(lhs, rhs, name), lhs, rhs)


def distance_of(builder: IndexBuilder, start: Index, end: Index, name: str) -> Index:
    """end - start, of which the end is not the smaller one"""
    return _marked(builder.sub(end, start, name), end, start)


def trips_of(builder: IndexBuilder, lower: Index, upper: Index, step: Index) -> Index:
    """How often a loop with a positive step runs: ceil((upper - lower) / step) or 0."""
    lower, upper, step = known(lower), known(upper), known(step)
    if isinstance(step, int) and step < 1:
        return 0  # such a loop is refused when it is reached
    end = builder.maximum(upper, lower, "trips")
    if step == 1:
        return distance_of(builder, lower, end, "span")
    distance = builder.sub(end, lower, "span")
    return _marked(builder.ceildiv_unsigned(distance, step, "trips"), distance, step)


def _marked(result: Index, *operands: Index) -> Index:
    """The result of an operation that has just been emitted, if one was needed."""
    if isinstance(result, int):
        return min(result, GREATEST)
    if all(result is not operand for operand in operands):
        assert isinstance(result.owner, arith.SignlessIntegerBinaryOperation)
        result.owner.attributes[TAPE_SIZE] = UnitAttr()
    return result
