"""lenet: LeNet-5 with mean pooling under softmax cross-entropy, for one image."""

import numpy as np

from tapeflow.programs.program import PEER, Array, Program
from tapeflow.programs.xavier import xavier


def draw(
    rng: np.random.Generator,
    image: int,
    kernel: int,
    maps1: int,
    maps3: int,
    units5: int,
    units6: int,
    classes: int,
) -> tuple[Array, ...]:
    """image [1, image, image] in [0, 1), label, and weights and biases per layer.

    Weights are Xavier's, biases small normal.
    """
    side4 = ((image - kernel + 1) // 2 - kernel + 1) // 2
    shapes = (
        (maps1, 1, kernel, kernel),
        (maps3, maps1, kernel, kernel),
        (units5, maps3, side4, side4),
        (units6, units5),
        (classes, units6),
    )
    layers: list[Array] = []
    for shape in shapes:
        layers += [xavier(rng, shape), 0.1 * rng.standard_normal(shape[0])]
    pixels = rng.random((1, image, image))
    return pixels, np.asarray(rng.integers(classes)), *layers


def patches(x: Array, w: Array) -> Array:
    """View of x [channel, ...] as [channel, row, column, kernel row, kernel column]."""
    return np.lib.stride_tricks.sliding_window_view(x, w.shape[2:], axis=(1, 2))


def convolve(x: Array, w: Array, b: Array) -> Array:
    """tanh of the valid cross-correlation plus bias, [map, row, column]."""
    z = np.tensordot(w, patches(x, w), axes=((1, 2, 3), (0, 3, 4)))
    return np.tanh(z + b[:, None, None])


def convolve_adjoint(
    x: Array, w: Array, y: Array, y_bar: Array
) -> tuple[Array, Array, Array]:
    """Adjoints of x, w, b where y = convolve(x, w, b)."""
    z_bar = y_bar * (1.0 - y * y)
    w_bar = np.tensordot(z_bar, patches(x, w), axes=((1, 2), (1, 2)))
    x_bar = np.zeros_like(z_bar, shape=x.shape)
    _, rows, columns = y.shape
    for p in range(w.shape[2]):
        for q in range(w.shape[3]):
            share = np.tensordot(w[:, :, p, q], z_bar, axes=(0, 0))
            x_bar[:, p : p + rows, q : q + columns] += share
    return x_bar, w_bar, z_bar.sum(axis=(1, 2))


def pool(x: Array) -> Array:
    """Means of 2 x 2 blocks, [map, row / 2, column / 2]."""
    maps, rows, columns = x.shape
    return x.reshape(maps, rows // 2, 2, columns // 2, 2).mean(axis=(2, 4))


def pool_adjoint(y_bar: Array) -> Array:
    """Adjoint of x where y = pool(x)."""
    return 0.25 * y_bar.repeat(2, axis=1).repeat(2, axis=2)


def value_and_gradients(
    image: Array, label: Array, *layers: Array
) -> tuple[np.float64, tuple[Array, ...]]:
    """Cross-entropy; adjoints of the weights and biases in order."""
    w1, b1, w3, b3, w5, b5, w6, b6, w7, b7 = layers
    c1 = convolve(image, w1, b1)
    s2 = pool(c1)
    c3 = convolve(s2, w3, b3)
    s4 = pool(c3)
    c5 = convolve(s4, w5, b5)
    f5 = c5.ravel()
    f6 = np.tanh(w6 @ f5 + b6)
    logits = w7 @ f6 + b7
    m = logits.max()
    exp = np.exp(logits - m)
    value = m + np.log(exp.sum()) - logits[label]

    logits_bar = exp / exp.sum()
    logits_bar[label] -= 1.0
    z6_bar = (w7.T @ logits_bar) * (1.0 - f6 * f6)
    c5_bar = (w6.T @ z6_bar).reshape(c5.shape)
    s4_bar, w5_bar, b5_bar = convolve_adjoint(s4, w5, c5, c5_bar)
    s2_bar, w3_bar, b3_bar = convolve_adjoint(s2, w3, c3, pool_adjoint(s4_bar))
    _, w1_bar, b1_bar = convolve_adjoint(image, w1, c1, pool_adjoint(s2_bar))
    dense = (np.outer(z6_bar, f5), z6_bar, np.outer(logits_bar, f6), logits_bar)
    return value, (w1_bar, b1_bar, w3_bar, b3_bar, w5_bar, b5_bar, *dense)


PROGRAM = Program(
    name="lenet",
    definition=(
        "LeNet-5 (conv 6, pool, conv 16, pool, 120, 84, 10 on 32 x 32 at paper size) "
        "with tanh and mean pooling; softmax cross-entropy of one image"
    ),
    wrt=tuple(range(2, 12)),
    sizes={
        "tiny": {
            "image": 4,
            "kernel": 1,
            "maps1": 1,
            "maps3": 1,
            "units5": 2,
            "units6": 2,
            "classes": 2,
        },
        "small": {
            "image": 10,
            "kernel": 3,
            "maps1": 2,
            "maps3": 3,
            "units5": 8,
            "units6": 6,
            "classes": 4,
        },
        "paper": {
            "image": 32,
            "kernel": 5,
            "maps1": 6,
            "maps3": 16,
            "units5": 120,
            "units6": 84,
            "classes": 10,
        },
        "large": {
            "image": 68,
            "kernel": 5,
            "maps1": 8,
            "maps3": 20,
            "units5": 120,
            "units6": 84,
            "classes": 10,
        },
        PEER: {
            "image": 28,
            "kernel": 5,
            "maps1": 6,
            "maps3": 16,
            "units5": 120,
            "units6": 84,
            "classes": 10,
        },
    },
    draw=draw,
    value_and_gradients=value_and_gradients,
)
