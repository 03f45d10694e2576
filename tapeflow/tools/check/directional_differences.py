"""Directional derivatives by central differences, extrapolated, with an error bound.

Ridders' method (Adv. Eng. Softw. 4(2), 1982): central differences at shrinking steps,
extrapolated to step zero; the entry of the tableau that changes least is the answer,
and its change bounds the error. Truncation and rounding are thereby balanced without
knowing the function.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

SHRINK = 2.0
ROWS = 10
GIVE_UP = 4.0
"""Stop once the diagonal moves by this much more than the best entry is wrong."""
ROUNDINGS = 100
"""Rounding errors that a function may plausibly accumulate."""


@dataclass(frozen=True)
class Difference:
    """A directional derivative and what is known of its quality."""

    derivative: float
    error: float
    """Estimated absolute error of the derivative."""
    left: float
    """Slope just before the point."""
    right: float
    """Slope just after the point."""
    slope_error: float
    """What rounding alone makes the two slopes differ by."""

    @property
    def has_kink(self) -> bool:
        """Whether the slopes on the two sides clearly differ."""
        gap = abs(self.left - self.right)
        return gap > 1e-3 * max(abs(self.left), abs(self.right)) + self.slope_error


def directional_derivative(
    function: Callable[[float], float], first_step: float, epsilon: float
) -> Difference:
    """The derivative of `function` at 0.

    `first_step` should be small against the scale on which the function bends;
    `epsilon` is the rounding of the arithmetic the function is evaluated in.
    """
    derivative, error = _extrapolated(function, first_step, epsilon)
    here, step = function(0.0), math.sqrt(epsilon)
    before, after = function(-step), function(step)
    return Difference(
        derivative,
        error,
        left=(here - before) / step,
        right=(after - here) / step,
        slope_error=ROUNDINGS * epsilon * abs(here) / step,
    )


def _extrapolated(
    function: Callable[[float], float], step: float, epsilon: float
) -> tuple[float, float]:
    """The best entry of the tableau and its estimated error."""
    best, best_error = math.nan, math.inf
    coarser: list[float] = []
    for row in range(ROWS):
        after, before = function(step), function(-step)
        rounding = epsilon * max(abs(after), abs(before)) / step
        tableau = [(after - before) / (2 * step)]
        for column, above in enumerate(coarser, start=1):
            left = tableau[-1]
            factor = SHRINK ** (2 * column)
            tableau.append((factor * left - above) / (factor - 1.0))
            change = max(abs(tableau[-1] - left), abs(tableau[-1] - above))
            if (error := max(change, rounding)) <= best_error:
                best, best_error = tableau[-1], error
        if row and abs(tableau[-1] - coarser[-1]) > GIVE_UP * best_error:
            break
        coarser, step = tableau, step / SHRINK
    return best, best_error
