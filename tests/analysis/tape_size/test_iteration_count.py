"""Runs of a nest's body, exact: closed forms, counting, and when neither is tried."""

from itertools import product

import pytest

from tapeflow.analysis.integers.algebra import size_symbol, sympy
from tapeflow.analysis.tape_size.iteration_count import (
    MOST_ITERATIONS,
    Level,
    count_iterations,
)

N, M = size_symbol("dim(x, 0)"), size_symbol("m")


def sizes(n: int, m: int = 0) -> dict[str, int]:
    return {"dim(x, 0)": n, "m": m}


def test_no_loop_runs_once() -> None:
    assert count_iterations([], {}) == 1


@pytest.mark.parametrize(("n", "m", "count"), [(3, 4, 12), (0, 4, 0), (3, -2, 0)])
def test_a_rectangle(n: int, m: int, count: int) -> None:
    assert count_iterations([Level("i", N), Level("j", M)], sizes(n, m)) == count


def test_a_triangle_has_a_closed_form_for_any_size() -> None:
    outer = Level("i", N)
    nest = [outer, Level("j", outer.counter)]
    assert count_iterations(nest, sizes(4)) == 0 + 1 + 2 + 3
    large = 10 * MOST_ITERATIONS
    assert count_iterations(nest, sizes(large)) == large * (large - 1) // 2


def test_a_trip_count_below_zero_is_none() -> None:
    """From `i - 2` on, so the closed form would count -2 and -1."""
    outer = Level("i", N)
    nest = [outer, Level("j", outer.counter - 2)]
    assert count_iterations(nest, sizes(5)) == 0 + 0 + 0 + 1 + 2


def test_bounds_that_are_not_linear_are_counted() -> None:
    outer = Level("i", N)
    middle = Level("j", sympy().Min(outer.counter, M))
    inner = Level("k", sympy().floor(middle.counter / 2))
    expected = sum(j // 2 for i, j in product(range(9), repeat=2) if j < min(i, 5))
    assert count_iterations([outer, middle, inner], sizes(9, 5)) == expected


def test_what_takes_too_long_is_not_counted() -> None:
    outer = Level("i", N)
    nest = [outer, Level("j", sympy().floor(outer.counter / 2))]
    assert count_iterations(nest, sizes(MOST_ITERATIONS + 1)) is None


def test_what_is_not_known_is_not_counted() -> None:
    assert count_iterations([Level("i", N)], {}) is None
    assert count_iterations([Level("i", N), Level("j", None)], sizes(3)) is None
    assert count_iterations([Level("i", sympy().floor(N / M))], sizes(3, 0)) is None
