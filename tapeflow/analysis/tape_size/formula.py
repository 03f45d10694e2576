"""Numbers of executions and of bytes as formulas of a program's sizes.

A term is a weight times the number of times that a nest of loops runs its body. As an
expression it is the sum in closed form, which holds where no trip count is negative;
its value for given sizes is exact. Loops whose trip count depends on data are summed
up in one unknown, `trips(line 25)`: the iterations of that loop in the whole run.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, reduce
from math import prod
from operator import add

from tapeflow.analysis.integers.algebra import Expression, size_symbol, sympy
from tapeflow.analysis.tape_size.iteration_count import Level, count_iterations

MOST_FACTORED = 8
"""Polynomials in more sizes stay sums: factoring them can take long."""


@dataclass(frozen=True)
class Term:
    """A weight times the executions of the body of a nest, outermost loop first."""

    weight: int
    levels: tuple[Level, ...] = ()

    @cached_property
    def expression(self) -> Expression:
        """The closed form, with an unknown in place of what data decides."""
        factor, first = self._unknown_part()
        total: Expression = sympy().Integer(1)
        for level in reversed(self.levels[first:]):
            assert level.trips is not None, "it would be in the unknown part"
            if total.has(level.counter):
                body = sympy().expand(total)
                total = sympy().summation(body, (level.counter, 0, level.trips - 1))
            else:
                total = total * level.trips
        return self.weight * factor * total

    def _unknown_part(self) -> tuple[Expression, int]:
        """The unknown that stands for outer levels, and the first level after it."""
        factor: Expression = sympy().Integer(1)
        first = 0
        for number, level in enumerate(self.levels):
            used = [outer for outer in self.levels[:number] if level.uses(outer)]
            is_hidden = any(outer in self.levels[:first] for outer in used)
            if level.trips is None or is_hidden or not level.is_polynomial_in(used):
                factor, first = size_symbol(level.name), number + 1
        return factor, first

    def value(self, sizes: Mapping[str, int]) -> int | None:
        """The exact number for these sizes; None if data decides, or too costly."""
        iterations = count_iterations(self.levels, sizes)
        return None if iterations is None else self.weight * iterations


@dataclass(frozen=True)
class SizeFormula:
    """A sum of terms."""

    terms: tuple[Term, ...] = ()
    is_bound: bool = False
    """Whether the number can be less: a branch counts as taken."""

    def __add__(self, other: "SizeFormula") -> "SizeFormula":
        is_bound = self.is_bound or other.is_bound
        return SizeFormula(self.terms + other.terms, is_bound)

    @cached_property
    def expression(self) -> Expression:
        """The sum, each term factored if that is shorter."""
        return _tidied(sum((t.expression for t in self.terms), sympy().Integer(0)))

    @property
    def names(self) -> tuple[str, ...]:
        """The sizes and unknowns in the formula."""
        return tuple(sorted(map(str, self.expression.free_symbols)))

    @property
    def unknowns(self) -> tuple[str, ...]:
        """What data decides."""
        return tuple(name for name in self.names if "(line " in name)

    def value(self, sizes: Mapping[str, int]) -> int | None:
        """The number for these sizes; None where a size is missing or data decides."""
        values = [term.value(sizes) for term in self.terms]
        known = [value for value in values if value is not None]
        return sum(known) if len(known) == len(values) else None

    def __str__(self) -> str:
        text = str(self.expression)
        return f"<= {text}" if self.is_bound and self.terms else text


def sum_of(formulas: Iterable[SizeFormula]) -> SizeFormula:
    """The sum of any number of formulas."""
    return reduce(add, formulas, SizeFormula())


def _tidied(expression: Expression) -> Expression:
    """The shortest of a few equal forms; the first unless another is much shorter."""
    forms = [expression, sympy().expand(expression)]
    if len(expression.free_symbols) <= MOST_FACTORED:
        forms.append(sympy().factor(expression))
    lengths = [len(str(form)) for form in forms]
    lengths[0] -= lengths[0] // 20
    return forms[lengths.index(min(lengths))]


def product_term(weight: int, extents: "tuple[Expression, ...]") -> Term:
    """A weight times extents that no loop changes."""
    constant = prod(int(e) for e in extents if e.is_Integer)
    levels = (Level(f"size{i}", e) for i, e in enumerate(extents) if not e.is_Integer)
    return Term(weight * constant, tuple(levels))
