"""Dual numbers: a value and its derivatives along several directions at once.

Values follow the program's precision, derivatives are float64 throughout. A derivative
is *unknown* where its formula gives no finite number, or one so great or small that
forward and reverse mode, which multiply in another order, may overflow differently.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Row = NDArray[np.float64]

LIMITS = {"f64": 1e15, "f32": 1e6}
"""Up to which partial derivatives, and from the inverse of which, are multiplied."""


@dataclass(frozen=True)
class Tangent:
    """Derivatives of one value, and how large the numbers are that make them up."""

    slope: Row
    """One a direction; NaN where unknown."""
    size: Row
    """The sum of the magnitudes of what the slope is the sum of: its errors are small
    against that. 0 where the value does not depend on the direction."""


@dataclass(frozen=True)
class Dual:
    """A float of the program."""

    value: float
    tangent: Tangent


def still(directions: int) -> Tangent:
    """The tangent of a constant."""
    return Tangent(np.zeros(directions), np.zeros(directions))


def unit(directions: int, which: int) -> Tangent:
    """The tangent of the direction itself."""
    row = np.zeros(directions)
    row[which] = 1.0
    return Tangent(row, row)


def rounded(value: float, type_: str) -> float:
    """The value as its type holds it."""
    if type_ != "f32":
        return value
    with np.errstate(over="ignore"):
        return float(np.float32(value))


def combined(
    terms: Sequence[tuple[float, Tangent]], type_: str, blur: float = 0.0
) -> Tangent:
    """Partial derivatives times tangents, added up.

    Errors of a rule may be as large as those of a partial derivative `blur`.
    """
    with np.errstate(all="ignore"):
        products = [_times(p, t, LIMITS[type_], blur) for p, t in terms]
        return Tangent(
            np.sum([p.slope for p in products], 0),
            np.sum([p.size for p in products], 0),
        )


def _times(partial: float, tangent: Tangent, limit: float, blur: float) -> Tangent:
    magnitude = abs(partial)
    if magnitude == 0 and blur == 0:
        return still(len(tangent.slope))
    depends = tangent.size != 0
    if magnitude != 0 and not 1 / limit <= magnitude <= limit:
        return Tangent(np.where(depends, np.nan, 0.0), np.where(depends, np.inf, 0.0))
    slope = np.where(depends, partial * tangent.slope, 0.0)
    return Tangent(slope, max(magnitude, blur) * tangent.size)
