"""gmm: ADBench's Gaussian mixture, triangular loops with a logsumexp inside."""

import math

import numpy as np

from tapeflow.programs.program import Array, Program

WISHART_GAMMA = 1.0
WISHART_M = 1


def draw(
    rng: np.random.Generator, d: int, components: int, points: int
) -> tuple[Array, ...]:
    """alpha [components] and x [points, d] normal, mean [components, d] uniform, icf
    [components, d (d + 1) / 2] normal / 2, Wishart gamma, m and log normaliser."""
    return (
        rng.standard_normal(components),
        rng.random((components, d)),
        0.5 * rng.standard_normal((components, d * (d + 1) // 2)),
        rng.standard_normal((points, d)),
        np.asarray(WISHART_GAMMA),
        np.asarray(WISHART_M),
        np.asarray(log_normaliser(d)),
    )


def log_normaliser(d: int) -> float:
    """Of the Wishart prior of one component, as ADBench defines it."""
    n = d + WISHART_M + 1
    log_gamma = 0.25 * d * (d - 1) * math.log(math.pi) + sum(
        math.lgamma(0.5 * (n - i)) for i in range(d)
    )
    return n * d * (math.log(WISHART_GAMMA) - 0.5 * math.log(2.0)) - log_gamma


def factors(icf: Array, d: int) -> tuple[Array, tuple[Array, Array]]:
    """Q [components, d, d], and where the entries below its diagonal come from."""
    column, row = np.triu_indices(d, k=1)
    q = np.zeros((len(icf), d, d), icf.dtype)
    q[:, range(d), range(d)] = np.exp(icf[:, :d])
    q[:, row, column] = icf[:, d:]
    return q, (row, column)


def logsumexp(x: Array) -> Array:
    """log sum exp over the last axis, kept."""
    m = x.max(axis=-1, keepdims=True)
    return m + np.log(np.exp(x - m).sum(axis=-1, keepdims=True))


def value_and_gradients(
    alpha: Array,
    mean: Array,
    icf: Array,
    x: Array,
    gamma: Array,
    m: Array,
    log_normaliser: Array,
) -> tuple[np.float64, tuple[Array, ...]]:
    """Log-likelihood with prior; adjoints of alpha, mean, icf."""
    points, d = x.shape
    q, (row, column) = factors(icf, d)
    log_det = icf[:, :d].sum(axis=1)
    centred = x[:, None, :] - mean
    scaled = np.einsum("kij,nkj->nki", q, centred)
    term = alpha + log_det - 0.5 * (scaled * scaled).sum(axis=2)
    log_sum, alpha_log_sum = logsumexp(term), logsumexp(alpha)
    prior = 0.5 * gamma**2 * (q * q).sum() - m * log_det.sum()
    prior -= len(alpha) * log_normaliser
    constant = points * (0.5 * d * np.log(2 * np.pi) + alpha_log_sum[0])

    share = np.exp(term - log_sum)
    share_sum = share.sum(axis=0)
    scaled_bar = -share[:, :, None] * scaled
    q_bar = np.einsum("nki,nkj->kij", scaled_bar, centred) + gamma**2 * q
    mean_bar = -np.einsum("kij,nki->kj", q, scaled_bar)
    diagonal_bar = (q_bar * q)[:, range(d), range(d)] + (share_sum - m)[:, None]
    icf_bar = np.concatenate((diagonal_bar, q_bar[:, row, column]), axis=1)
    alpha_bar = share_sum - points * np.exp(alpha - alpha_log_sum)
    return log_sum.sum() - constant + prior, (alpha_bar, mean_bar, icf_bar)


PROGRAM = Program(
    name="gmm",
    definition=(
        "ADBench: log-likelihood of a Gaussian mixture with Wishart prior, K "
        "components in d dimensions, n points"
    ),
    wrt=(0, 1, 2),
    sizes={
        "tiny": {"d": 2, "components": 2, "points": 2},
        "small": {"d": 4, "components": 3, "points": 16},
        "paper": {"d": 10, "components": 5, "points": 100},
        "large": {"d": 16, "components": 10, "points": 300},
    },
    draw=draw,
    value_and_gradients=value_and_gradients,
)
