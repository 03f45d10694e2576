"""Functions of floats on dual numbers.

Derivatives are written out by hand here, from textbook formulas, so that nothing is
shared with the rules under test. At kinks they follow the documented conventions.
"""

import math
from collections.abc import Callable
from fractions import Fraction

from . import c_library as c
from .dual_numbers import Dual, combined, rounded

Unary = tuple[Callable[[float], float], Callable[[float, float], float]]
"""A function, and its derivative from argument and result."""

_NOTHING: Callable[[float, float], float] = lambda x, y: 0.0  # noqa: E731


def _sign(x: float) -> float:
    return math.nan if math.isnan(x) else float((x > 0) - (x < 0))


UNARY: dict[str, Unary] = {
    "arith.negf": (lambda x: -x, lambda x, y: -1.0),
    "math.absf": (abs, lambda x, y: _sign(x)),
    "math.sin": (c.sin, lambda x, y: c.cos(x)),
    "math.cos": (c.cos, lambda x, y: -c.sin(x)),
    "math.tan": (c.tan, lambda x, y: 1 / c.cos(x) ** 2),
    "math.tanh": (c.tanh, lambda x, y: 1 / c.cosh(x) ** 2),
    "math.asin": (c.asin, lambda x, y: 1 / c.sqrt((1 - x) * (1 + x))),
    "math.acos": (c.acos, lambda x, y: -1 / c.sqrt((1 - x) * (1 + x))),
    "math.atan": (c.atan, lambda x, y: 1 / (1 + x * x)),
    "math.sinh": (c.sinh, lambda x, y: c.cosh(x)),
    "math.cosh": (c.cosh, lambda x, y: c.sinh(x)),
    "math.asinh": (c.asinh, lambda x, y: 1 / math.hypot(1, x)),
    "math.acosh": (c.acosh, lambda x, y: 1 / (c.sqrt(x - 1) * c.sqrt(x + 1))),
    "math.atanh": (c.atanh, lambda x, y: 1 / ((1 - x) * (1 + x))),
    "math.erf": (c.erf, lambda x, y: 2 / math.sqrt(math.pi) * c.exp(-x * x)),
    "math.erfc": (c.erfc, lambda x, y: -2 / math.sqrt(math.pi) * c.exp(-x * x)),
    "math.exp": (c.exp, lambda x, y: c.exp(x)),
    "math.exp2": (c.exp2, lambda x, y: math.log(2) * c.exp2(x)),
    "math.expm1": (c.expm1, lambda x, y: c.exp(x)),
    "math.log": (c.log, lambda x, y: 1 / x),
    "math.log2": (c.log2, lambda x, y: 1 / (x * math.log(2))),
    "math.log10": (c.log10, lambda x, y: 1 / (x * math.log(10))),
    "math.log1p": (c.log1p, lambda x, y: 1 / (1 + x)),
    "math.sqrt": (c.sqrt, lambda x, y: 0.5 / c.sqrt(x)),
    "math.rsqrt": (
        lambda x: c.divide(1.0, c.sqrt(x)),
        lambda x, y: -0.5 / (x * c.sqrt(x)),
    ),
    "math.cbrt": (c.cbrt, lambda x, y: 1 / (3 * c.cbrt(x) ** 2)),
    "math.floor": (c.floor, _NOTHING),
    "math.ceil": (c.ceil, _NOTHING),
    "math.trunc": (c.trunc, _NOTHING),
    "math.round": (c.round_away, _NOTHING),
    "math.roundeven": (c.rint, _NOTHING),
}
BLURS = {"math.tanh": 1.0}
"""Functions whose documented errors are relative to a derivative of 1."""

Partials = Callable[[float, float], tuple[float, float]]
Binary = tuple[Callable[[float, float], float], Partials]
"""A function, and its two partial derivatives from the arguments."""


def _partials_of_power(x: float, y: float) -> tuple[float, float]:
    return (
        y * c.power(x, y - 1) if y else 0.0,
        c.power(x, y) * c.log(x) if x else 0.0,
    )


def _partials_of_angle(x: float, y: float) -> tuple[float, float]:
    if math.isinf(x) or math.isinf(y):
        return math.nan, math.nan
    return y / (x * x + y * y), -x / (x * x + y * y)


def _partials_of_copied_sign(x: float, y: float) -> tuple[float, float]:
    is_number = not math.isnan(x) and not math.isnan(y)
    sign = math.copysign(1, x) * math.copysign(1, y)
    return sign if is_number else math.nan, 0.0


