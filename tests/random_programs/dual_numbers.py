"""Dual numbers: a value and its tangents along several directions at once.

Values follow the program's precision, tangents are float64 throughout. Derivatives are
written out by hand here, from textbook formulas, so that nothing is shared with the
rules under test.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Tangent = NDArray[np.float64]

KINK_WIDTH = {"f64": 1e-9, "f32": 1e-4}
"""How near to a kink a value must not come, by type."""


class NotSmooth(Exception):
    """The program has a kink, or nearly, at these inputs."""


@dataclass(frozen=True)
class Dual:
    """A float of the program."""

    value: float
    tangent: Tangent


def rounded(value: float, type_: str) -> float:
    """The value as its type holds it."""
    return float(np.float32(value)) if type_ == "f32" else value


Unary = tuple[Callable[[float], float], Callable[[float, float], float]]
"""A function, and its derivative from argument and result."""

UNARY: dict[str, Unary] = {
    "arith.negf": (lambda x: -x, lambda x, y: -1.0),
    "math.absf": (abs, lambda x, y: math.copysign(1.0, x)),
    "math.sin": (math.sin, lambda x, y: math.cos(x)),
    "math.cos": (math.cos, lambda x, y: -math.sin(x)),
    "math.tan": (math.tan, lambda x, y: 1 / math.cos(x) ** 2),
    "math.tanh": (math.tanh, lambda x, y: 1 / math.cosh(x) ** 2),
    "math.atan": (math.atan, lambda x, y: 1 / (1 + x * x)),
    "math.sinh": (math.sinh, lambda x, y: math.cosh(x)),
    "math.cosh": (math.cosh, lambda x, y: math.sinh(x)),
    "math.asinh": (math.asinh, lambda x, y: 1 / math.hypot(1, x)),
    "math.erf": (
        math.erf,
        lambda x, y: 2 / math.sqrt(math.pi) * math.exp(-x * x),
    ),
    "math.exp": (math.exp, lambda x, y: math.exp(x)),
    "math.exp2": (math.exp2, lambda x, y: math.log(2) * math.exp2(x)),
    "math.expm1": (math.expm1, lambda x, y: math.exp(x)),
    "math.log": (math.log, lambda x, y: 1 / x),
    "math.log2": (math.log2, lambda x, y: 1 / (x * math.log(2))),
    "math.log1p": (math.log1p, lambda x, y: 1 / (1 + x)),
    "math.sqrt": (math.sqrt, lambda x, y: 0.5 / math.sqrt(x)),
    "math.rsqrt": (lambda x: 1 / math.sqrt(x), lambda x, y: -0.5 * x**-1.5),
    "math.cbrt": (math.cbrt, lambda x, y: x ** (-2 / 3) / 3),
    "math.floor": (lambda x: float(math.floor(x)), lambda x, y: 0.0),
}
KINKED = {"math.absf": 0.0}
"""Functions of one argument with a kink, and where it is."""

Binary = tuple[
    Callable[[float, float], float],
    Callable[[float, float], tuple[float, float]],
]
"""A function, and its two partial derivatives from the arguments."""

BINARY: dict[str, Binary] = {
    "arith.addf": (lambda x, y: x + y, lambda x, y: (1.0, 1.0)),
    "arith.subf": (lambda x, y: x - y, lambda x, y: (1.0, -1.0)),
    "arith.mulf": (lambda x, y: x * y, lambda x, y: (y, x)),
    "arith.divf": (lambda x, y: x / y, lambda x, y: (1 / y, -x / (y * y))),
    "math.powf": (
        math.pow,
        lambda x, y: (y * math.pow(x, y - 1), math.pow(x, y) * math.log(x)),
    ),
    "math.atan2": (
        math.atan2,
        lambda x, y: (y / (x * x + y * y), -x / (x * x + y * y)),
    ),
    "math.copysign": (
        math.copysign,
        lambda x, y: (math.copysign(1, x) * math.copysign(1, y), 0.0),
    ),
}
CHOICES: dict[str, Callable[[float, float], bool]] = {
    "arith.minimumf": lambda x, y: x < y,
    "arith.minnumf": lambda x, y: x < y,
    "arith.maximumf": lambda x, y: x > y,
    "arith.maxnumf": lambda x, y: x > y,
}
"""Whether the first of two different numbers is chosen."""


def check_apart(a: Dual, b: Dual, type_: str) -> None:
    """Raises NotSmooth where two numbers that are compared nearly meet.

    Equal numbers that move alike are no kink: whichever is taken, all is the same.
    """
    if abs(a.value - b.value) > KINK_WIDTH[type_]:
        return
    if a.value != b.value or np.any(a.tangent != b.tangent):
        raise NotSmooth


def apply_unary(name: str, x: Dual, type_: str) -> Dual:
    """One function of one float."""
    function, derivative = UNARY[name]
    if name in KINKED:
        kink = Dual(KINKED[name], np.zeros_like(x.tangent))
        check_apart(x, kink, type_)
    value = function(x.value)
    return Dual(rounded(value, type_), derivative(x.value, value) * x.tangent)


def apply_binary(name: str, x: Dual, y: Dual, type_: str) -> Dual:
    """One function of two floats."""
    if name in CHOICES:
        check_apart(x, y, type_)
        return x if CHOICES[name](x.value, y.value) else y
    if name == "math.copysign":
        still = np.zeros_like(x.tangent)
        check_apart(x, Dual(0.0, still), type_)
        check_apart(y, Dual(0.0, still), type_)
    function, partials = BINARY[name]
    in_x, in_y = partials(x.value, y.value)
    value = function(x.value, y.value)
    return Dual(rounded(value, type_), in_x * x.tangent + in_y * y.tangent)


def fused(x: Dual, y: Dual, z: Dual, type_: str) -> Dual:
    """x y + z, rounded once."""
    exact: Any = np.longdouble(x.value) * np.longdouble(y.value)
    value = float(exact + np.longdouble(z.value))
    return Dual(
        rounded(value, type_), y.value * x.tangent + x.value * y.tangent + z.tangent
    )


def integer_power(x: Dual, power: int, type_: str) -> Dual:
    """x to an integer."""
    slope = power * math.pow(x.value, power - 1)
    return Dual(rounded(math.pow(x.value, power), type_), slope * x.tangent)


def compare(predicate: str, x: Dual, y: Dual, type_: str) -> bool:
    """An arith.cmpf of numbers, neither of them NaN."""
    check_apart(x, y, type_)
    a, b = x.value, y.value
    return {
        "eq": a == b,
        "ne": a != b,
        "lt": a < b,
        "le": a <= b,
        "gt": a > b,
        "ge": a >= b,
    }[predicate[1:]]
