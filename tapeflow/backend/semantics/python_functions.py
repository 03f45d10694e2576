"""The functions of expression texts, in Python.

Floats are Python floats (f32 values too, rounded after each operation), integers
Python's within 64 bits, truth values Python's.
"""

import ctypes
import math
import operator
import struct
from collections.abc import Callable
from typing import Any

from tapeflow.backend.semantics.libm import LIBM_FUNCTIONS, libm_function
from tapeflow.backend.semantics.python_integers import INTEGER_FUNCTIONS

_EXACT = 1 << 53
"""Every integer up to this magnitude is a double."""


def _divide(a: float, b: float) -> float:
    if b != 0.0:
        return a / b
    if a == 0.0 or a != a or b != b:
        return math.nan
    return math.copysign(math.inf, a) * math.copysign(1.0, b)


def _sqrt(a: float) -> float:
    return math.sqrt(a) if a >= 0.0 else (a if a == 0.0 else math.nan)


def _maximum(a: float, b: float) -> float:
    if a != a or b != b:
        return math.nan
    if a == b:
        return b if math.copysign(1.0, a) < 0.0 else a
    return max(a, b)


def _minimum(a: float, b: float) -> float:
    if a != a or b != b:
        return math.nan
    if a == b:
        return a if math.copysign(1.0, a) < 0.0 else b
    return min(a, b)


def _maxnum(a: float, b: float) -> float:
    return b if a != a else a if b != b else _maximum(a, b)


def _minnum(a: float, b: float) -> float:
    return b if a != a else a if b != b else _minimum(a, b)


def _whole(rounding: Callable[[float], int]) -> Callable[[float], float]:
    """Rounding to a whole number that keeps infinities, NaN and the sign of zero."""

    def rounded(a: float) -> float:
        if not math.isfinite(a):
            return a
        return math.copysign(float(rounding(a)), a)

    return rounded


def _round_away(a: float) -> int:
    whole = math.trunc(a)
    return whole + (0 if abs(a - whole) < 0.5 else 1 if a > 0.0 else -1)


def _f32(a: float) -> float:
    return ctypes.c_float(a).value


def _f32_of_integer(a: int) -> float:
    """Round once: by way of a double, a wide integer would be rounded twice."""
    if abs(a) > _EXACT:
        # Sticky rounding to odd keeps what the second rounding needs to know.
        shift = abs(a).bit_length() - 40
        kept = abs(a) >> shift
        kept |= (kept << shift) != abs(a)
        a = (kept << shift) if a > 0 else -(kept << shift)
    return _f32(float(a))


def _integer_of_float(a: float, bits: int) -> int:
    if a != a:
        return 0
    half = 1 << (bits - 1)
    return half - 1 if a >= half else -half if a < -half else int(a)


def _unsigned_of_float(a: float, bits: int) -> int:
    if not a > 0.0:
        return 0
    value = (1 << bits) - 1 if a >= 1 << bits else int(a)
    return value if bits == 1 or value < 1 << (bits - 1) else value - (1 << bits)


def _reinterpret(source: str, target: str) -> Callable[[float], Any]:
    """The same bits as another type, in the codes of `struct`."""

    def reinterpreted(a: float) -> Any:
        return struct.unpack(target, struct.pack(source, a))[0]

    return reinterpreted


def _unsigned(convert: Callable[[int], float]) -> Callable[[int], float]:
    """A conversion of the 64 bits read as a number that is not negative."""

    def converted(a: int) -> float:
        return convert(a & (2**64 - 1))

    return converted


def _select(condition: bool, a: Any, b: Any) -> Any:
    return a if condition else b


def _bits_of_f32(a: float) -> int:
    return struct.unpack("<i", struct.pack("<f", _f32(a)))[0]


def _f32_of_bits(a: int) -> float:
    return struct.unpack("<f", struct.pack("<I", a & (2**32 - 1)))[0]


PYTHON_NAMESPACE: dict[str, Any] = {
    **{name: libm_function(*entry) for name, entry in LIBM_FUNCTIONS.items()},
    **INTEGER_FUNCTIONS,
    "inf": math.inf,
    "nan": math.nan,
    "divide": _divide,
    "negate": operator.neg,
    "sqrt": _sqrt,
    "fabs": math.fabs,
    "copysign": math.copysign,
    "floor": _whole(math.floor),
    "ceil": _whole(math.ceil),
    "truncate": _whole(math.trunc),
    "round_even": _whole(round),
    "round_away": _whole(_round_away),
    "maximum": _maximum,
    "minimum": _minimum,
    "maxnum": _maxnum,
    "minnum": _minnum,
    "fma_f32": libm_function("fmaf", 3, ctypes.c_float),
    "fma_f64": libm_function("fma", 3),
    "select": _select,
    "f32": _f32,
    "f64": float,
    "f32_of_integer": _f32_of_integer,
    "f64_of_integer": float,
    "f32_of_unsigned": _unsigned(_f32_of_integer),
    "f64_of_unsigned": _unsigned(float),
    "integer_of_float": _integer_of_float,
    "unsigned_of_float": _unsigned_of_float,
    "bits_of_f32": _bits_of_f32,
    "bits_of_f64": _reinterpret("<d", "<q"),
    "f32_of_bits": _f32_of_bits,
    "f64_of_bits": _reinterpret("<q", "<d"),
}
"""Name in expression texts to its function or constant."""
