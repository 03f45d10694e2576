"""Random weights of neural layers."""

import numpy as np

from tapeflow.programs.program import Array


def xavier(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Weights [to, from, kernel ...], uniform in +-sqrt(6 / (fan in + fan out)).

    After Glorot and Bengio 2010, "Understanding the difficulty of training deep
    feedforward neural networks".
    """
    fans = (shape[0] + shape[1]) * int(np.prod(shape[2:]))
    bound = np.sqrt(6.0 / fans)
    return rng.uniform(-bound, bound, shape)
