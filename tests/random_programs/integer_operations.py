"""Integer arithmetic on Python integers, for the dual evaluator."""

from collections.abc import Callable


def wrapped(value: int, width: int) -> int:
    """The signed number that the low bits stand for; i1 is 0 or 1."""
    if width == 1:
        return value & 1
    half = 1 << (width - 1)
    return (value + half) % (1 << width) - half


def _unsigned(value: int, width: int) -> int:
    return value % (1 << width)


def _truncated_remainder(a: int, b: int) -> int:
    remainder = abs(a) % abs(b)
    return -remainder if a < 0 else remainder


INTEGER_OPERATIONS: dict[str, Callable[..., int]] = {
    "arith.addi": lambda a, b, width: a + b,
    "arith.subi": lambda a, b, width: a - b,
    "arith.muli": lambda a, b, width: a * b,
    "arith.andi": lambda a, b, width: a & b,
    "arith.minsi": lambda a, b, width: min(a, b),
    "arith.maxsi": lambda a, b, width: max(a, b),
    "arith.divui": lambda a, b, width: _unsigned(a, width) // _unsigned(b, width),
    "arith.ceildivsi": lambda a, b, width: -(-a // b),
    "arith.floordivsi": lambda a, b, width: a // b,
    "arith.remsi": lambda a, b, width: _truncated_remainder(a, b),
    "arith.remui": lambda a, b, width: _unsigned(a, width) % _unsigned(b, width),
    "arith.index_cast": lambda a, width: a,
    "arith.extsi": lambda a, width: a,
    "arith.trunci": lambda a, width: a,
}
COMPARISONS: dict[str, Callable[[int, int], bool]] = {
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "slt": lambda a, b: a < b,
    "sle": lambda a, b: a <= b,
    "sgt": lambda a, b: a > b,
    "sge": lambda a, b: a >= b,
}
