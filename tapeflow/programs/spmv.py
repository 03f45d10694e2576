"""spmv: power iterations with a sparse matrix, rows of data-dependent length."""

import numpy as np

from tapeflow.programs.csr import random_pattern, row_of_entry
from tapeflow.programs.program import Array, Program, draw_until_kept

LEAST_NORM = 1e-3


def draw(
    rng: np.random.Generator, n: int, nonzeros: int, steps: int
) -> tuple[Array, ...]:
    """row_start, column, a [nonzeros] and x0 [n] normal, steps.

    No iterate vanishes before it is normalised. (Positive values would converge, and
    the gradient to x0 vanish.)
    """
    return draw_until_kept(
        lambda: (
            *random_pattern(rng, n, n, nonzeros),
            rng.standard_normal(nonzeros),
            rng.standard_normal(n),
            np.asarray(steps),
        ),
        broken_promise,
    )


def broken_promise(*arguments: Array) -> str | None:
    """Whether an iterate nearly vanishes before it is normalised."""
    _, norms = iterate(*arguments)
    if min(norms, default=1.0) < LEAST_NORM:
        return f"an iterate is shorter than {LEAST_NORM}"
    return None


def gather(n: int, targets: Array, products: Array) -> Array:
    """[n]: the sum of the products that belong to each target."""
    y = np.zeros(n, products.dtype)
    np.add.at(y, targets, products)
    return y


def iterate(
    row_start: Array, column: Array, a: Array, x0: Array, steps: Array
) -> tuple[list[Array], list[Array]]:
    """The steps + 1 states, and the steps norms before normalisation."""
    row = row_of_entry(row_start)
    states: list[Array] = [x0]
    norms: list[Array] = []
    for _ in range(int(steps)):
        y = gather(len(x0), row, a * states[-1][column])
        norms.append(np.sqrt((y * y).sum()))
        states.append(y / norms[-1])
    return states, norms


def value_and_gradients(
    row_start: Array, column: Array, a: Array, x0: Array, steps: Array
) -> tuple[np.float64, tuple[Array, ...]]:
    """The final Rayleigh quotient; adjoints of a and x0."""
    n, row = len(x0), row_of_entry(row_start)
    states, norms = iterate(row_start, column, a, x0, steps)
    x = states.pop()
    y = gather(n, row, a * x[column])
    xx = (x * x).sum()
    quotient = (x * y).sum() / xx

    y_bar = x / xx
    x_bar = (y - 2.0 * quotient * x) / xx + gather(n, column, a * y_bar[row])
    a_bar = y_bar[row] * x[column]
    for before, norm in zip(reversed(states), reversed(norms), strict=True):
        y_bar = (x_bar - (x @ x_bar) * x) / norm
        a_bar += y_bar[row] * before[column]
        x_bar = gather(n, column, a * y_bar[row])
        x = before
    return quotient, (a_bar, x_bar)


PROGRAM = Program(
    name="spmv",
    definition=(
        "T normalised power iterations with a CSR matrix and two buffers; final "
        "Rayleigh quotient"
    ),
    wrt=(2, 3),
    sizes={
        "tiny": {"n": 4, "nonzeros": 7, "steps": 2},
        "small": {"n": 32, "nonzeros": 102, "steps": 8},
        "paper": {"n": 256, "nonzeros": 3_277, "steps": 10},
        "large": {"n": 1_024, "nonzeros": 52_429, "steps": 10},
    },
    draw=draw,
    value_and_gradients=value_and_gradients,
)
