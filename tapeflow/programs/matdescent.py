"""matdescent: unrolled optimisation of a vector that is overwritten every step."""

import numpy as np

from tapeflow.programs.program import Array, Program

ETA = 0.1


def draw(rng: np.random.Generator, n: int, steps: int) -> tuple[Array, ...]:
    """a [n, n] normal / sqrt(n), b [n] and x [n] normal, steps."""
    a = rng.standard_normal((n, n)) / np.sqrt(n)
    return a, rng.standard_normal(n), rng.standard_normal(n), np.asarray(steps)


def value_and_gradients(
    a: Array, b: Array, x: Array, steps: Array
) -> tuple[np.float64, tuple[Array, ...]]:
    """Half the squared residual after the descent; adjoints of a, b and the first x."""
    states = [x]
    for _ in range(int(steps)):
        x = states[-1]
        states.append(x - ETA * a.T @ np.tanh(a @ x - b))

    x = states.pop()
    residual = a @ x - b
    a_bar, b_bar, x_bar = np.outer(residual, x), -residual, a.T @ residual
    for x in reversed(states):
        saturated = np.tanh(a @ x - b)
        residual_bar = (1.0 - saturated**2) * (-ETA * a @ x_bar)
        a_bar += np.outer(residual_bar, x) - ETA * np.outer(saturated, x_bar)
        b_bar -= residual_bar
        x_bar = x_bar + a.T @ residual_bar
    return 0.5 * (residual * residual).sum(), (a_bar, b_bar, x_bar)


PROGRAM = Program(
    name="matdescent",
    definition=(
        "T steps of x <- x - 0.1 A^T tanh(A x - b) in place; 1/2 ||A x - b||^2"
    ),
    wrt=(0, 1, 2),
    sizes={
        "tiny": {"n": 3, "steps": 2},
        "small": {"n": 14, "steps": 4},
        "paper": {"n": 100, "steps": 16},
        "large": {"n": 256, "steps": 32},
    },
    draw=draw,
    value_and_gradients=value_and_gradients,
)
