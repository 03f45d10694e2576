"""Numbers that polynomials are never below, from ranges of what they are made of."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tapeflow.analysis.integers import polynomials as poly
from tapeflow.analysis.integers.polynomials import Atoms, Polynomial


@dataclass(frozen=True)
class Range:
    """The least and the greatest value of an atom; None where it is not known."""

    atom: int
    least: Polynomial | None
    most: Polynomial | None = None


@dataclass(frozen=True)
class Bounds:
    """Ranges of atoms, of which the ends may be made of atoms that come later.

    Those of inner loops come first. Each atom in turn is replaced by the end of its
    range at which a polynomial is smaller.
    """

    atoms: Atoms
    ranges: Sequence[Range]
    outside: Callable[[int], Range]
    """The range of any other atom; its ends are numbers."""

    def least(self, one: Polynomial, begin: int = 0) -> int | None:
        """A number that a polynomial is never below; None if none is found.

        Args:
            begin: how many of the ranges are for atoms that it is not made of.
        """
        for number, range_ in enumerate(self.ranges[begin:], begin + 1):
            lower = self._replaced(one, range_, number)
            if lower is None:
                return None
            one = lower
        for atom in sorted(self.atoms.parts(one)):
            lower = self._replaced(one, self.outside(atom), len(self.ranges))
            if lower is None:
                return None
            one = lower
        return poly.number_of(one)

    def _replaced(
        self, one: Polynomial, range_: Range, begin: int
    ) -> Polynomial | None:
        """A polynomial that is no larger, without an atom; None if none is known."""
        factor, rest = _split(one, range_.atom)
        if not factor:
            return one
        if range_.atom in self.atoms.parts(factor):
            return None
        end = None
        if self._is_natural(factor, begin):
            end = range_.least
        elif self._is_natural(poly.add(poly.ZERO, factor, -1), begin):
            end = range_.most
        return None if end is None else poly.add(rest, poly.multiply(factor, end))

    def _is_natural(self, one: Polynomial, begin: int) -> bool:
        least = self.least(one, begin)
        return least is not None and least >= 0


def _split(one: Polynomial, atom: int) -> tuple[Polynomial, Polynomial]:
    """A polynomial as a factor times an atom, plus a rest without the atom."""
    factor: dict[tuple[int, ...], int] = {}
    rest: dict[tuple[int, ...], int] = {}
    for atoms, number in one:
        if atom in atoms:
            at = atoms.index(atom)
            factor[atoms[:at] + atoms[at + 1 :]] = number
        else:
            rest[atoms] = number
    return frozenset(factor.items()), frozenset(rest.items())
