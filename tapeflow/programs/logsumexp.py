"""logsumexp: a streaming reduction with one transcendental per element."""

import numpy as np

from tapeflow.programs.program import PEER, Array, Program, draw_until_kept


def draw(rng: np.random.Generator, n: int) -> tuple[Array, ...]:
    """x [n] standard normal; its maximum is unique."""
    return draw_until_kept(lambda: (rng.standard_normal(n),), broken_promise)


def broken_promise(x: Array) -> str | None:
    """Whether the maximum is attained more than once."""
    return "the maximum is not unique" if np.sum(x == x.max()) > 1 else None


def value_and_gradients(x: Array) -> tuple[np.float64, tuple[Array, ...]]:
    """The value, and the softmax of x."""
    m = x.max()
    exp = np.exp(x - m)
    return m + np.log(exp.sum()), (exp / exp.sum(),)


PROGRAM = Program(
    name="logsumexp",
    definition="m + log sum_i exp(x_i - m), m = max x",
    wrt=(0,),
    sizes={
        "tiny": {"n": 30},
        "small": {"n": 1_000},
        "paper": {"n": 10_000},
        "large": {"n": 200_000},
        PEER: {"n": 10_000},
    },
    draw=draw,
    value_and_gradients=value_and_gradients,
)
