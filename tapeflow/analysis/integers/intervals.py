"""Intervals of integers, and what the operations of arith and math make of them.

A value of n bits counts as the number between -2**(n-1) and 2**(n-1) - 1 that it is in
two's complement; true is -1. A rule may answer with numbers beyond the type: then the
operation can wrap and its result be anything. Divisors that may be zero or negative,
and amounts that may shift everything out, are given up.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias, cast

from xdsl.dialects import arith, math
from xdsl.dialects.builtin import IndexType, IntegerAttr, IntegerType
from xdsl.ir import Attribute, Operation

_INDEX_BITS = 64


@dataclass(frozen=True)
class Interval:
    """All integers from `low` to `high`, both included."""

    low: int
    high: int

    def __contains__(self, other: "Interval") -> bool:
        return self.low <= other.low and other.high <= self.high

    def join(self, other: "Interval") -> "Interval":
        """The smallest interval around both."""
        return Interval(min(self.low, other.low), max(self.high, other.high))


ANYTHING = Interval(-(1 << 128), 1 << 128)
"""More than any type holds: the result may be anything."""

Intervals: TypeAlias = Sequence[Interval]
IntervalRule: TypeAlias = Callable[[Operation, Intervals], Interval]


def integer_width(type_: Attribute) -> int | None:
    """Bits of an integer or index type; None for others and for more than 64."""
    match type_:
        case IndexType():
            return _INDEX_BITS
        case IntegerType() if 1 <= type_.width.data <= _INDEX_BITS:
            return type_.width.data
        case _:
            return None


def signed_interval(bits: int) -> Interval:
    """What a signed integer of this width holds."""
    return Interval(-(1 << (bits - 1)), (1 << (bits - 1)) - 1)


def unsigned_interval(bits: int) -> Interval:
    """What an unsigned integer of this width holds."""
    return Interval(0, (1 << bits) - 1)


def is_believed_to_fit(numbers: Iterable[int], factors: Iterable[int]) -> bool:
    """Whether a sum of numbers and multiples of 64-bit values wraps only in theory.

    Nothing bounds the values; great numbers or factors in the text raise doubts.
    """
    return all(abs(number) < 1 << 62 for number in numbers) and all(
        abs(factor) < 1 << 32 for factor in factors
    )


def type_interval(type_: Attribute) -> Interval | None:
    """All values of a type; None if it is no integer of at most 64 bits."""
    bits = integer_width(type_)
    return None if bits is None else signed_interval(bits)


def _bits(op: Operation) -> int:
    bits = integer_width(op.results[0].type)
    assert bits is not None, "rules are asked for integers only"
    return bits


def _hull(numbers: Iterable[int]) -> Interval:
    several = tuple(numbers)
    return Interval(min(several), max(several))


def _corners(combine: Callable[[int, int], int], a: Interval, b: Interval) -> Interval:
    """For what is monotonic in each operand while the other stays."""
    return _hull(combine(x, y) for x in (a.low, a.high) for y in (b.low, b.high))


def _monotonic(combine: Callable[[int, int], int]) -> IntervalRule:
    return lambda _op, operands: _corners(combine, *operands)


def _toward_zero(a: int, b: int) -> int:
    return a // b if a >= 0 else -(-a // b)


def _upward(a: int, b: int) -> int:
    return -(-a // b)


def _signed_quotient(divide: Callable[[int, int], int]) -> IntervalRule:
    def rule(_op: Operation, operands: Intervals) -> Interval:
        a, b = operands
        return _corners(divide, a, b) if b.low >= 1 else ANYTHING

    return rule


def _unsigned_quotient(divide: Callable[[int, int], int]) -> IntervalRule:
    def rule(_op: Operation, operands: Intervals) -> Interval:
        a, b = operands
        return _corners(divide, a, b) if b.low >= 1 and a.low >= 0 else ANYTHING

    return rule


def _signed_remainder(_op: Operation, operands: Intervals) -> Interval:
    a, b = operands
    if b.low < 1:
        return ANYTHING
    return Interval(
        max(min(a.low, 0), 1 - b.high),
        min(max(a.high, 0), b.high - 1),
    )


def _unsigned_remainder(_op: Operation, operands: Intervals) -> Interval:
    a, b = operands
    if b.low < 1:
        return ANYTHING
    return Interval(0, b.high - 1 if a.low < 0 else min(a.high, b.high - 1))


def _unsigned_minimum(_op: Operation, operands: Intervals) -> Interval:
    a, b = operands
    if a.low >= 0 and b.low >= 0:
        return Interval(min(a.low, b.low), min(a.high, b.high))
    # A negative number is a large one.
    bounds = [interval.high for interval in operands if interval.low >= 0]
    return Interval(0, bounds[0]) if bounds else ANYTHING


def _unsigned_maximum(_op: Operation, operands: Intervals) -> Interval:
    a, b = operands
    if a.low >= 0 and b.low >= 0:
        return Interval(max(a.low, b.low), max(a.high, b.high))
    return ANYTHING


def _within_bits(operands: Intervals) -> Interval:
    """What bitwise combinations of the operands can be."""
    bits = max(
        max(-1 - interval.low, interval.high).bit_length() for interval in operands
    )
    return Interval(-(1 << bits), (1 << bits) - 1)


def _bitwise(_op: Operation, operands: Intervals) -> Interval:
    bounds = _within_bits(operands)
    if all(interval.low >= 0 for interval in operands):
        return Interval(0, bounds.high)
    return bounds


def _conjunction(_op: Operation, operands: Intervals) -> Interval:
    bounds = [interval.high for interval in operands if interval.low >= 0]
    return Interval(0, min(bounds)) if bounds else _within_bits(operands)


def _shift_left(op: Operation, operands: Intervals) -> Interval:
    a, amount = operands
    if amount not in Interval(0, _bits(op) - 1):
        return ANYTHING
    return _corners(lambda x, y: x << y, a, amount)


def _shift_right_zero(op: Operation, operands: Intervals) -> Interval:
    a, amount = operands
    if amount not in Interval(0, _bits(op) - 1):
        return ANYTHING
    if a.low < 0:
        # The sign bit becomes one of the number, unless nothing is shifted.
        everything = unsigned_interval(_bits(op))
        return Interval(0, everything.high >> amount.low) if amount.low else ANYTHING
    return _corners(lambda x, y: x >> y, a, amount)


def _shift_right_sign(op: Operation, operands: Intervals) -> Interval:
    a, amount = operands
    if amount not in Interval(0, _bits(op) - 1):
        return ANYTHING
    return _corners(lambda x, y: x >> y, a, amount)


def _magnitude(_op: Operation, operands: Intervals) -> Interval:
    (a,) = operands
    if a.low <= 0 <= a.high:
        return Interval(0, max(-a.low, a.high))
    return _hull((abs(a.low), abs(a.high)))


def _count_of_bits(op: Operation, _operands: Intervals) -> Interval:
    return Interval(0, _bits(op))


def _constant(op: Operation, _operands: Intervals) -> Interval:
    number = cast(arith.ConstantOp, op).value
    if not isinstance(number, IntegerAttr):
        return ANYTHING
    half = 1 << (_bits(op) - 1)
    value = ((number.value.data + half) & (2 * half - 1)) - half
    return Interval(value, value)


def _same_number(_op: Operation, operands: Intervals) -> Interval:
    return operands[0]


def _without_sign(op: Operation, operands: Intervals) -> Interval:
    (a,) = operands
    if a.low >= 0:
        return a
    bits = integer_width(op.operands[0].type)
    assert bits is not None
    if a.high < 0:
        return Interval(a.low + (1 << bits), a.high + (1 << bits))
    return unsigned_interval(bits)


def _select(_op: Operation, operands: Intervals) -> Interval:
    _, a, b = operands
    return a.join(b)


def _on_numbers(rule: IntervalRule) -> IntervalRule:
    """Truth values have an arithmetic and an order of their own."""
    return lambda op, operands: ANYTHING if _bits(op) == 1 else rule(op, operands)


_ARITHMETIC: dict[type[Operation], IntervalRule] = {
    arith.AddiOp: _monotonic(int.__add__),
    arith.SubiOp: _monotonic(int.__sub__),
    arith.MuliOp: _monotonic(int.__mul__),
    arith.DivSIOp: _signed_quotient(_toward_zero),
    arith.FloorDivSIOp: _signed_quotient(int.__floordiv__),
    arith.CeilDivSIOp: _signed_quotient(_upward),
    arith.DivUIOp: _unsigned_quotient(int.__floordiv__),
    arith.CeilDivUIOp: _unsigned_quotient(_upward),
    arith.RemSIOp: _signed_remainder,
    arith.RemUIOp: _unsigned_remainder,
    arith.MinSIOp: _monotonic(min),
    arith.MaxSIOp: _monotonic(max),
    arith.MinUIOp: _unsigned_minimum,
    arith.MaxUIOp: _unsigned_maximum,
    arith.AndIOp: _conjunction,
    arith.OrIOp: _bitwise,
    arith.XOrIOp: _bitwise,
    arith.ShLIOp: _shift_left,
    arith.ShRUIOp: _shift_right_zero,
    arith.ShRSIOp: _shift_right_sign,
    math.AbsIOp: _magnitude,
    math.CountLeadingZerosOp: _count_of_bits,
    math.CountTrailingZerosOp: _count_of_bits,
    math.CtPopOp: _count_of_bits,
}

INTERVAL_RULES: dict[type[Operation], IntervalRule] = {
    **{op: _on_numbers(rule) for op, rule in _ARITHMETIC.items()},
    arith.ConstantOp: _constant,
    arith.ExtSIOp: _same_number,
    arith.ExtUIOp: _without_sign,
    # Narrower types that cannot hold the number cut it, to anything.
    arith.TruncIOp: _same_number,
    arith.IndexCastOp: _same_number,
    arith.SelectOp: _select,
}
"""From the intervals of an operation's integer operands to that of its result."""
