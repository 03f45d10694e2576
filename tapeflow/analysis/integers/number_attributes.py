"""Attributes of numbers that arithmetic at compile time gives, wrapped and rounded.

An attribute of xDSL takes any Python number for an index, and raises for a float that
its type does not reach. A program's numbers wrap and round instead, so whoever computes
a constant builds its attribute here.
"""

import math

from xdsl.dialects.builtin import (
    AnyFloat,
    FloatAttr,
    IndexType,
    IntegerAttr,
    IntegerType,
)

INDEX_BITS = 64


def wrapped_index(number: int) -> int:
    """The index that has the lowest 64 bits of a number."""
    half = 1 << (INDEX_BITS - 1)
    return ((number + half) & (2 * half - 1)) - half


def is_index(number: int) -> bool:
    """Whether an index can be this number."""
    return wrapped_index(number) == number


def integer_attribute(number: int, type_: IntegerType | IndexType) -> IntegerAttr:
    """The integer of a type that has the lowest bits of a number."""
    if isinstance(type_, IndexType):
        return IntegerAttr(wrapped_index(number), type_)
    return IntegerAttr(number, type_, truncate_bits=True)


def float_attribute(number: float, type_: AnyFloat) -> FloatAttr:
    """The float of a type that is nearest to a number, infinity where it is too large.

    A sum, difference, product or quotient of floats of a narrow type may be computed in
    double precision: rounding twice gives the same as rounding once.
    """
    try:
        return FloatAttr(number, type_)
    except OverflowError:
        return FloatAttr(math.copysign(math.inf, number), type_)


def quotient(dividend: float, divisor: float) -> float:
    """IEEE 754 division, where Python raises for a divisor of zero."""
    if divisor:
        return dividend / divisor
    if dividend == 0 or math.isnan(dividend) or math.isnan(divisor):
        return math.nan
    return math.copysign(math.inf, dividend) * math.copysign(1.0, divisor)
