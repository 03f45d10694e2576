"""Functions of the C library, which answer infinities and NaN where Python raises."""

import ctypes
import sys
from collections.abc import Callable

_LIBRARY = ctypes.CDLL("libSystem.B.dylib" if sys.platform == "darwin" else "libm.so.6")


def function(name: str, arguments: int = 1) -> Callable[..., float]:
    """The function of that name, of doubles."""
    found = _LIBRARY[name]
    found.argtypes = [ctypes.c_double] * arguments
    found.restype = ctypes.c_double
    return found


acos, acosh, asin, asinh = map(function, ("acos", "acosh", "asin", "asinh"))
atan, atanh, cbrt, ceil = map(function, ("atan", "atanh", "cbrt", "ceil"))
cos, cosh, erf, erfc = map(function, ("cos", "cosh", "erf", "erfc"))
exp, exp2, expm1, floor = map(function, ("exp", "exp2", "expm1", "floor"))
log, log10, log1p, log2 = map(function, ("log", "log10", "log1p", "log2"))
rint, round_away, sin, sinh = map(function, ("rint", "round", "sin", "sinh"))
sqrt, tan, tanh, trunc = map(function, ("sqrt", "tan", "tanh", "trunc"))
atan2, power, remainder = (function(name, 2) for name in ("atan2", "pow", "fmod"))
fma = function("fma", 3)


def divide(a: float, b: float) -> float:
    """IEEE division."""
    return power(b, -1.0) * a if b == 0.0 else a / b
