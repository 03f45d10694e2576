"""gravity: all pairs attract each other, the state is overwritten every step."""

import numpy as np

from tapeflow.programs.program import PEER, Array, Program

SOFTENING2 = 0.01
DT = 0.01


def draw(rng: np.random.Generator, bodies: int, steps: int) -> tuple[Array, ...]:
    """position, velocity [bodies, 3] normal, mass [bodies] in [0.5, 1.5), dt, steps."""
    return (
        rng.standard_normal((bodies, 3)),
        rng.standard_normal((bodies, 3)),
        rng.uniform(0.5, 1.5, bodies),
        np.asarray(DT),
        np.asarray(steps),
    )


def separations(x: Array) -> tuple[Array, Array]:
    """x_j - x_i [i, j, 3], and their softened squared lengths [i, j]."""
    d = x[None, :, :] - x[:, None, :]
    return d, (d * d).sum(axis=2) + SOFTENING2


def value_and_gradients(
    position: Array, velocity: Array, mass: Array, dt: Array, steps: Array
) -> tuple[np.float64, tuple[Array, ...]]:
    """Sum of squared final positions; adjoints of position, velocity, mass."""
    states = [position]
    for _ in range(int(steps)):
        d, r2 = separations(states[-1])
        velocity = velocity + dt * ((mass / r2**1.5)[:, :, None] * d).sum(axis=1)
        states.append(states[-1] + dt * velocity)

    x = states.pop()
    x_bar = 2.0 * x
    velocity_bar = np.zeros_like(x_bar)
    mass_bar = np.zeros_like(x_bar[:, 0])
    for x_before in reversed(states):
        velocity_bar = velocity_bar + dt * x_bar
        acceleration_bar = dt * velocity_bar
        d, r2 = separations(x_before)
        along = (d * acceleration_bar[:, None, :]).sum(axis=2)
        mass_bar += (along / r2**1.5).sum(axis=0)
        pull = (mass / r2**1.5)[:, :, None]
        stretch = (3.0 * mass * along / r2**2.5)[:, :, None]
        d_bar = pull * acceleration_bar[:, None, :] - stretch * d
        x_bar = x_bar + d_bar.sum(axis=0) - d_bar.sum(axis=1)
    return (x * x).sum(), (x_bar, velocity_bar, mass_bar)


PROGRAM = Program(
    name="gravity",
    definition=(
        "N bodies, T symplectic Euler steps in place under a softened inverse-square "
        "force; sum of squared final positions"
    ),
    wrt=(0, 1, 2),
    sizes={
        "tiny": {"bodies": 2, "steps": 2},
        "small": {"bodies": 8, "steps": 6},
        "paper": {"bodies": 32, "steps": 4},
        "large": {"bodies": 64, "steps": 16},
        PEER: {"bodies": 64, "steps": 10},
    },
    draw=draw,
    value_and_gradients=value_and_gradients,
)
