"""mttkrp: a four-deep multilinear nest under a saturating objective."""

import numpy as np

from tapeflow.programs.program import Array, Program


def draw(
    rng: np.random.Generator, i: int, j: int, k: int, rank: int
) -> tuple[Array, ...]:
    """x [i, j, k], b [j, rank], c [k, rank] normal; x scaled to give M unit variance.

    Unscaled, tanh saturates and the gradient vanishes.
    """
    x = rng.standard_normal((i, j, k)) / np.sqrt(j * k)
    return x, rng.standard_normal((j, rank)), rng.standard_normal((k, rank))


def value_and_gradients(
    x: Array, b: Array, c: Array
) -> tuple[np.float64, tuple[Array, ...]]:
    """Sum of tanh(M)^2; adjoints of x, b, c."""
    xc = np.tensordot(x, c, axes=(2, 0))
    tanh = np.tanh((xc * b).sum(axis=1))
    m_bar = 2.0 * tanh * (1.0 - tanh**2)
    xb = np.tensordot(x, b, axes=(1, 0))
    b_bar = (m_bar[:, None] * xc).sum(axis=0)
    c_bar = (m_bar[:, None] * xb).sum(axis=0)
    x_bar = np.tensordot(m_bar, b[:, None] * c, axes=(1, 2))
    return (tanh**2).sum(), (x_bar, b_bar, c_bar)


PROGRAM = Program(
    name="mttkrp",
    definition="M_ir = sum_jk X_ijk B_jr C_kr; sum tanh(M)^2",
    wrt=(0, 1, 2),
    sizes={
        "tiny": {"i": 2, "j": 2, "k": 3, "rank": 2},
        "small": {"i": 6, "j": 7, "k": 6, "rank": 5},
        "paper": {"i": 12, "j": 12, "k": 12, "rank": 12},
        "large": {"i": 24, "j": 24, "k": 24, "rank": 24},
    },
    draw=draw,
    value_and_gradients=value_and_gradients,
)
