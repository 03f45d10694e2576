"""The integer functions of expression texts in Python.

Operands are within 64 bits, in two's complement; results may exceed the width of the
op, whose text wraps them.
"""

from collections.abc import Callable

_ALL = (1 << 64) - 1


def _wrap(a: int, bits: int) -> int:
    half = 1 << (bits - 1)
    return ((a + half) & (2 * half - 1)) - half


def _below(a: int, b: int) -> bool:
    return (a & _ALL) < (b & _ALL)


def _divide_signed(a: int, b: int) -> int:
    if b == 0:
        return -1
    quotient = abs(a) // abs(b)
    return quotient if (a < 0) == (b < 0) else -quotient


def _remainder_signed(a: int, b: int) -> int:
    if b == 0:
        return a
    return abs(a) % abs(b) if a >= 0 else -(abs(a) % abs(b))


def _divide_floor(a: int, b: int) -> int:
    return -1 if b == 0 else a // b


def _divide_ceil(a: int, b: int) -> int:
    return -1 if b == 0 else -(-a // b)


def _divide_unsigned(a: int, b: int) -> int:
    return -1 if b == 0 else (a & _ALL) // (b & _ALL)


def _divide_ceil_unsigned(a: int, b: int) -> int:
    return -1 if b == 0 else -(-(a & _ALL) // (b & _ALL))


def _remainder_unsigned(a: int, b: int) -> int:
    return a if b == 0 else (a & _ALL) % (b & _ALL)


def _shift_left(a: int, amount: int, bits: int) -> int:
    return a << amount if 0 <= amount < bits else 0


def _shift_right_zero(a: int, amount: int, bits: int) -> int:
    return (a & ((1 << bits) - 1)) >> amount if 0 <= amount < bits else 0


def _shift_right_sign(a: int, amount: int, bits: int) -> int:
    return a >> (amount if 0 <= amount < bits else 63)


def _leading_zeros(a: int, bits: int) -> int:
    return bits - (a & ((1 << bits) - 1)).bit_length()


def _trailing_zeros(a: int, bits: int) -> int:
    a &= (1 << bits) - 1
    return (a & -a).bit_length() - 1 if a else bits


def _ones(a: int, bits: int) -> int:
    return (a & ((1 << bits) - 1)).bit_count()


def _integer_power(a: int, exponent: int) -> int:
    if exponent >= 0:
        return pow(a, exponent, 1 << 64)
    if abs(a) == 1:
        return a if exponent & 1 else 1
    return -1 if a == 0 else 0


def _high_product(a: int, b: int, bits: int) -> int:
    return (a * b) >> bits


def _high_product_unsigned(a: int, b: int, bits: int) -> int:
    return ((a & _ALL) * (b & _ALL)) >> bits


_LEAST, _GREATEST = -(1 << 63), (1 << 63) - 1


def _add_sizes(a: int, b: int) -> int:
    return max(_LEAST, min(a + b, _GREATEST))


def _size_between(a: int, b: int) -> int:
    return max(_LEAST, min(b - a, _GREATEST))


def _multiply_sizes(a: int, b: int) -> int:
    product = a * b
    return product if _LEAST <= product <= _GREATEST else _GREATEST


def _divide_sizes(a: int, b: int) -> int:
    return 0 if b == 0 else min(-(-(a & _ALL) // (b & _ALL)), _GREATEST)


INTEGER_FUNCTIONS: dict[str, Callable[..., int]] = {
    "wrap": _wrap,
    "below": _below,
    "divide_signed": _divide_signed,
    "divide_floor": _divide_floor,
    "divide_ceil": _divide_ceil,
    "divide_unsigned": _divide_unsigned,
    "divide_ceil_unsigned": _divide_ceil_unsigned,
    "remainder_signed": _remainder_signed,
    "remainder_unsigned": _remainder_unsigned,
    "shift_left": _shift_left,
    "shift_right_zero": _shift_right_zero,
    "shift_right_sign": _shift_right_sign,
    "leading_zeros": _leading_zeros,
    "trailing_zeros": _trailing_zeros,
    "ones": _ones,
    "integer_power": _integer_power,
    "add_sizes": _add_sizes,
    "multiply_sizes": _multiply_sizes,
    "size_between": _size_between,
    "divide_sizes": _divide_sizes,
    "high_product": _high_product,
    "high_product_unsigned": _high_product_unsigned,
}
"""Name in expression texts to its function."""
