"""monte_carlo: paths of a price under stochastic volatility, time outside."""

import numpy as np

from tapeflow.programs.program import Array, Program


def draw(rng: np.random.Generator, steps: int, paths: int) -> tuple[Array, ...]:
    """rates [6], strike at the first price, dt of a year, noise [steps, paths, 2]."""
    rates = np.array([0.0, np.log(0.2), 2.0, np.log(0.3), 0.4, -0.5])
    jitter = 1.0 + 0.01 * rng.standard_normal(6)
    noise = rng.standard_normal((steps, paths, 2))
    return rates * jitter, np.asarray(1.0), np.asarray(1.0 / steps), noise


def value_and_gradients(
    rates: Array, strike: Array, dt: Array, noise: Array
) -> tuple[np.float64, tuple[Array, ...]]:
    """Mean payoff of the call; adjoint of `rates`."""
    x0, y0, kappa, theta, xi, rho = rates
    own, root_dt = np.sqrt(1.0 - rho * rho), np.sqrt(dt)
    x, y = (np.full(noise.shape[1], first) for first in (x0, y0))
    levels = list[Array]()
    for z, w in noise.transpose(0, 2, 1):
        s = np.exp(y)
        levels.append(y)
        x = x - 0.5 * s * s * dt + s * root_dt * (rho * z + own * w)
        y = y + kappa * (theta - y) * dt + xi * z * root_dt
    price = np.exp(x)
    is_paid = np.real(price) > np.real(strike)
    value = np.where(is_paid, price - strike, 0.0).sum() / len(x)

    x_bar = np.where(is_paid, price, 0.0) / len(x)
    y_bar = np.zeros_like(x_bar)
    kappa_bar = theta_bar = xi_bar = rho_bar = 0.0
    for y, (z, w) in zip(
        reversed(levels), reversed(noise.transpose(0, 2, 1)), strict=True
    ):
        s = np.exp(y)
        kappa_bar += (y_bar * (theta - y)).sum() * dt
        theta_bar += y_bar.sum() * kappa * dt
        xi_bar += (y_bar * z).sum() * root_dt
        rho_bar += (x_bar * s * root_dt * (z - rho / own * w)).sum()
        s_bar = x_bar * (root_dt * (rho * z + own * w) - s * dt)
        y_bar = y_bar * (1.0 - kappa * dt) + s_bar * s
    firsts = x_bar.sum(), y_bar.sum()
    return value, (np.array([*firsts, kappa_bar, theta_bar, xi_bar, rho_bar]),)


PROGRAM = Program(
    name="monte_carlo",
    definition=(
        "mean payoff of a call over paths of a price whose volatility is random too; "
        "T time steps outside"
    ),
    wrt=(0,),
    sizes={
        "tiny": {"steps": 2, "paths": 4},
        "small": {"steps": 8, "paths": 16},
        "paper": {"steps": 48, "paths": 256},
        "large": {"steps": 100, "paths": 1500},
    },
    draw=draw,
    value_and_gradients=value_and_gradients,
)
