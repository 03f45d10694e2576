"""lstm: ADBench's recurrent next-symbol model, its state updated in place."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from tapeflow.programs.program import Array, Program


class Layer(NamedTuple):
    """What one layer computed in one step; all [units]."""

    x: Array
    h: Array
    c: Array
    forget: Array
    input: Array
    output: Array
    change: Array
    tanh_c: Array


class Step(NamedTuple):
    """What one step computed."""

    layers: list[Layer]
    top: Array
    """[units]: the last layer's output."""
    log_likelihood: np.float64
    probability: Array
    """[units]: predicted for each symbol."""


def draw(
    rng: np.random.Generator, layers: int, units: int, symbols: int
) -> tuple[Array, ...]:
    """weight, bias [layers, 4, units], extra [3, units], hidden, cell [layers, units]
    normal; sequence [symbols, units], one-hot."""
    return (
        rng.standard_normal((layers, 4, units)),
        rng.standard_normal((layers, 4, units)),
        rng.standard_normal((3, units)),
        rng.standard_normal((layers, units)),
        rng.standard_normal((layers, units)),
        np.eye(units)[rng.integers(units, size=symbols)],
    )


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x))."""
    return 1.0 / (1.0 + np.exp(-x))


def layer_step(x: Array, h: Array, c: Array, w: Array, b: Array) -> Layer:
    """One layer's gates and new cell for signal x and state h, c."""
    forget, input_, output = (
        sigmoid(seen * w[g] + b[g]) for g, seen in enumerate((x, h, x))
    )
    change = np.tanh(h * w[3] + b[3])
    tanh_c = np.tanh(c * forget + input_ * change)
    return Layer(x, h, c, forget, input_, output, change, tanh_c)


def layer_adjoint(
    r: Layer, w: Array, h_bar: Array, c_bar: Array
) -> tuple[Array, Array, Array, Array, Array]:
    """From adjoints of the new h and c to those of x, h, c, w, b."""
    c_bar = c_bar + h_bar * r.output * (1.0 - r.tanh_c**2)
    z_bar = np.stack(
        (
            c_bar * r.c * r.forget * (1.0 - r.forget),
            c_bar * r.change * r.input * (1.0 - r.input),
            h_bar * r.tanh_c * r.output * (1.0 - r.output),
            c_bar * r.input * (1.0 - r.change**2),
        )
    )
    x_bar = z_bar[0] * w[0] + z_bar[2] * w[2]
    h_bar = z_bar[1] * w[1] + z_bar[3] * w[3]
    return x_bar, h_bar, c_bar * r.forget, z_bar * [r.x, r.h, r.x, r.h], z_bar


def unroll(
    weight: Array,
    bias: Array,
    extra: Array,
    hidden: Array,
    cell: Array,
    sequence: Array,
) -> list[Step]:
    """What each step computed, over the whole sequence."""
    dtype = np.result_type(weight, bias, extra, hidden, cell)
    h, c = hidden.astype(dtype), cell.astype(dtype)
    steps = list[Step]()
    for symbol, gold in pairwise(sequence):
        x, layers = symbol * extra[0], list[Layer]()
        for k in range(len(h)):
            r = layer_step(x, h[k].copy(), c[k].copy(), weight[k], bias[k])
            c[k] = r.c * r.forget + r.input * r.change
            h[k] = x = r.output * r.tanh_c
            layers.append(r)
        y = x * extra[1] + extra[2]
        partition = 2.0 + np.exp(y).sum()
        log_likelihood = (gold * (y - np.log(partition))).sum()
        steps.append(Step(layers, x, log_likelihood, np.exp(y) / partition))
    return steps


def value_and_gradients(
    weight: Array,
    bias: Array,
    extra: Array,
    hidden: Array,
    cell: Array,
    sequence: Array,
) -> tuple[np.float64, tuple[Array, ...]]:
    """Mean negative log-likelihood; adjoints of all parameters and the first state."""
    steps = unroll(weight, bias, extra, hidden, cell, sequence)
    count = sequence[1:].size
    weight_bar, bias_bar, extra_bar, h_bar, c_bar = (
        np.zeros_like(array, steps[0].top.dtype)
        for array in (weight, bias, extra, hidden, cell)
    )
    for t, step in reversed(list(enumerate(steps))):
        gold = sequence[t + 1]
        y_bar = (gold.sum() * step.probability - gold) / count
        extra_bar[1:] += [y_bar * step.top, y_bar]
        x_bar = y_bar * extra[1]
        for k, r in reversed(list(enumerate(step.layers))):
            x_bar, h_bar[k], c_bar[k], w_bar, b_bar = layer_adjoint(
                r, weight[k], h_bar[k] + x_bar, c_bar[k]
            )
            weight_bar[k] += w_bar
            bias_bar[k] += b_bar
        extra_bar[0] += x_bar * sequence[t]
    value = -np.sum([step.log_likelihood for step in steps]) / count
    return value, (weight_bar, bias_bar, extra_bar, h_bar, c_bar)


PROGRAM = Program(
    name="lstm",
    definition=(
        "ADBench: mean negative log-likelihood of the next symbol under an LSTM of "
        "elementwise gates, its state updated in place"
    ),
    wrt=(0, 1, 2, 3, 4),
    sizes={
        "tiny": {"layers": 2, "units": 2, "symbols": 3},
        "small": {"layers": 2, "units": 6, "symbols": 16},
        "paper": {"layers": 2, "units": 14, "symbols": 40},
        "large": {"layers": 2, "units": 64, "symbols": 100},
    },
    draw=draw,
    value_and_gradients=value_and_gradients,
)
