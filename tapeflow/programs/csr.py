"""Random patterns of sparse matrices in compressed-row form."""

import numpy as np

from tapeflow.programs.program import Array


def random_pattern(
    rng: np.random.Generator, rows: int, columns: int, nonzeros: int
) -> tuple[Array, Array]:
    """row_start [rows + 1] and column [nonzeros] of distinct cells, row by row."""
    cells = np.sort(rng.choice(rows * columns, nonzeros, replace=False))
    row, column = np.divmod(cells, columns)
    return np.searchsorted(row, np.arange(rows + 1)), column


def row_of_entry(row_start: Array) -> Array:
    """[nonzeros]: the row that each stored entry belongs to."""
    return np.repeat(np.arange(len(row_start) - 1), np.diff(row_start))
