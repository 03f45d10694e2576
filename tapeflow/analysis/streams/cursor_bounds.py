"""Between which two numbers a form lies, whatever the records of tiles are.

A form is what the program computes only up to multiples of 2**64, around which sums in
64 bits wrap. Where its bounds fit in 64 bits, it is the very number. Values of 64 bits
have no bounds.
"""

from collections.abc import Collection, Hashable, Iterable

from xdsl.ir import SSAValue

from tapeflow.analysis.integers.intervals import (
    Interval,
    integer_width,
    is_believed_to_fit,
    signed_interval,
)
from tapeflow.analysis.streams.cursor_forms import FillSymbol, Form, Least, Product

_WIDE = 64


def bounds_of(form: Form, positive: Collection[SSAValue] = ()) -> Interval | None:
    """The bounds of a form, from tiles' lengths and the types of narrow integers.

    Args:
        form: the form.
        positive: values that are known to be at least 1.

    Returns:
        Bounds that fit in 64 bits, None where none are known.
    """
    low, high = min(form.numbers), max(form.numbers)
    for atom, factor in form.terms:
        bounds = _bounds_of_atom(atom, positive)
        if bounds is None:
            return None
        ends = factor * bounds.low, factor * bounds.high
        low, high = low + min(ends), high + max(ends)
    whole = Interval(low, high)
    return whole if whole in signed_interval(_WIDE) else None


def are_near(forms: Collection[Form]) -> bool:
    """Whether no form wraps around 64 bits.

    Forms without bounds are believed not to, unless numbers in one are great.
    """
    if all(bounds_of(form) is not None for form in forms):
        return True
    return all(
        is_believed_to_fit(form.numbers, (factor for _, factor in form.terms))
        for form in forms
    )


def is_natural(form: Form) -> bool:
    """Whether a form is never negative."""
    bounds = bounds_of(form)
    return bounds is not None and bounds.low >= 0


def fits(form: Form, width: int, positive: Collection[SSAValue] = ()) -> bool:
    """Whether a signed integer of some bits holds whatever the form may be."""
    bounds = bounds_of(form, positive)
    return bounds is not None and bounds in signed_interval(width)


def _bounds_of_atom(atom: Hashable, positive: Collection[SSAValue]) -> Interval | None:
    match atom:
        case FillSymbol():
            return Interval(0, atom.tile)
        case Least():
            parts = _bounds_of_all(atom.forms, positive)
            if parts is None:
                return None
            return Interval(
                min(part.low for part in parts), min(part.high for part in parts)
            )
        case Product():
            parts = _bounds_of_all(atom.factors, positive)
            return None if parts is None else _product(parts)
        case SSAValue():
            return _bounds_of_value(atom, positive)
        case _:
            return None


def _bounds_of_all(
    forms: Iterable[Form], positive: Collection[SSAValue]
) -> list[Interval] | None:
    found: list[Interval] = []
    for form in forms:
        bounds = bounds_of(form, positive)
        if bounds is None:
            return None
        found.append(bounds)
    return found


def _product(factors: list[Interval]) -> Interval:
    low, high = 1, 1
    for factor in factors:
        ends = [a * b for a in (low, high) for b in (factor.low, factor.high)]
        low, high = min(ends), max(ends)
    return Interval(low, high)


def _bounds_of_value(
    value: SSAValue, positive: Collection[SSAValue]
) -> Interval | None:
    width = integer_width(value.type)
    if width is None or width >= _WIDE:
        return None
    interval = signed_interval(width)
    return Interval(1, interval.high) if value in positive else interval
