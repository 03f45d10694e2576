"""The functions of the C library's libm, for both engines."""

import ctypes
import ctypes.util
import sys
from functools import cache

LIBM_FUNCTIONS: dict[str, tuple[str, int]] = {
    **{
        name: (name, 1)
        for name in (
            *("acos", "acosh", "asin", "asinh", "atan", "atanh", "cbrt", "cos"),
            *("cosh", "erf", "erfc", "exp", "exp2", "expm1", "log", "log10", "log1p"),
            *("log2", "sin", "sinh", "tan", "tanh"),
        )
    },
    "atan2": ("atan2", 2),
    "fmod": ("fmod", 2),
    "power": ("pow", 2),
}
"""Name in expression texts: libm's name and its number of double arguments."""

_LIBRARY_NAMES = {"linux": "libm.so.6", "darwin": "libSystem.B.dylib"}


@cache
def libm() -> ctypes.CDLL:
    """The C library's mathematics, loaded once."""
    try:
        return ctypes.CDLL(_LIBRARY_NAMES.get(sys.platform))
    except OSError:
        return ctypes.CDLL(ctypes.util.find_library("m"))


def libm_function(name: str, arguments: int, kind: type = ctypes.c_double):
    """A libm function of `arguments` floats of one kind, callable from Python."""
    # A new function object each time: ctypes shares attributes of named ones.
    function = libm()[name]
    function.argtypes = [kind] * arguments
    function.restype = kind
    return function
