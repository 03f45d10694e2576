"""How often a nest of loops runs its body, for given sizes: exact whole numbers."""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count

from tapeflow.analysis.integers.algebra import Expression, sympy

MOST_ITERATIONS = 1_000_000
"""Iterations that are run one by one at most to learn how often inner loops run."""

_names = count()


def _new_counter() -> Expression:
    return sympy().Dummy(f"unused{next(_names)}", integer=True)


@dataclass(frozen=True)
class Level:
    """One loop of a nest."""

    name: str
    """What its iterations in the whole run are called where data decides them."""
    trips: Expression | None
    """May be negative, which means none; None where data decides."""
    counter: Expression = field(default_factory=_new_counter)
    """The symbol that counts from 0 in the trip counts of inner loops."""

    def uses(self, outer: "Level") -> bool:
        """Whether the trip count depends on the iteration of an outer loop."""
        return self.trips is not None and self.trips.has(outer.counter)

    def is_polynomial_in(self, levels: Sequence["Level"]) -> bool:
        """Whether sums of the trip count over these loops have a closed form."""
        counters = [level.counter for level in levels]
        if self.trips is None or not counters:
            return True
        return bool(self.trips.is_polynomial(*counters))


class _TooMany(Exception):
    """Counting would take too long."""


def count_iterations(levels: Sequence[Level], sizes: Mapping[str, int]) -> int | None:
    """The runs of the innermost body; None where a size is missing or data decides.

    Also None where it divides by zero, and where it would take more than
    `MOST_ITERATIONS` steps to find out: closed forms are used only where no trip count
    is ever negative.
    """
    trips: list[Expression] = []
    for level in levels:
        if level.trips is None:
            return None
        known = {s: sizes[s.name] for s in level.trips.free_symbols if s.name in sizes}
        trips.append(
            level.trips.xreplace({s: sympy().Integer(n) for s, n in known.items()})
        )
    counters = [level.counter for level in levels]
    if any(expression.free_symbols - set(counters) for expression in trips):
        return None
    if any(expression.has(sympy().zoo, sympy().nan) for expression in trips):
        return None
    return _Counting(counters, trips).run()


class _Counting:
    """One nest with numbers for its sizes."""

    def __init__(self, counters: Sequence[Expression], trips: Sequence[Expression]):
        self._counters = counters
        self._trips = trips
        self._functions: list[Callable[..., int]] = [
            _function(counters[:number], expression)
            for number, expression in enumerate(trips)
        ]
        self._is_used = [
            any(expression.has(counter) for expression in trips[number + 1 :])
            for number, counter in enumerate(counters)
        ]
        self._steps = 0

    def run(self) -> int | None:
        if any(self._is_used) and self._is_linear() and self._never_negative(()):
            return self._closed_form()
        try:
            return self._count(())
        except (_TooMany, ZeroDivisionError):
            return None

    def _count(self, iteration: tuple[int, ...]) -> int:
        """Executions of the body from one iteration of the outer loops on."""
        depth = len(iteration)
        if depth == len(self._trips):
            return 1
        trips = max(0, int(self._functions[depth](*iteration)))
        if trips == 0:
            return 0
        if not self._is_used[depth]:
            return trips * self._count((*iteration, 0))
        self._steps += trips
        if self._steps > MOST_ITERATIONS:
            raise _TooMany
        return sum(self._count((*iteration, number)) for number in range(trips))

    def _is_linear(self) -> bool:
        """Whether trip counts are linear, so that their least is at a corner."""
        if not all(e.is_polynomial(*self._counters) for e in self._trips):
            return False
        polynomials = (sympy().Poly(e, *self._counters) for e in self._trips)
        return all(polynomial.total_degree() <= 1 for polynomial in polynomials)

    def _never_negative(self, corner: tuple[int, ...]) -> bool:
        """Whether all trip counts are 0 or more at the corners of the nest."""
        depth = len(corner)
        if depth == len(self._trips):
            return True
        trips = int(self._functions[depth](*corner))
        if trips <= 0:
            return trips == 0
        ends = {0, trips - 1} if self._is_used[depth] else {0}
        return all(self._never_negative((*corner, end)) for end in ends)

    def _closed_form(self) -> int:
        total: Expression = sympy().Integer(1)
        for counter, trips in zip(
            reversed(self._counters), reversed(self._trips), strict=True
        ):
            total = sympy().summation(sympy().expand(total), (counter, 0, trips - 1))
        return int(total)


def _function(
    counters: Sequence[Expression], expression: Expression
) -> Callable[..., int]:
    if expression.is_Integer:
        number = int(expression)
        return lambda *_: number
    exact: dict[str, object] = {"Max": max, "Min": min, "Mod": operator.mod}
    return sympy().lambdify(list(counters), expression, modules=[exact, "math"])
