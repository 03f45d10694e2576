"""pathfinder: a dynamic program over the rows of a grid, with two swapped buffers."""

import numpy as np

from tapeflow.programs.program import PEER, Array, Program, draw_until_kept

TIE_GAP = 1e-10


def draw(rng: np.random.Generator, rows: int, columns: int) -> tuple[Array, ...]:
    """w [rows, columns] uniform in [0, 1); no minimum is a tie within TIE_GAP."""
    return draw_until_kept(lambda: (rng.random((rows, columns)),), broken_promise)


def candidates(d: Array) -> Array:
    """[3, columns]: d_{j-1}, d_j, d_{j+1}, clamped at the edges."""
    padded = np.pad(d, 1, mode="edge")
    return np.stack((padded[:-2], d, padded[2:]))


def broken_promise(w: Array) -> str | None:
    """Whether the two least of three different cells are nearly equal somewhere."""
    d = w[0]
    for costs in w[1:]:
        cells = candidates(d)
        cells[0, 0] = cells[2, -1] = np.inf
        least, second, _ = np.sort(cells, axis=0)
        if np.any(second - least < TIE_GAP):
            return f"two candidates of a minimum differ by less than {TIE_GAP}"
        d = costs + least
    return None


def value_and_gradients(w: Array) -> tuple[np.float64, tuple[Array, ...]]:
    """The sum of the last row, and how many cheapest ways pass each cell."""
    rows, columns = w.shape
    here = np.arange(len(w[0]))
    d = w[0]
    came_from = np.zeros((rows, columns), dtype=np.int64)
    for r in range(1, rows):
        cells = candidates(d)
        choice = cells.argmin(axis=0)
        came_from[r] = np.clip(here + choice - 1, 0, columns - 1)
        d = w[r] + d[came_from[r]]

    ways = np.ones((rows, columns))
    for r in reversed(range(1, rows)):
        ways[r - 1] = np.bincount(came_from[r], weights=ways[r], minlength=columns)
    return d.sum(), (ways,)


PROGRAM = Program(
    name="pathfinder",
    definition="d_j <- w_rj + min(d_{j-1}, d_j, d_{j+1}) row by row; sum of the last d",
    wrt=(0,),
    sizes={
        "tiny": {"rows": 5, "columns": 6},
        "small": {"rows": 60, "columns": 16},
        "paper": {"rows": 100, "columns": 32},
        "large": {"rows": 1_000, "columns": 1_000},
        PEER: {"rows": 100, "columns": 100},
    },
    draw=draw,
    value_and_gradients=value_and_gradients,
)
