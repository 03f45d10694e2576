"""Formulas of sizes: closed forms agree with exact values, unknowns have a name."""

import pytest

from tapeflow.analysis.integers.algebra import size_symbol, sympy
from tapeflow.analysis.tape_size.formula import (
    SizeFormula,
    Term,
    product_term,
    sum_of,
)
from tapeflow.analysis.tape_size.iteration_count import Level

N, M = size_symbol("dim(x, 0)"), size_symbol("m")


def triangle(weight: int = 8) -> Term:
    outer = Level("i", N)
    return Term(weight, (outer, Level("j", outer.counter + 1)))


@pytest.mark.parametrize("n", [0, 1, 7])
def test_the_closed_form_is_the_value(n: int) -> None:
    term = triangle()
    assert term.expression.subs(N, n) == term.value({"dim(x, 0)": n})


def test_what_data_decides_is_one_unknown() -> None:
    """It stands for the iterations in the whole run, those of outer loops included."""
    unknown = Level("trips(line 25)", None)
    formula = SizeFormula((Term(8, (Level("i", N), unknown, Level("k", M))),))
    assert str(formula) == "8*m*trips(line 25)"
    assert formula.unknowns == ("trips(line 25)",)
    assert formula.value({"dim(x, 0)": 2, "m": 3}) is None


def test_a_loop_that_depends_on_an_unknown_one_is_unknown() -> None:
    unknown = Level("trips(line 25)", None)
    inner = Level("trips(line 26)", unknown.counter + 1)
    assert str(SizeFormula((Term(8, (unknown, inner)),))) == "8*trips(line 26)"


def test_a_sum_without_closed_form_is_unknown_but_has_a_value() -> None:
    outer = Level("trips(line 1)", N)
    inner = Level("trips(line 2)", sympy().floor(outer.counter / 2))
    term = Term(1, (outer, inner))
    assert str(term.expression) == "trips(line 2)"
    assert term.value({"dim(x, 0)": 6}) == 0 + 0 + 1 + 1 + 2 + 2


def test_a_sum_is_as_sure_as_its_parts() -> None:
    exact = SizeFormula((product_term(8, (N,)),))
    bound = SizeFormula((product_term(4, (N, M)),), is_bound=True)
    assert sum_of([exact, bound]).is_bound and not sum_of([exact, exact]).is_bound
    assert str(exact + bound) == "<= 4*dim(x, 0)*(m + 2)"
    assert (exact + bound).value({"dim(x, 0)": 3, "m": 5}) == 24 + 60
    assert (exact + bound).value({"dim(x, 0)": 3}) is None
    assert str(sum_of([])) == "0"


def test_constant_extents_are_part_of_the_weight() -> None:
    term = product_term(8, (sympy().Integer(3), N))
    assert (term.weight, len(term.levels)) == (24, 1)
