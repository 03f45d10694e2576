"""reaction_diffusion: a periodic stencil in a time loop, two buffers swapped."""

import numpy as np

from tapeflow.programs.program import Array, Program

DT = 0.05


def draw(
    rng: np.random.Generator, rows: int, columns: int, steps: int
) -> tuple[Array, ...]:
    """u0 [rows, columns] uniform in [0, 1), steps."""
    return rng.random((rows, columns)), np.asarray(steps)


def laplacian(u: Array) -> Array:
    """Five-point Laplacian on the torus, which is its own transpose."""
    vertical = np.roll(u, 1, axis=0) + np.roll(u, -1, axis=0)
    return vertical + np.roll(u, 1, axis=1) + np.roll(u, -1, axis=1) - 4.0 * u


def value_and_gradients(
    u0: Array, steps: Array
) -> tuple[np.float64, tuple[Array, ...]]:
    """Sum of squares of the last u; adjoint of u0."""
    states = [u0]
    for _ in range(int(steps)):
        u = states[-1]
        states.append(u + DT * (laplacian(u) + u * (1.0 - u)))

    end = states.pop()
    u_bar = 2.0 * end
    for u in reversed(states):
        u_bar = u_bar + DT * (laplacian(u_bar) + (1.0 - 2.0 * u) * u_bar)
    return (end * end).sum(), (u_bar,)


PROGRAM = Program(
    name="reaction_diffusion",
    definition=(
        "T steps of u <- u + 0.05 (lap u + u (1 - u)) on a periodic grid; sum of "
        "squares"
    ),
    wrt=(0,),
    sizes={
        "tiny": {"rows": 2, "columns": 3, "steps": 2},
        "small": {"rows": 8, "columns": 8, "steps": 8},
        "paper": {"rows": 32, "columns": 32, "steps": 50},
        "large": {"rows": 128, "columns": 128, "steps": 40},
    },
    draw=draw,
    value_and_gradients=value_and_gradients,
)
