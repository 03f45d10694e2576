"""Compares a gradient with directional differences of the function itself.

For each argument, random directions v: the gradient's g . v against the derivative of
t -> F(x + t v), which only runs the function. F is the seeded sum of the function's
results and of the final contents of its seeded buffers.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
from xdsl.dialects.builtin import ModuleOp

from tapeflow.backend.execute import Engine, execute
from tapeflow.backend.gradient import GradientResult
from tapeflow.backend.runtime.array_type import Array, RequestError
from tapeflow.tools.check.directional_differences import (
    Difference,
    directional_derivative,
)
from tapeflow.tools.gradient_request import GradientRequest
from tapeflow.tools.result_row import Row
from tapeflow.transforms.source.lower_source import LowerSourcePass


@dataclass(frozen=True)
class Precision:
    """How far to step in a type, and how well the answers must agree."""

    first_steps: tuple[float, ...]
    """Relative to the largest element of the argument; tried until one agrees, for a
    coarse step may cross a kink and a fine one drown in rounding."""
    tolerance: float
    """Of g . v relative to its typical size."""


PRECISIONS = {
    np.dtype(np.float64): Precision((1e-2, 1e-4, 1e-6), 1e-6),
    np.dtype(np.float32): Precision((1e-1, 1e-2), 2e-2),
}
"""By the coarsest float type of the function's arguments and results."""


class Verdict(Enum):
    """What one direction says."""

    AGREES = "agrees"
    DISAGREES = "DISAGREES"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Comparison:
    """One argument in one direction."""

    position: int
    from_gradient: float
    difference: Difference
    scale: float
    """Typical size of g . v: what the disagreement is measured against."""
    verdict: Verdict

    @property
    def relative_error(self) -> float:
        """|g . v - difference| over the scale; 0 where both vanish."""
        gap = abs(self.from_gradient - self.difference.derivative)
        return gap / self.scale if self.scale else 0.0

    def row(self) -> Row:
        """The comparison for JSON."""
        return {
            "argument": self.position,
            "from_gradient": self.from_gradient,
            "difference": self.difference.derivative,
            "relative_error": self.relative_error,
            "left": self.difference.left,
            "right": self.difference.right,
            "verdict": self.verdict.value,
        }


def compare(
    request: GradientRequest,
    gradients: Mapping[int, Array],
    directions: int,
    rng: np.random.Generator,
    engine: Engine,
) -> list[Comparison]:
    """Compare every gradient with differences in some random directions.

    A single number has but one direction.
    """
    module = request.module.clone()
    LowerSourcePass().apply(request.context, module)  # affine loops do not run
    objective = _Objective(request, module, engine)
    precision, epsilon = _precision(request)
    return [
        _compare_one(objective, i, gradient, rng, precision, epsilon)
        for i, gradient in gradients.items()
        for _ in range(gradient.size if gradient.size < 2 else directions)
    ]


def require_finite(request: GradientRequest, result: GradientResult) -> None:
    """Raises RequestError where the function is not finite: it has no slope there.

    `result` is that of its gradient, whose first half is the function.
    """
    seeding = request.seeding
    outputs = [
        *((result.values[i], seed) for i, seed in seeding.results.items()),
        *((result.buffers[i], seed) for i, seed in seeding.buffers.items()),
    ]
    wrong = [v for v, seed in outputs if not np.isfinite(v[seed != 0]).all()]
    if not wrong:
        return
    given = [_first_not_finite(f"arg{i}", a) for i, a in enumerate(request.arguments)]
    culprits = ", ".join(filter(None, given))
    at = f" ({culprits})" if culprits else ""
    example = wrong[0][~np.isfinite(wrong[0])][0]
    raise RequestError(
        f"the function is {example} at these inputs{at}, so no direction can be "
        "decided; check it at inputs where it is finite"
    )


def _first_not_finite(name: str, array: Array) -> str:
    """`arg0[2] is nan`; "" where all elements are finite."""
    if array.dtype.kind != "f" or np.isfinite(array).all():
        return ""
    index = np.argwhere(~np.isfinite(array))[0]
    place = f"[{', '.join(map(str, index))}]" if array.ndim else ""
    return f"{name}{place} is {array[tuple(index)]}"


def _precision(request: GradientRequest) -> tuple[Precision, float]:
    """The precision of the coarsest float type in the signature, and its rounding."""
    parameters = request.signature.parameters
    kinds = {p.array.dtype for p in parameters if p.is_differentiable}
    coarsest = max(kinds, key=lambda kind: np.finfo(kind).eps)
    return PRECISIONS[coarsest], float(np.finfo(coarsest).eps)


@dataclass(frozen=True)
class _Objective:
    """The seeded sum of everything the function gives back."""

    request: GradientRequest
    module: ModuleOp
    engine: Engine

    def at(self, arguments: Sequence[Array]) -> float:
        """F at these arguments, which are left as they are."""
        own = [argument.copy() for argument in arguments]
        seeding = self.request.seeding
        function = self.request.signature.function
        execution = execute(self.module, function, own, None, self.engine)
        terms = [
            float(seed) * float(execution.results[i])
            for i, seed in seeding.results.items()
        ]
        for position, seed in seeding.buffers.items():
            contents = own[position].astype(np.float64)
            terms.extend((seed.astype(np.float64) * contents).ravel().tolist())
        try:
            return math.fsum(terms)
        except (OverflowError, ValueError):  # such as inf - inf
            return math.nan


def _compare_one(
    objective: _Objective,
    position: int,
    gradient: Array,
    rng: np.random.Generator,
    precision: Precision,
    epsilon: float,
) -> Comparison:
    arguments = objective.request.arguments
    argument = arguments[position]
    size = float(np.max(np.abs(argument), initial=0.0)) or 1.0
    direction = size * rng.choice((-1.0, 1.0), argument.shape)

    def along(t: float) -> float:
        moved = list(arguments)
        moved[position] = np.asarray(argument + t * direction, argument.dtype)
        return objective.at(moved)

    products = gradient.astype(np.float64) * direction
    tried: list[Comparison] = []
    for step in precision.first_steps:
        difference = directional_derivative(along, step, epsilon)
        tried.append(_judged(position, products, difference, precision.tolerance))
        if tried[-1].verdict is Verdict.AGREES:
            return tried[-1]
    return min(tried, key=lambda comparison: comparison.relative_error)


def _judged(
    position: int, products: Array, difference: Difference, tolerance: float
) -> Comparison:
    from_gradient = float(np.sum(products))
    scale = max(
        abs(from_gradient), abs(difference.derivative), float(np.linalg.norm(products))
    )
    verdict = _verdict(from_gradient, difference, scale, tolerance)
    return Comparison(position, from_gradient, difference, scale, verdict)


def _verdict(
    from_gradient: float, difference: Difference, scale: float, tolerance: float
) -> Verdict:
    if not math.isfinite(difference.derivative):
        return Verdict.UNDECIDED
    if not math.isfinite(from_gradient):
        return Verdict.DISAGREES
    gap = abs(from_gradient - difference.derivative)
    if gap <= tolerance * scale or gap <= 2 * difference.error <= 1e-2 * scale:
        return Verdict.AGREES
    if difference.has_kink or 2 * difference.error > 1e-2 * scale:
        return Verdict.UNDECIDED
    return Verdict.DISAGREES
