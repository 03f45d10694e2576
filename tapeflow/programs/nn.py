"""nn: a perceptron with one tanh layer and softmax cross-entropy over a batch."""

import numpy as np

from tapeflow.programs.program import PEER, Array, Program
from tapeflow.programs.xavier import xavier


def draw(
    rng: np.random.Generator, samples: int, inputs: int, units: int, classes: int
) -> tuple[Array, ...]:
    """x [samples, inputs] in [0, 1), label [samples], w1, b1, w2, b2.

    Weights are Xavier's, biases small normal.
    """
    return (
        rng.random((samples, inputs)),
        rng.integers(0, classes, samples, dtype=np.int32),
        xavier(rng, (units, inputs)),
        0.1 * rng.standard_normal(units),
        xavier(rng, (classes, units)),
        0.1 * rng.standard_normal(classes),
    )


def value_and_gradients(
    x: Array, label: Array, w1: Array, b1: Array, w2: Array, b2: Array
) -> tuple[np.float64, tuple[Array, ...]]:
    """Mean cross-entropy; adjoints of w1, b1, w2, b2."""
    samples = np.arange(len(x))
    hidden = np.tanh(x @ w1.T + b1)
    logits = hidden @ w2.T + b2
    m = logits.max(axis=1, keepdims=True)
    exp = np.exp(logits - m)
    partition = exp.sum(axis=1, keepdims=True)
    loss = (m + np.log(partition))[:, 0] - logits[samples, label]

    logits_bar = exp / partition
    logits_bar[samples, label] -= 1.0
    logits_bar /= len(x)
    z_bar = (logits_bar @ w2) * (1.0 - hidden**2)
    gradients = (z_bar.T @ x, z_bar.sum(0), logits_bar.T @ hidden, logits_bar.sum(0))
    return loss.mean(), gradients


PROGRAM = Program(
    name="nn",
    definition=(
        "a perceptron (784 -> 32 tanh -> 10 at paper size) under softmax "
        "cross-entropy, averaged over a batch"
    ),
    wrt=(2, 3, 4, 5),
    sizes={
        "tiny": {"samples": 2, "inputs": 4, "units": 3, "classes": 3},
        "small": {"samples": 4, "inputs": 36, "units": 12, "classes": 5},
        "paper": {"samples": 4, "inputs": 784, "units": 32, "classes": 10},
        "large": {"samples": 16, "inputs": 784, "units": 96, "classes": 10},
        PEER: {"samples": 32, "inputs": 64, "units": 64, "classes": 10},
    },
    draw=draw,
    value_and_gradients=value_and_gradients,
)
