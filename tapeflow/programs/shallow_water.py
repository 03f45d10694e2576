"""shallow_water: velocities and height on a periodic grid, three swapped buffers."""

import numpy as np

from tapeflow.programs.program import Array, Program

DT = 0.1
VISCOSITY = 0.1


def draw(
    rng: np.random.Generator, rows: int, columns: int, steps: int
) -> tuple[Array, ...]:
    """u0, v0 [rows, columns] small normal, h0 around 1, steps."""
    u0, v0, wave = 0.1 * rng.standard_normal((3, rows, columns))
    return u0, v0, 1.0 + wave, np.asarray(steps)


def across(f: Array) -> Array:
    """Centred difference along a row, x; its transpose is its negative."""
    return 0.5 * (np.roll(f, -1, axis=1) - np.roll(f, 1, axis=1))


def along(f: Array) -> Array:
    """Centred difference along a column, y; its transpose is its negative."""
    return 0.5 * (np.roll(f, -1, axis=0) - np.roll(f, 1, axis=0))


def laplacian(f: Array) -> Array:
    """Five-point Laplacian on the torus, which is its own transpose."""
    vertical = np.roll(f, 1, axis=0) + np.roll(f, -1, axis=0)
    return vertical + np.roll(f, 1, axis=1) + np.roll(f, -1, axis=1) - 4.0 * f


def step(u: Array, v: Array, h: Array) -> tuple[Array, Array, Array]:
    """The state a step later."""
    du = VISCOSITY * laplacian(u) - u * across(u) - v * along(u) - across(h)
    dv = VISCOSITY * laplacian(v) - u * across(v) - v * along(v) - along(h)
    u_next, v_next = u + DT * du, v + DT * dv
    return u_next, v_next, h - DT * (across(h * u_next) + along(h * v_next))


def step_adjoint(
    state: tuple[Array, Array, Array],
    following: tuple[Array, Array, Array],
    adjoints: tuple[Array, Array, Array],
) -> tuple[Array, Array, Array]:
    """From the adjoints of the state a step later to those of `state`."""
    (u, v, h), (u_next, v_next, _), (u_bar, v_bar, h_bar) = state, following, adjoints
    steeper_x, steeper_y = DT * across(h_bar), DT * along(h_bar)
    u_bar = u_bar + h * steeper_x
    v_bar = v_bar + h * steeper_y
    h_bar = h_bar + u_next * steeper_x + v_next * steeper_y
    h_bar = h_bar + DT * (across(u_bar) + along(v_bar))
    return (
        u_bar + DT * (moved(u, v, u_bar) - u_bar * across(u) - v_bar * across(v)),
        v_bar + DT * (moved(u, v, v_bar) - u_bar * along(u) - v_bar * along(v)),
        h_bar,
    )


def moved(u: Array, v: Array, f_bar: Array) -> Array:
    """Adjoint of f where VISCOSITY lap f - u f_x - v f_y has the adjoint `f_bar`."""
    return VISCOSITY * laplacian(f_bar) + across(u * f_bar) + along(v * f_bar)


def value_and_gradients(
    u0: Array, v0: Array, h0: Array, steps: Array
) -> tuple[np.float64, tuple[Array, ...]]:
    """Sum of squares of h - 1 at the end; adjoints of u0, v0 and h0."""
    states = [(u0, v0, h0)]
    for _ in range(int(steps)):
        states.append(step(*states[-1]))

    wave = states[-1][2] - 1.0
    adjoints = np.zeros_like(wave), np.zeros_like(wave), 2.0 * wave
    while len(states) > 1:
        following = states.pop()
        adjoints = step_adjoint(states[-1], following, adjoints)
    return (wave * wave).sum(), adjoints


PROGRAM = Program(
    name="shallow_water",
    definition=(
        "T forward-backward steps of the shallow-water equations on a periodic grid; "
        "sum of squares of the waves"
    ),
    wrt=(0, 1, 2),
    sizes={
        "tiny": {"rows": 2, "columns": 3, "steps": 1},
        "small": {"rows": 6, "columns": 8, "steps": 4},
        "paper": {"rows": 20, "columns": 20, "steps": 20},
        "large": {"rows": 64, "columns": 64, "steps": 25},
    },
    draw=draw,
    value_and_gradients=value_and_gradients,
)