def _partials_of_remainder(x: float, y: float) -> tuple[float, float]:
    divided_off = c.divide(x - c.remainder(x, y), y)
    return 1.0, -c.rint(divided_off)


BINARY: dict[str, Binary] = {
    "arith.addf": (lambda x, y: x + y, lambda x, y: (1.0, 1.0)),
    "arith.subf": (lambda x, y: x - y, lambda x, y: (1.0, -1.0)),
    "arith.mulf": (lambda x, y: x * y, lambda x, y: (y, x)),
    "arith.divf": (c.divide, lambda x, y: (1 / y, -x / (y * y))),
    "arith.remf": (c.remainder, _partials_of_remainder),
    "math.powf": (c.power, _partials_of_power),
    "math.atan2": (c.atan2, _partials_of_angle),
    "math.copysign": (math.copysign, _partials_of_copied_sign),
}


def _extremum(name: str, x: float, y: float) -> tuple[float, tuple[float, float]]:
    """A minimum or maximum; the first of two equal numbers is chosen."""
    of_numbers = "num" in name
    if math.isnan(x) or math.isnan(y):
        both = math.isnan(x) and math.isnan(y)
        if both or not of_numbers:
            return math.nan, (math.nan, math.nan)
        return (y, (0.0, 1.0)) if math.isnan(x) else (x, (1.0, 0.0))
    is_max = "max" in name
    first = x >= y if is_max else x <= y
    value = x if first else y
    if x == y and (math.copysign(1, x) > 0) != is_max:
        value = y
    return value, (1.0, 0.0) if first else (0.0, 1.0)


def _known(evaluate: Callable[..., tuple[float, ...]], *given: float):
    """Partial derivatives, NaN where the formulas give no number."""
    try:
        return evaluate(*given)
    except ArithmeticError:
        return (math.nan,) * 2


def apply_unary(name: str, x: Dual, type_: str) -> Dual:
    """One function of one float."""
    function, derivative = UNARY[name]
    value = function(x.value)
    partial = _known(lambda: (derivative(x.value, value),))[0]
    tangent = combined([(partial, x.tangent)], type_, BLURS.get(name, 0.0))
    return Dual(rounded(value, type_), tangent)


def apply_binary(name: str, x: Dual, y: Dual, type_: str) -> Dual:
    """One function of two floats."""
    if name in BINARY:
        function, derivatives = BINARY[name]
        value = function(x.value, y.value)
        partials = _known(derivatives, x.value, y.value)
    else:
        value, partials = _extremum(name, x.value, y.value)
    terms = [*zip(partials, (x.tangent, y.tangent), strict=True)]
    return Dual(rounded(value, type_), combined(terms, type_))


def fused(x: Dual, y: Dual, z: Dual, type_: str) -> Dual:
    """x y + z, rounded once."""
    value = c.fma(x.value, y.value, z.value)
    if type_ == "f32" and math.isfinite(value) and value:
        value = _nearest_single(
            Fraction(x.value) * Fraction(y.value) + Fraction(z.value)
        )
    terms = [(y.value, x.tangent), (x.value, y.tangent), (1.0, z.tangent)]
    return Dual(rounded(value, type_), combined(terms, type_))


def _nearest_single(exact: Fraction) -> float:
    """A number from which rounding to f32 gives what it gives for the exact one.

    A double keeps all bits that decide if it is rounded to odd.
    """
    value = exact.numerator / exact.denominator
    if Fraction(value) == exact or abs(value) >= 2.0**1000:
        return value
    below = math.nextafter(value, -math.inf) if Fraction(value) > exact else value
    above = math.nextafter(below, math.inf)
    is_odd = int(math.frexp(below)[0] * 2**53) % 2
    return below if is_odd else above


def integer_power(x: Dual, power: int, type_: str) -> Dual:
    """x to an integer."""
    partial = power * c.power(x.value, float(power - 1)) if power else 0.0
    value = c.power(x.value, float(power))
    return Dual(rounded(value, type_), combined([(partial, x.tangent)], type_))


def compare(predicate: str, a: float, b: float) -> bool:
    """An arith.cmpf."""
    if predicate in ("false", "true"):
        return predicate == "true"
    unordered = math.isnan(a) or math.isnan(b)
    if predicate in ("ord", "uno"):
        return unordered == (predicate == "uno")
    if unordered:
        return predicate[0] == "u"
    return {
        "eq": a == b,
        "ne": a != b,
        "lt": a < b,
        "le": a <= b,
        "gt": a > b,
        "ge": a >= b,
    }[predicate[1:]]
