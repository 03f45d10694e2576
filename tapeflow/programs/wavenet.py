"""wavenet: gated causal convolutions of doubling reach, an operator a nest."""

import numpy as np

from tapeflow.programs.program import Array, Program
from tapeflow.programs.xavier import xavier


def draw(
    rng: np.random.Generator, layers: int, channels: int, times: int
) -> tuple[Array, ...]:
    """signal [channels, times], target [times] normal; weights are Xavier's.

    w_filter, w_gate [layers, 2, channels, channels], w_residual without the 2, w_out
    [layers channels].
    """
    mixers = xavier(rng, (2 * layers * 2 * channels, channels))
    w_filter, w_gate = mixers.reshape(2, layers, 2, channels, channels)
    w_residual = xavier(rng, (layers * channels, channels))
    w_out = rng.standard_normal(layers * channels) / np.sqrt(layers * channels)
    signal, target = rng.standard_normal((channels, times)), rng.standard_normal(times)
    residuals = w_residual.reshape(layers, channels, channels)
    return signal, w_filter, w_gate, residuals, w_out, target


def delayed(x: Array, reach: int) -> Array:
    """x [channel, time] as it was `reach` ago, zero before its beginning."""
    return np.pad(x, ((0, 0), (reach, 0)))[:, : x.shape[1]]


def delayed_adjoint(y_bar: Array, reach: int) -> Array:
    """Adjoint of x where y = delayed(x, reach)."""
    return np.pad(y_bar, ((0, 0), (0, reach)))[:, reach:]


def value_and_gradients(
    signal: Array,
    w_filter: Array,
    w_gate: Array,
    w_residual: Array,
    w_out: Array,
    target: Array,
) -> tuple[np.float64, tuple[Array, ...]]:
    """Sum of squared errors; adjoints of the signal and all weights."""
    layers, x, steps = len(w_filter), signal, list[tuple[Array, ...]]()
    for k in range(layers):
        past = delayed(x, 2**k)
        f = np.tanh(w_filter[k, 0] @ x + w_filter[k, 1] @ past)
        g = 1.0 / (1.0 + np.exp(-(w_gate[k, 0] @ x + w_gate[k, 1] @ past)))
        steps.append((x, past, f, g))
        x = x + w_residual[k] @ (f * g)
    skips = np.concatenate([f * g for _, _, f, g in steps])
    error = w_out @ skips - target

    w_out_bar = 2.0 * skips @ error
    skips_bar = np.split(2.0 * np.outer(w_out, error), layers)
    dtype = np.result_type(signal, w_filter, w_gate, w_residual, w_out)
    x_bar, filter_bar, gate_bar, residual_bar = (
        np.zeros_like(a, dtype) for a in (x, w_filter, w_gate, w_residual)
    )
    for k, (x, past, f, g) in reversed(list(enumerate(steps))):
        h_bar = skips_bar[k] + w_residual[k].T @ x_bar
        residual_bar[k] = x_bar @ (f * g).T
        for w, w_bar, z_bar in (
            (w_filter[k], filter_bar[k], h_bar * g * (1.0 - f * f)),
            (w_gate[k], gate_bar[k], h_bar * f * g * (1.0 - g)),
        ):
            w_bar[:] = z_bar @ x.T, z_bar @ past.T
            x_bar = x_bar + w[0].T @ z_bar + delayed_adjoint(w[1].T @ z_bar, 2**k)
    return (error * error).sum(), (
        x_bar,
        filter_bar,
        gate_bar,
        residual_bar,
        w_out_bar,
    )


PROGRAM = Program(
    name="wavenet",
    definition=(
        "gated causal convolutions whose reach doubles, padded, sliced, their "
        "products stacked; squared error"
    ),
    wrt=(0, 1, 2, 3, 4),
    sizes={
        "tiny": {"layers": 1, "channels": 1, "times": 3},
        "small": {"layers": 3, "channels": 2, "times": 10},
        "paper": {"layers": 8, "channels": 6, "times": 64},
        "large": {"layers": 8, "channels": 12, "times": 400},
    },
    draw=draw,
    value_and_gradients=value_and_gradients,
)
