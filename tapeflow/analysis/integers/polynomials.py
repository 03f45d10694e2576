"""Whole numbers in a normal form: polynomials over atoms.

An atom is the iteration number of a loop, an operation that is not looked into, applied
to polynomials, or a sum over iterations. Equal polynomials are equal numbers; the
opposite is not promised. Atoms are numbered by a table, so that terms can be sorted.
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import cast

from tapeflow.analysis.integers.intervals import is_believed_to_fit

Polynomial = frozenset[tuple[tuple[int, ...], int]]
"""Pairs of atoms, sorted, and the factor of their product, never 0."""
Substitution = Mapping[int, Polynomial]

ZERO: Polynomial = frozenset()


def constant(value: int) -> Polynomial:
    """A number."""
    return frozenset({((), value)}) if value else ZERO


ONE = constant(1)


def number_of(one: Polynomial) -> int | None:
    """The number a polynomial is, if it is one."""
    if not one:
        return 0
    if len(one) == 1:
        ((atoms, factor),) = one
        return None if atoms else factor
    return None


def add(one: Polynomial, other: Polynomial, times: int = 1) -> Polynomial:
    """one + times * other"""
    terms = dict(one)
    for atoms, factor in other:
        terms[atoms] = terms.get(atoms, 0) + times * factor
    return frozenset(item for item in terms.items() if item[1])


def multiply(one: Polynomial, other: Polynomial) -> Polynomial:
    """one * other"""
    terms: dict[tuple[int, ...], int] = {}
    for left, a in one:
        for right, b in other:
            atoms = tuple(sorted(left + right))
            terms[atoms] = terms.get(atoms, 0) + a * b
    return frozenset(item for item in terms.items() if item[1])


def is_in_range(one: Polynomial) -> bool:
    """Whether 64 bits are believed to hold a polynomial."""
    numbers = [factor for atoms, factor in one if not atoms]
    return is_believed_to_fit(numbers, (factor for atoms, factor in one if atoms))


@dataclass(frozen=True)
class Atom:
    """A name, what else tells atoms of that name apart, and polynomials it is of."""

    name: str
    key: Hashable = None
    of: tuple[Polynomial, ...] = ()


@dataclass
class Atoms:
    """The table of atoms."""

    numbers: dict[Atom, int] = field(default_factory=dict[Atom, int])
    atoms: list[Atom] = field(default_factory=list[Atom])
    sizes: list[frozenset[int]] = field(default_factory=list[frozenset[int]])
    """By atom, all atoms it is made of, itself included."""
    _positive: set[Polynomial] = field(default_factory=set[Polynomial])

    def number(self, atom: Atom) -> int:
        """The number of an atom."""
        if atom not in self.numbers:
            self.numbers[atom] = len(self.atoms)
            parts = {self.numbers[atom]}
            for operand in atom.of:
                parts |= self.parts(operand)
            self.atoms.append(atom)
            self.sizes.append(frozenset(parts))
        return self.numbers[atom]

    def make(self, name: str, key: Hashable = None, *of: Polynomial) -> Polynomial:
        """A polynomial of one atom."""
        return frozenset({((self.number(Atom(name, key, of)),), 1)})

    def parts(self, one: Polynomial) -> frozenset[int]:
        """All atoms that a polynomial is made of."""
        found: frozenset[int] = frozenset()
        for atoms, _ in one:
            for atom in atoms:
                found |= self.sizes[atom]
        return found

    def only(self, one: Polynomial) -> Atom | None:
        """The atom that a polynomial is, if it is one."""
        if len(one) == 1:
            ((atoms, factor),) = one
            if factor == 1 and len(atoms) == 1:
                return self.atoms[atoms[0]]
        return None

    def at_least_zero(self, one: Polynomial) -> Polynomial:
        """max(0, one)"""
        value = number_of(one)
        if value is not None:
            return constant(max(0, value))
        return one if self.is_natural(one) else self.make("natural", None, one)

    def larger(self, one: Polynomial, other: Polynomial) -> Polynomial:
        """max(one, other)"""
        return add(other, self.at_least_zero(add(one, other, -1)))

    def is_natural(self, one: Polynomial) -> bool:
        """Whether a polynomial is never negative, as far as its form tells."""
        return all(
            factor > 0 and all(self.atoms[atom].name in _NATURAL for atom in atoms)
            for atoms, factor in one
        )

    def quotient_up(self, one: Polynomial, divisor: Polynomial) -> Polynomial:
        """ceil(one / divisor); one by what may be 0 or negative is left open."""
        a, b = number_of(one), number_of(divisor)
        if b == 1:
            return one
        if a is not None and b is not None and b > 0:
            return constant(-(-a // b))
        natural = self.only(one) if self.is_positive(divisor) else None
        if natural is not None and natural.name == "natural":
            # One normal form of max(0, ceil(a / b)) and ceil(max(0, a) / b).
            return self.at_least_zero(self.quotient_up(natural.of[0], divisor))
        return self.make("ceildiv", None, one, divisor)

    def believe_positive(self, one: Polynomial) -> None:
        """Say that a polynomial is at least 1, whichever loop its iterations are of."""
        self._positive.add(self._of_any_loop(one))

    def is_positive(self, one: Polynomial) -> bool:
        """Whether a polynomial is known to be at least 1."""
        value = number_of(one)
        return self._of_any_loop(one) in self._positive if value is None else value > 0

    def _of_any_loop(self, one: Polynomial) -> Polynomial:
        parts = sorted(self.parts(one))
        loops = [part for part in parts if self.atoms[part].name == "iteration"]
        numbered = enumerate(loops)
        return self.substitute(one, {at: self.make("loop", n) for n, at in numbered})

    def sum(self, index: int, trips: Polynomial, term: Polynomial) -> Polynomial:
        """The sum of a term over the iterations that atom `index` counts."""
        total = ZERO
        for atoms, factor in term:
            product: Polynomial = frozenset({(atoms, 1)})
            if index in self.parts(product):
                summed = self._sum_of_product(index, trips, product)
            else:
                summed = multiply(self.at_least_zero(trips), product)
            total = add(total, summed, factor)
        return total

    def _sum_of_product(
        self, index: int, trips: Polynomial, term: Polynomial
    ) -> Polynomial:
        bounds = [self.atoms[part] for part in self.parts(term) if self._bound(part)]
        depth = 1 + max((cast(int, atom.key) for atom in bounds), default=-1)
        bound = self.make("bound", depth)
        body = self.substitute(term, {index: bound})
        name = "sum" if self.is_natural(term) else "signed sum"
        return self.make(name, None, trips, body)

    def _bound(self, part: int) -> bool:
        return self.atoms[part].name == "bound"

    def substitute(self, one: Polynomial, replaced: Substitution) -> Polynomial:
        """A polynomial with atoms replaced by polynomials."""
        if not self.parts(one) & replaced.keys():
            return one
        total = ZERO
        for atoms, factor in one:
            product = constant(factor)
            for atom in atoms:
                product = multiply(product, self._replaced(atom, replaced))
            total = add(total, product)
        return total

    def _replaced(self, number: int, replaced: Substitution) -> Polynomial:
        if number in replaced:
            return replaced[number]
        if not self.sizes[number] & replaced.keys():
            return frozenset({((number,), 1)})
        atom = self.atoms[number]
        of = tuple(self.substitute(operand, replaced) for operand in atom.of)
        if atom.name == "natural":
            return self.at_least_zero(of[0])
        if atom.name == "ceildiv":
            return self.quotient_up(*of)
        return self.make(atom.name, atom.key, *of)


_NATURAL = ("natural", "sum", "iteration", "trips", "bound", "extent")
