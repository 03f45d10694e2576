"""sddmm: dot products of rows that a sparse pattern selects."""

import numpy as np

from tapeflow.programs.csr import random_pattern, row_of_entry
from tapeflow.programs.program import Array, Program


def draw(
    rng: np.random.Generator, rows: int, columns: int, nonzeros: int, inner: int
) -> tuple[Array, ...]:
    """row_start, column, s [nonzeros], a [rows, inner], b [columns, inner] normal."""
    return (
        *random_pattern(rng, rows, columns, nonzeros),
        rng.standard_normal(nonzeros),
        rng.standard_normal((rows, inner)),
        rng.standard_normal((columns, inner)),
    )


def value_and_gradients(
    row_start: Array, column: Array, s: Array, a: Array, b: Array
) -> tuple[np.float64, tuple[Array, ...]]:
    """Sum of sigmoid(P); adjoints of s, a, b."""
    row = row_of_entry(row_start)
    norm = np.sqrt(a.shape[1])
    dot = (a[row] * b[column]).sum(axis=1)
    sigmoid = 1.0 / (1.0 + np.exp(-s * dot / norm))

    p_bar = sigmoid * (1.0 - sigmoid)
    dot_bar = (p_bar * s / norm)[:, None]
    a_bar = np.zeros_like(dot_bar, shape=a.shape)
    b_bar = np.zeros_like(dot_bar, shape=b.shape)
    np.add.at(a_bar, row, dot_bar * b[column])
    np.add.at(b_bar, column, dot_bar * a[row])
    return sigmoid.sum(), (p_bar * dot / norm, a_bar, b_bar)


PROGRAM = Program(
    name="sddmm",
    definition="P_ij = S_ij (A_i . B_j) / sqrt(K) on a CSR pattern; sum of sigmoid(P)",
    wrt=(2, 3, 4),
    sizes={
        "tiny": {"rows": 5, "columns": 4, "nonzeros": 6, "inner": 3},
        "small": {"rows": 24, "columns": 24, "nonzeros": 58, "inner": 16},
        "paper": {"rows": 128, "columns": 128, "nonzeros": 1_638, "inner": 32},
        "large": {"rows": 512, "columns": 512, "nonzeros": 26_214, "inner": 32},
    },
    draw=draw,
    value_and_gradients=value_and_gradients,
)
