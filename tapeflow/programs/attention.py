"""attention: self-attention with several heads, an operator a nest."""

import numpy as np

from tapeflow.programs.program import Array, Program
from tapeflow.programs.xavier import xavier


def draw(
    rng: np.random.Generator, heads: int, rows: int, depth: int
) -> tuple[Array, ...]:
    """x [rows, heads depth] normal; heads; four weights [heads depth, heads depth]."""
    width = heads * depth
    weights = (xavier(rng, (width, width)) for _ in range(4))
    return rng.standard_normal((rows, width)), np.asarray(heads), *weights


def split(y: Array, heads: int) -> Array:
    """y [row, width] as [head, row, depth]."""
    return y.reshape(len(y), heads, -1).transpose(1, 0, 2)


def merge(y: Array) -> Array:
    """y [head, row, depth] as [row, width]."""
    return y.transpose(1, 0, 2).reshape(y.shape[1], -1)


def value_and_gradients(
    x: Array, heads: Array, w_query: Array, w_key: Array, w_value: Array, w_out: Array
) -> tuple[np.float64, tuple[Array, ...]]:
    """Sum of squares of the result; adjoints of x and the weights."""
    count = int(heads)
    query, key, value = (split(x @ w, count) for w in (w_query, w_key, w_value))
    root = np.sqrt(query.shape[2])
    scores = query @ key.transpose(0, 2, 1) / root
    exponentials = np.exp(scores - np.real(scores).max(axis=2, keepdims=True))
    probability = exponentials / exponentials.sum(axis=2, keepdims=True)
    merged = merge(probability @ value)
    result = merged @ w_out

    result_bar = 2.0 * result
    seen_bar = split(result_bar @ w_out.T, count)
    probability_bar = seen_bar @ value.transpose(0, 2, 1)
    mean = (probability_bar * probability).sum(axis=2, keepdims=True)
    scores_bar = probability * (probability_bar - mean) / root
    bars = (
        merge(scores_bar @ key),
        merge(scores_bar.transpose(0, 2, 1) @ query),
        merge(probability.transpose(0, 2, 1) @ seen_bar),
    )
    weights = w_query, w_key, w_value
    x_bar = np.add.reduce([b @ w.T for b, w in zip(bars, weights, strict=True)])
    gradients = x_bar, *(x.T @ bar for bar in bars), merged.T @ result_bar
    return (result * result).sum(), gradients


PROGRAM = Program(
    name="attention",
    definition=(
        "self-attention with several heads, cut, transposed and merged; sum of squares"
    ),
    wrt=(0, 2, 3, 4, 5),
    sizes={
        "tiny": {"heads": 1, "rows": 2, "depth": 2},
        "small": {"heads": 2, "rows": 5, "depth": 3},
        "paper": {"heads": 4, "rows": 24, "depth": 6},
        "large": {"heads": 4, "rows": 64, "depth": 16},
    },
    draw=draw,
    value_and_gradients=value_and_gradients,
)
