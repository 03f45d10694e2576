"""Whether subscripts of one buffer can mean the same element at two times.

Subscripts are polynomials over the indices of the loops around them. In a later
iteration of a loop its index is larger by its step at least, inner loops begin anew,
and what else is computed inside may be anything. Two places are apart if the difference
of some subscript is never 0: by its sign, within the bounds of all loops around, or by
a common factor.

    load x[t] ... store x[t + 1]     now and later: t' + 1 - t > 0 for every t' >= t
    load a[k, j], store a[i, j]      later: i' > k' > k where i begins at k + 1

That sums do not wrap is believed of indices, extents and numbers that runs which end
keep small (`stays_in_range`), of nothing else.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from xdsl.dialects import memref, scf
from xdsl.ir import Operation, OpResult

from tapeflow.analysis.integers import polynomials as poly
from tapeflow.analysis.integers.bounded_indices import is_small, stays_in_range
from tapeflow.analysis.integers.bounds import Bounds, Range
from tapeflow.analysis.integers.polynomials import Polynomial
from tapeflow.analysis.integers.subscripts import SubscriptForms
from tapeflow.analysis.ir.constants import constant_of
from tapeflow.analysis.ir.nesting import is_defined_inside
from tapeflow.analysis.memory.strips import (
    has_whole_strips,
    is_end_of_strips,
    is_part_of_rest,
)

_SMALL = 1 << 20
"""Numbers up to this are added to a value without doubt."""


@dataclass(frozen=True)
class Place:
    """Subscripts in closed form, and the loops around them, innermost first."""

    subscripts: Sequence[Polynomial]
    loops: Sequence[Operation]


@dataclass(frozen=True)
class TwoTimes:
    """Compares two places, the second of them at the same time or later."""

    forms: SubscriptForms
    early: Place
    late: Place
    later: Operation | None
    """The outermost loop that is at a later iteration for the second place; None if
    all loops around both are at the same."""

    def are_apart(self) -> bool:
        """Whether the subscripts of some dimension are never equal."""
        pairs = zip(self.early.subscripts, self.late.subscripts, strict=True)
        return any(self._differ(*pair) for pair in pairs)

    def _differ(self, one: Polynomial, other: Polynomial) -> bool:
        if one == other == self._later_index:
            return True
        distance = poly.add(self._moved(other), one, -1)
        number = poly.number_of(distance)
        if number is not None:
            return number != 0
        terms = dict(distance)
        rest = terms.pop((), 0)
        common = math.gcd(*terms.values())
        if rest % (common & -common):
            return True  # Other factors need not divide what wraps around.
        if not (self._is_exact(one, self.early) and self._is_exact(other, self.late)):
            return False
        bounds = Bounds(self.forms.atoms, self._ranges, self._outside)
        return any(
            (least := bounds.least(sign)) is not None and least > 0
            for sign in (distance, poly.add(poly.ZERO, distance, -1))
        )

    @cached_property
    def _later_index(self) -> Polynomial | None:
        """The index of the loop that is at a later iteration."""
        if not isinstance(self.later, scf.ForOp):
            return None
        return self.forms.form(self.later.body.block.args[0])

    def _moved(self, form: Polynomial) -> Polynomial:
        """A form of the second place, by what it is there."""
        atoms = self.forms.atoms
        moved = {atom: self._moved_atom(atom) for atom in atoms.parts(form)}
        return atoms.substitute(form, {a: p for a, p in moved.items() if p is not None})

    def _moved_atom(self, atom: int) -> Polynomial | None:
        """What an atom is at the second place; None if it is the same."""
        if self.later is None:
            return None
        sources = self.forms.sources(atom)
        if sources and not any(is_defined_inside(v, self.later) for v in sources):
            return None
        return self.forms.fresh("later", atom)

    @cached_property
    def _ranges(self) -> list[Range]:
        """Of the indices of all loops, inner ones first."""
        shared = [op for op in self.early.loops if op in {*self.late.loops}]
        if self.later is not None:
            shared = shared[shared.index(self.later) :]
        ranges = [self._index(op) for op in self.early.loops if op not in shared]
        ranges += [
            self._moved_range(range_)
            for op in self.late.loops
            if op not in shared and (range_ := self._index(op)) is not None
        ]
        for op in shared:
            ranges += self._both(op) if op is self.later else [self._index(op)]
        return [range_ for range_ in ranges if range_ is not None]

    def _index(self, loop: Operation) -> Range | None:
        """Between which numbers the index of a loop lies while its body runs."""
        if not isinstance(loop, scf.ForOp) or not is_small(loop.step):
            return None
        is_near = stays_in_range(loop.lb)
        lower, upper = self.forms.form(loop.lb), self.forms.form(loop.ub)
        # What a small number is counted up to in small steps is not a great one.
        has_upper = is_end_of_strips(loop.ub) or _is_one_value(
            upper, _SMALL if is_near else 0
        )
        if not (is_near or _is_one_value(lower, 0) or is_end_of_strips(loop.lb)):
            lower = None
        step = constant_of(loop.step)
        is_whole = step is not None and has_whole_strips(loop, step)
        last = poly.add(upper, poly.constant(step if step and is_whole else 1), -1)
        if not has_upper and not all(map(self._stays_near, self._parts(upper))):
            last = None
        return Range(self.forms.atom(loop.body.block.args[0]), lower, last)

    def _moved_range(self, one: Range) -> Range:
        ends = (None if e is None else self._moved(e) for e in (one.least, one.most))
        return Range(_atom_of(self._moved(_alone(one.atom))), *ends)

    def _both(self, loop: Operation) -> Iterator[Range]:
        """Of a loop that is later for the second place: that one's index first."""
        own = self._index(loop)
        if own is None or not isinstance(loop, scf.ForOp):
            return
        step = poly.constant(constant_of(loop.step) or 1)
        moved = _atom_of(self._moved(_alone(own.atom)))
        yield Range(moved, poly.add(_alone(own.atom), step), own.most)
        before = None if own.most is None else poly.add(own.most, step, -1)
        yield Range(own.atom, own.least, before)

    def _is_exact(self, form: Polynomial, place: Place) -> bool:
        """Whether a form is the number that a subscript within bounds has."""
        if _is_one_value(form, _SMALL):
            return True
        counted = self._counted_to(place)
        return poly.is_in_range(form) and all(
            atom in counted or self._stays_near(atom) for atom in self._parts(form)
        )

    def _stays_near(self, atom: int) -> bool:
        """Whether what an atom stands for is far from the ends of 64 bits."""
        sources = self.forms.sources(atom)
        return bool(sources) and all(map(stays_in_range, sources))

    def _counted_to(self, place: Place) -> dict[int, int]:
        """What loops around a place count up to from small numbers, and what that is
        at least, since they run."""
        found: dict[int, int] = {}
        for loop in place.loops:
            if not isinstance(loop, scf.ForOp) or not is_small(loop.step):
                continue
            lower, upper = constant_of(loop.lb), dict(self.forms.form(loop.ub))
            rest = upper.pop((), 0)
            ((atoms, factor), *others) = [*upper.items()] or [((), 0)]
            if lower is None or others or factor != 1 or len(atoms) != 1:
                continue
            if max(abs(lower), abs(rest)) <= _SMALL:
                (atom,) = atoms
                found[atom] = max(lower + 1 - rest, found.get(atom, -_SMALL))
        return found

    @cached_property
    def _least(self) -> dict[int, int]:
        """What is known of values that loops around the places count up to."""
        known = self._counted_to(self.early)
        for atom, least in self._counted_to(self.late).items():
            moved = _atom_of(self._moved(_alone(atom)))
            known[moved] = max(least, known.get(moved, least))
        return known

    def _outside(self, atom: int) -> Range:
        """Of what no loop around counts: extents, and what loops count up to."""
        least = self._least.get(atom)
        if least is None and (self._is_extent(atom) or self._is_part_of_rest(atom)):
            least = 0
        return Range(atom, None if least is None else poly.constant(least))

    def _is_extent(self, atom: int) -> bool:
        sources = self.forms.sources(atom)
        return len(sources) == 1 and (
            isinstance(sources[0], OpResult) and isinstance(sources[0].op, memref.DimOp)
        )

    def _is_part_of_rest(self, atom: int) -> bool:
        sources = self.forms.sources(atom)
        return len(sources) == 1 and is_part_of_rest(sources[0])

    def _parts(self, form: Polynomial) -> frozenset[int]:
        return self.forms.atoms.parts(form)


def _alone(atom: int) -> Polynomial:
    return frozenset({((atom,), 1)})


def _atom_of(form: Polynomial) -> int:
    ((atoms, _),) = form
    return atoms[0]


def _is_one_value(form: Polynomial, most: int) -> bool:
    """Whether a form is a value or its negative, and a number up to `most`; or a
    number."""
    terms = dict(form)
    number = terms.pop((), 0)
    if not terms:
        return True
    ((atoms, factor), *others) = terms.items()
    return not others and len(atoms) == 1 and abs(factor) == 1 and abs(number) <= most
