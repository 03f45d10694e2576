"""resnet_block: two convolutions beside a projection, an operator a nest."""

import numpy as np

from tapeflow.programs.program import Array, Program
from tapeflow.programs.xavier import xavier


def draw(
    rng: np.random.Generator, channels: int, maps: int, side: int
) -> tuple[Array, ...]:
    """image [channels, side, side] normal; w1, b1, w2, b2, w3, Xavier's and small.

    Convolutions' weights are [map, row, column, channel].
    """
    image = rng.standard_normal((channels, side, side))
    w1 = xavier(rng, (maps, channels, 3, 3)).transpose(0, 2, 3, 1)
    w2 = xavier(rng, (maps, maps, 3, 3)).transpose(0, 2, 3, 1)
    b1, b2 = 0.1 * rng.standard_normal((2, maps))
    w3 = xavier(rng, (maps, channels))
    return image, np.ascontiguousarray(w1), b1, np.ascontiguousarray(w2), b2, w3


def shifted(x: Array, p: int, q: int) -> Array:
    """x [row, column, channel] at offset p - 1, q - 1; zero outside."""
    rows, columns, _ = x.shape
    return np.pad(x, ((1, 1), (1, 1), (0, 0)))[p : p + rows, q : q + columns]


def convolve(x: Array, w: Array, b: Array) -> Array:
    """Cross-correlation of the padded x with w, plus b, [row, column, map]."""
    offsets = np.ndindex(3, 3)
    return b + sum(shifted(x, p, q) @ w[:, p, q].T for p, q in offsets)


def convolve_adjoint(x: Array, w: Array, z_bar: Array) -> tuple[Array, Array, Array]:
    """Adjoints of x, w, b where z = convolve(x, w, b)."""
    x_bar, w_bar = (np.zeros_like(z_bar, shape=a.shape) for a in (x, w))
    for p, q in np.ndindex(3, 3):
        w_bar[:, p, q] = np.tensordot(z_bar, shifted(x, p, q), axes=((0, 1), (0, 1)))
        x_bar += shifted(z_bar, 2 - p, 2 - q) @ w[:, p, q]
    return x_bar, w_bar, z_bar.sum(axis=(0, 1))


def relu(z: Array) -> Array:
    """The positive part."""
    return np.where(np.real(z) > 0.0, z, 0.0)


def value_and_gradients(
    image: Array, w1: Array, b1: Array, w2: Array, b2: Array, w3: Array
) -> tuple[np.float64, tuple[Array, ...]]:
    """Sum of squares of the block's result; adjoints of all arguments."""
    x = image.transpose(1, 2, 0)
    z1 = convolve(x, w1, b1)
    y1 = relu(z1)
    total = convolve(y1, w2, b2) + x @ w3.T
    y2 = relu(total)

    total_bar = 2.0 * y2
    y1_bar, w2_bar, b2_bar = convolve_adjoint(y1, w2, total_bar)
    z1_bar = np.where(np.real(z1) > 0.0, y1_bar, 0.0)
    x_bar, w1_bar, b1_bar = convolve_adjoint(x, w1, z1_bar)
    x_bar += total_bar @ w3
    w3_bar = np.tensordot(total_bar, x, axes=((0, 1), (0, 1)))
    gradients = x_bar.transpose(2, 0, 1), w1_bar, b1_bar, w2_bar, b2_bar, w3_bar
    return (y2 * y2).sum(), gradients


PROGRAM = Program(
    name="resnet_block",
    definition=(
        "a residual block: transposed and padded, two 3 x 3 convolutions, projection, "
        "ReLU; sum of squares"
    ),
    wrt=(0, 1, 2, 3, 4, 5),
    sizes={
        "tiny": {"channels": 1, "maps": 2, "side": 2},
        "small": {"channels": 2, "maps": 3, "side": 5},
        "paper": {"channels": 4, "maps": 8, "side": 12},
        "large": {"channels": 16, "maps": 16, "side": 28},
    },
    draw=draw,
    value_and_gradients=value_and_gradients,
)
