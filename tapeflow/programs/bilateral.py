"""bilateral: an edge-preserving filter, a ratio of sums in a four-deep nest."""

from collections.abc import Iterator

import numpy as np

from tapeflow.programs.program import Array, Program

RADIUS = 2
SIGMA_SPACE = 1.5
SIGMA_VALUE = 0.2


def draw(rng: np.random.Generator, rows: int, columns: int) -> tuple[Array, ...]:
    """image [rows, columns] uniform in [0, 1)."""
    return (rng.random((rows, columns)),)


def window(image: Array) -> Iterator[tuple[Array, Array, Array, Array]]:
    """For each offset in the window: flat indices of the pixels that have such a
    neighbour, of these neighbours, the difference of their values, the weights."""
    rows, columns = image.shape
    i, j = np.indices(image.shape)
    flat = image.ravel()
    for dp in range(-RADIUS, RADIUS + 1):
        for dq in range(-RADIUS, RADIUS + 1):
            p, q = i + dp, j + dq
            inside = (p >= 0) & (p < rows) & (q >= 0) & (q < columns)
            centre = (i * columns + j)[inside]
            neighbour = (p * columns + q)[inside]
            difference = flat[neighbour] - flat[centre]
            space = (dp**2 + dq**2) / (2 * SIGMA_SPACE**2)
            weight = np.exp(-space - difference**2 / (2 * SIGMA_VALUE**2))
            yield centre, neighbour, difference, weight


def value_and_gradients(image: Array) -> tuple[np.float64, tuple[Array, ...]]:
    """Sum of squares of the filtered image; adjoint of the image."""
    pixels = image.ravel()
    weighted, weights = np.zeros_like(pixels), np.zeros_like(pixels)
    for centre, neighbour, _, weight in window(image):
        weighted[centre] += weight * pixels[neighbour]
        weights[centre] += weight
    filtered = weighted / weights

    weighted_bar = 2.0 * filtered / weights
    weights_bar = -weighted_bar * filtered
    image_bar = np.zeros_like(pixels)
    for centre, neighbour, difference, weight in window(image):
        weight_bar = weighted_bar[centre] * pixels[neighbour] + weights_bar[centre]
        difference_bar = -weight_bar * weight * difference / SIGMA_VALUE**2
        image_bar[neighbour] += weighted_bar[centre] * weight + difference_bar
        image_bar[centre] -= difference_bar
    return (filtered**2).sum(), (image_bar.reshape(image.shape),)


PROGRAM = Program(
    name="bilateral",
    definition=(
        "5 x 5 window average weighted by Gaussians of distance and of difference in "
        "value; sum of squares"
    ),
    wrt=(0,),
    sizes={
        "tiny": {"rows": 1, "columns": 5},
        "small": {"rows": 6, "columns": 6},
        "paper": {"rows": 32, "columns": 32},
        "large": {"rows": 120, "columns": 120},
    },
    draw=draw,
    value_and_gradients=value_and_gradients,
)
