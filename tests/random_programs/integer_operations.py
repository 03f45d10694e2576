"""Integer arithmetic on Python integers, for the dual evaluator."""

import math
from collections.abc import Callable


def wrapped(value: int, width: int) -> int:
    """The signed number that the low bits stand for; i1 is 0 or 1."""
    if width == 1:
        return value & 1
    half = 1 << (width - 1)
    return (value + half) % (1 << width) - half


def signed(value: int, width: int) -> int:
    """The value as a signed number; of i1, true is -1."""
    return -value if width == 1 else value


def unsigned(value: int, width: int) -> int:
    """The value as a number that is not negative."""
    return value % (1 << width)


def saturated(value: float, low: int, high: int) -> int:
    """The whole number towards zero, the nearest there is; 0 for NaN."""
    if math.isnan(value):
        return 0
    return low if value <= low else high if value >= high else int(value)


def _truncated_quotient(a: int, b: int) -> int:
    quotient = abs(a) // abs(b)
    return quotient if (a < 0) == (b < 0) else -quotient


def _truncated_remainder(a: int, b: int) -> int:
    return a - b * _truncated_quotient(a, b)


def _power(a: int, exponent: int) -> int:
    """Negative exponents round towards zero, as division does."""
    if exponent >= 0:
        return a**exponent if exponent < 64 else pow(a, exponent, 1 << 64)
    return {1: 1, -1: 1 - 2 * (exponent % 2)}.get(a, 0)


Signed = Callable[[int, int], int]
SIGNED: dict[str, Signed] = {
    "arith.addi": lambda a, b: a + b,
    "arith.subi": lambda a, b: a - b,
    "arith.muli": lambda a, b: a * b,
    "arith.andi": lambda a, b: a & b,
    "arith.ori": lambda a, b: a | b,
    "arith.xori": lambda a, b: a ^ b,
    "arith.shli": lambda a, b: a << b,
    "arith.shrsi": lambda a, b: a >> b,
    "arith.minsi": min,
    "arith.maxsi": max,
    "arith.divsi": _truncated_quotient,
    "arith.ceildivsi": lambda a, b: -(-a // b),
    "arith.floordivsi": lambda a, b: a // b,
    "arith.remsi": _truncated_remainder,
    "math.ipowi": _power,
}
UNSIGNED: dict[str, Signed] = {
    "arith.remui": lambda a, b: a % b,
    "arith.divui": lambda a, b: a // b,
    "arith.ceildivui": lambda a, b: -(-a // b),
    "arith.minui": min,
    "arith.maxui": max,
    "arith.shrui": lambda a, b: a >> b,
}
OF_BITS: dict[str, Callable[[int, int], int]] = {
    "math.ctpop": lambda a, width: a.bit_count(),
    "math.ctlz": lambda a, width: width - a.bit_length(),
    "math.cttz": lambda a, width: (a & -a).bit_length() - 1 if a else width,
}
"""Functions of one number, read without a sign, and its width."""
COMPARISONS: dict[str, Callable[[int, int], bool]] = {
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
}


def compare(predicate: str, a: int, b: int, width: int) -> bool:
    """An arith.cmpi."""
    if predicate in ("eq", "ne"):
        return COMPARISONS[predicate](a, b)
    view = unsigned if predicate[0] == "u" else signed
    return COMPARISONS[predicate[1:]](view(a, width), view(b, width))


def apply(name: str, operands: list[int], source: int, target: int) -> int:
    """An operation on operands of one width, with a result of another or the same."""
    if name in SIGNED:
        return wrapped(SIGNED[name](operands[0], operands[1]), target)
    if name in UNSIGNED:
        a, b = (unsigned(operand, source) for operand in operands)
        return wrapped(UNSIGNED[name](a, b), target)
    (a,) = operands
    if name in OF_BITS:
        return wrapped(OF_BITS[name](unsigned(a, source), source), target)
    if name == "math.absi":
        return wrapped(abs(a), target)
    view = unsigned if name == "arith.extui" else signed
    return wrapped(view(a, source), target)
