"""What is known of whole numbers: bounds, of values and for subscripts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from xdsl.ir import SSAValue

from tapeflow.frontend.python.values import Fact, Scalar


@dataclass
class Facts:
    """Bounds where the program is now."""

    low: dict[SSAValue, int] = field(default_factory=dict[SSAValue, int])
    high: dict[SSAValue, int] = field(default_factory=dict[SSAValue, int])
    """Upper bounds, of choices between numbers that are written in the program."""
    subscripts: dict[SSAValue, int] = field(default_factory=dict[SSAValue, int])
    """Bounds that hold, or a subscript made of the value is refused when it runs:
    elements of `tf.index` arrays are not negative."""

    def copy(self) -> Facts:
        return Facts(dict(self.low), dict(self.high), dict(self.subscripts))

    def add(self, facts: Iterable[Fact]) -> None:
        """Note what holds from here on."""
        for fact in facts:
            known = self.low.get(fact.value)
            self.low[fact.value] = fact.low if known is None else max(known, fact.low)

    def low_of(self, scalar: Scalar) -> int | None:
        """The least that a whole number may be, None if that is not known."""
        return _bound(scalar, self.low)

    def high_of(self, scalar: Scalar) -> int | None:
        """The most that a whole number may be, None if that is not known."""
        return _bound(scalar, self.high)

    def subscript_low(self, scalar: Scalar) -> int | None:
        """The least that it may be where it is a subscript."""
        known = self.low_of(scalar)
        return _bound(scalar, self.subscripts) if known is None else known

    def at_least(self, scalar: Scalar, low: int) -> tuple[Fact, ...]:
        """The fact that a number is at least `low`."""
        if scalar.constant is not None or not scalar.kind.is_int:
            return ()
        value = scalar.base or scalar.ssa
        return () if value is None else (Fact(value, low - scalar.offset),)


def _bound(scalar: Scalar, bounds: dict[SSAValue, int]) -> int | None:
    if scalar.whole is not None:
        return scalar.whole
    if scalar.ssa is not None and scalar.ssa in bounds:
        return bounds[scalar.ssa]
    if scalar.base is None or scalar.base not in bounds:
        return None
    return bounds[scalar.base] + scalar.offset
