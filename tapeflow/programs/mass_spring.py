"""mass_spring: a soft body with beating springs that falls on the ground."""

import numpy as np

from tapeflow.programs.program import PEER, Array, Program, draw_until_kept

GRAVITY = 9.81
GROUND_STIFFNESS = 1000.0
AMPLITUDE = 0.1
FREQUENCY = 10.0
DRAG = 2.0
SPACING = 0.3
DT = 0.01
SWITCH_GAP = 1e-6


def draw(
    rng: np.random.Generator, columns: int, rows: int, springs: int, steps: int
) -> tuple[Array, ...]:
    """A lattice of points, let go closely above the ground.

    position [points, 2], spring [springs, 2] (indices of the joined points), rest
    [springs], stiffness [springs], phase [springs] (radians), dt, steps.
    No point is ever within SWITCH_GAP of the ground, where the force has a kink; all
    start above it and at least 4 are below it at some time before steps / 2.
    """
    fall = 0.5 * GRAVITY * (0.5 * steps * DT) ** 2
    clearance = min(0.3 * fall, 0.1)
    y, x = np.divmod(np.arange(columns * rows), columns)
    lattice = np.stack((x, y), axis=1) * SPACING + [0.0, clearance]
    spring = neighbours(columns, rows)[:springs]

    def attempt() -> tuple[Array, ...]:
        unevenness = rng.uniform(-0.5, 0.5, lattice.shape)
        position = lattice + unevenness * [0.1 * SPACING, clearance]
        ends = position[spring[:, 1]] - position[spring[:, 0]]
        rest = np.sqrt((ends**2).sum(axis=1)) * rng.uniform(0.95, 1.05, springs)
        stiffness = rng.uniform(800.0, 1600.0, springs)
        phase = rng.uniform(0.0, 2 * np.pi, springs)
        scalars = (np.float64(DT), np.int64(steps))
        return (position, spring, rest, stiffness, phase, *map(np.asarray, scalars))

    return draw_until_kept(attempt, broken_promise)


def neighbours(columns: int, rows: int) -> Array:
    """Pairs of points at most one apart in a lattice: along x, y, the diagonals."""
    index = np.arange(columns * rows).reshape(rows, columns)
    pairs = (
        (index[:, :-1], index[:, 1:]),
        (index[:-1, :], index[1:, :]),
        (index[:-1, :-1], index[1:, 1:]),
        (index[:-1, 1:], index[1:, :-1]),
    )
    return np.concatenate([np.stack((p.ravel(), q.ravel()), 1) for p, q in pairs])


def broken_promise(*arguments: Array) -> str | None:
    """What the heights over time do that they should not."""
    height = simulate(*arguments)[:, :, 1]
    if np.any(np.abs(height) < SWITCH_GAP):
        return f"a point is within {SWITCH_GAP} of the ground"
    if np.any(height[0] < 0):
        return "a point starts below the ground"
    before_half = height[: len(height) // 2]
    touched = int(np.any(before_half < 0, axis=0).sum())
    return f"only {touched} points touch the ground in time" if touched < 4 else None


def actuation(phase: Array, dt: Array, t: int) -> Array:
    """[springs]: factor on the rest lengths in step t."""
    return 1.0 + AMPLITUDE * np.sin(FREQUENCY * (t * dt) + phase)


def simulate(
    position: Array,
    spring: Array,
    rest: Array,
    stiffness: Array,
    phase: Array,
    dt: Array,
    steps: Array,
) -> Array:
    """[steps + 1, points, 2]: positions over time."""
    p, q = spring.T
    dtype = np.result_type(position, rest, stiffness)
    x = np.empty((int(steps) + 1, *position.shape), dtype)
    x[0] = position
    velocity = np.zeros_like(x[0])
    for t in range(int(steps)):
        d = x[t, q] - x[t, p]
        length = np.sqrt((d * d).sum(axis=1))
        elongation = length - rest * actuation(phase, dt, t)
        pull = (stiffness * elongation / length)[:, None] * d
        height = x[t, :, 1]
        force = np.zeros_like(velocity)
        force[:, 1] = -GRAVITY - GROUND_STIFFNESS * np.where(height < 0, height, 0)
        np.add.at(force, p, pull)
        np.subtract.at(force, q, pull)
        velocity = velocity + dt * (force - DRAG * velocity)
        x[t + 1] = x[t] + dt * velocity
    return x


def value_and_gradients(
    position: Array,
    spring: Array,
    rest: Array,
    stiffness: Array,
    phase: Array,
    dt: Array,
    steps: Array,
) -> tuple[np.float64, tuple[Array, ...]]:
    """Final x of the first point; adjoints of position, rest, stiffness."""
    x = simulate(position, spring, rest, stiffness, phase, dt, steps)
    p, q = spring.T
    x_bar = np.zeros_like(x[0])
    x_bar[0, 0] = 1.0
    velocity_bar = np.zeros_like(x_bar)
    rest_bar = np.zeros_like(x[0], shape=rest.shape)
    stiffness_bar = np.zeros_like(rest_bar)
    for t in reversed(range(int(steps))):
        velocity_bar += dt * x_bar
        force_bar = dt * velocity_bar
        velocity_bar -= DRAG * force_bar

        d = x[t, q] - x[t, p]
        length = np.sqrt((d * d).sum(axis=1))
        factor = actuation(phase, dt, t)
        strain = 1.0 - rest * factor / length
        pull_bar = force_bar[p] - force_bar[q]
        along = (d * pull_bar).sum(axis=1)
        rest_bar -= along * stiffness * factor / length
        stiffness_bar += along * strain
        stretch_bar = along * stiffness * rest * factor / length**3
        d_bar = (stiffness * strain)[:, None] * pull_bar + stretch_bar[:, None] * d
        np.add.at(x_bar, q, d_bar)
        np.subtract.at(x_bar, p, d_bar)
        below = x[t, :, 1] < 0
        x_bar[:, 1] -= GROUND_STIFFNESS * np.where(below, force_bar[:, 1], 0)
    return x[-1, 0, 0], (x_bar, rest_bar, stiffness_bar)


PROGRAM = Program(
    name="mass_spring",
    definition=(
        "points joined by springs with beating rest lengths fall on a ground that "
        "pushes back; final x of the first point"
    ),
    wrt=(0, 2, 3),
    sizes={
        "tiny": {"columns": 4, "rows": 1, "springs": 2, "steps": 3},
        "small": {"columns": 4, "rows": 2, "springs": 16, "steps": 20},
        "paper": {"columns": 4, "rows": 4, "springs": 40, "steps": 100},
        "large": {"columns": 16, "rows": 4, "springs": 198, "steps": 250},
        # The peer's number of springs is not known: as many a point as at paper size.
        PEER: {"columns": 5, "rows": 4, "springs": 50, "steps": 100},
    },
    draw=draw,
    value_and_gradients=value_and_gradients,
)
