"""Addresses of rings in closed form: a number for each slot, plus multiples of terms.

A cursor's address is `start of the current slot + stride * records in the tile`. The
start depends on which slot is current, one of a few, so a form holds a number for each;
where all are equal it holds one. Terms are records (a symbol for each place where their
number is not known), values that the analysis does not look into, and least values.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass

from xdsl.ir import SSAValue


class SlotSymbol:
    """Some slot of a ring that is current at a place of the program."""


class FillSymbol:
    """The number of records in the current tile at a place of the program.

    Attributes:
        tile: the number that a full tile holds, which it never exceeds.
        ring: the ring whose tile it is.
    """

    def __init__(self, tile: int, ring: SSAValue | None = None):
        self.tile = tile
        self.ring = ring


@dataclass(frozen=True)
class Form:
    """A whole number; `slot` says what selects one of several numbers."""

    numbers: tuple[int, ...]
    slot: SlotSymbol | None = None
    terms: frozenset[tuple[Hashable, int]] = frozenset()

    @property
    def constant(self) -> int | None:
        """The number, if it is always the same."""
        return None if self.terms or self.slot else self.numbers[0]

    @property
    def is_term_free(self) -> bool:
        """Whether only the slot decides."""
        return not self.terms


@dataclass(frozen=True)
class Least:
    """The least of several forms, as a term."""

    forms: frozenset[Form]


@dataclass(frozen=True)
class Product:
    """The product of forms that are no numbers, as a term."""

    factors: frozenset[Form]


def number(value: int) -> Form:
    """A constant."""
    return Form((value,))


def term(atom: Hashable) -> Form:
    """A term by itself."""
    return Form((0,), None, frozenset({(atom, 1)}))


def by_slot(numbers: tuple[int, ...], slot: SlotSymbol) -> Form:
    """A number for each slot."""
    return _form(numbers, slot, {})


def add(one: Form, other: Form, times: int = 1) -> Form | None:
    """one + times * other; None if the slots of two places decide."""
    return _combine(one, other, lambda a, b: a + times * b, times)


def scale(form: Form, factor: int) -> Form:
    """factor * form"""
    numbers = tuple(factor * item for item in form.numbers)
    return _form(numbers, form.slot, {atom: factor * n for atom, n in form.terms})


def divide(form: Form, divisor: int) -> Form | None:
    """form / divisor where it leaves no remainder, else None."""
    parts = (*form.numbers, *(times for _, times in form.terms))
    if divisor < 1 or any(part % divisor for part in parts):
        return None
    numbers = tuple(item // divisor for item in form.numbers)
    return _form(numbers, form.slot, {atom: n // divisor for atom, n in form.terms})


def select(
    truth: tuple[bool, ...], slot: SlotSymbol | None, a: Form, b: Form
) -> Form | None:
    """a or b, as the slot decides; None unless it alone decides."""
    if a.terms != b.terms or len({s for s in (slot, a.slot, b.slot) if s}) > 1:
        return None
    count = max(len(truth), len(a.numbers), len(b.numbers))
    rows = zip(
        *(_spread(row, count) for row in (truth, a.numbers, b.numbers)), strict=True
    )
    numbers = tuple(x if is_true else y for is_true, x, y in rows)
    return _form(numbers, slot or a.slot or b.slot, dict(a.terms))


def _combine(
    one: Form, other: Form, operation: Callable[[int, int], int], times: int
) -> Form | None:
    if one.slot and other.slot and one.slot is not other.slot:
        return None
    count = max(len(one.numbers), len(other.numbers))
    pairs = zip(_spread(one.numbers, count), _spread(other.numbers, count), strict=True)
    terms = dict(one.terms)
    for atom, factor in other.terms:
        terms[atom] = terms.get(atom, 0) + times * factor
    numbers = tuple(operation(int(a), int(b)) for a, b in pairs)
    return _form(numbers, one.slot or other.slot, terms)


def _spread(numbers: tuple[int, ...], count: int) -> tuple[int, ...]:
    return numbers * count if len(numbers) == 1 else numbers


def _form(
    numbers: tuple[int, ...], slot: SlotSymbol | None, terms: dict[Hashable, int]
) -> Form:
    kept = frozenset((atom, factor) for atom, factor in terms.items() if factor)
    if len(set(numbers)) == 1:
        return Form(numbers[:1], None, kept)
    return Form(numbers, slot, kept)
