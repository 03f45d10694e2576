"""somier: a lattice of masses and springs, integrated in place between fixed walls."""

import numpy as np

from tapeflow.programs.program import PEER, Array, Program

DT = 0.05
INNER = (slice(1, -1),) * 3


def lattice(n: int) -> Array:
    """[n, n, n, 3]: the positions at rest, one apart."""
    return np.stack([*np.indices((n, n, n))], axis=-1).astype(np.float64)


def draw(rng: np.random.Generator, n: int, steps: int) -> tuple[Array, ...]:
    """position, velocity [n, n, n, 3], stiffness, dt, steps.

    Inside, positions are up to 5% off the lattice and velocities normal / 20; the
    boundary is at rest. (A lattice at rest has zero gradient.)
    """
    position, velocity = lattice(n), np.zeros((n, n, n, 3))
    position[INNER] += rng.uniform(-0.05, 0.05, position[INNER].shape)
    velocity[INNER] = 0.05 * rng.standard_normal(position[INNER].shape)
    stiffness = rng.uniform(8.0, 12.0)
    return position, velocity, np.asarray(stiffness), np.asarray(DT), np.asarray(steps)


def springs(x: Array, axis: int) -> tuple[Array, Array]:
    """Vectors to the next mass along an axis, which is moved to the front; lengths."""
    d = np.diff(np.moveaxis(x, axis, 0), axis=0)
    return d, np.sqrt((d * d).sum(axis=-1, keepdims=True))


def scatter(onto: Array, axis: int, along_spring: Array) -> None:
    """Add a quantity of each spring to its second mass, subtract it from its first."""
    view = np.moveaxis(onto, axis, 0)
    view[1:] += along_spring
    view[:-1] -= along_spring


def value_and_gradients(
    position: Array, velocity: Array, stiffness: Array, dt: Array, steps: Array
) -> tuple[np.float64, tuple[Array, ...]]:
    """Sum of squared displacements; adjoints of position, velocity, stiffness."""
    dtype = np.result_type(position, velocity, stiffness)
    velocity = velocity.astype(dtype)
    states = [position.astype(dtype)]
    for _ in range(int(steps)):
        x = states[-1].copy()
        force = np.zeros_like(x)
        for axis in range(3):
            d, length = springs(x, axis)
            scatter(force, axis, -stiffness * (1.0 - 1.0 / length) * d)
        velocity[INNER] += dt * force[INNER]
        x[INNER] += dt * velocity[INNER]
        states.append(x)

    displacement = (states.pop() - lattice(len(position)))[INNER]
    x_bar = np.zeros_like(velocity)
    x_bar[INNER] = 2.0 * displacement
    velocity_bar = np.zeros_like(x_bar)
    stiffness_bar = np.zeros_like(x_bar, shape=())
    for x in reversed(states):
        velocity_bar[INNER] += dt * x_bar[INNER]
        force_bar = np.zeros_like(x_bar)
        force_bar[INNER] = dt * velocity_bar[INNER]
        for axis in range(3):
            d, length = springs(x, axis)
            pull_bar = -np.diff(np.moveaxis(force_bar, axis, 0), axis=0)
            along = (d * pull_bar).sum(axis=-1, keepdims=True)
            strain = 1.0 - 1.0 / length
            stiffness_bar += (along * strain).sum()
            scatter(
                x_bar, axis, stiffness * (strain * pull_bar + along / length**3 * d)
            )
    return (displacement**2).sum(), (x_bar, velocity_bar, stiffness_bar)


PROGRAM = Program(
    name="somier",
    definition=(
        "a cubic lattice of masses and springs with a fixed boundary, T steps in "
        "place; sum of squared displacements from the lattice"
    ),
    wrt=(0, 1, 2),
    sizes={
        "tiny": {"n": 3, "steps": 2},
        "small": {"n": 5, "steps": 2},
        "paper": {"n": 16, "steps": 4},
        "large": {"n": 32, "steps": 5},
        PEER: {"n": 16, "steps": 4},
    },
    draw=draw,
    value_and_gradients=value_and_gradients,
)
