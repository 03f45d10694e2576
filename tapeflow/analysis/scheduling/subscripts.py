"""Subscripts in normal form: polynomials over values that are not looked into."""

from dataclasses import dataclass, field

from xdsl.dialects import arith
from xdsl.ir import SSAValue

from tapeflow.analysis.integers import polynomials as poly
from tapeflow.analysis.integers.intervals import integer_width
from tapeflow.analysis.integers.polynomials import Atoms, Polynomial
from tapeflow.analysis.ir.constants import constant_of

_DEEPEST = 12
"""Sums of sums that are looked into."""
_MOST_TERMS = 16
"""A longer polynomial counts as one value."""
_WIDE = 64
"""Bits of the integers that wrap as an index does."""

_RULES = {
    arith.AddiOp: poly.add,
    arith.SubiOp: lambda a, b: poly.add(a, b, -1),
    arith.MuliOp: poly.multiply,
}


@dataclass
class SubscriptForms:
    """The forms of index values, equal where the values are."""

    atoms: Atoms = field(default_factory=Atoms)
    _forms: dict[SSAValue, Polynomial] = field(
        default_factory=dict[SSAValue, Polynomial]
    )

    def atom(self, value: SSAValue) -> int:
        """The number of the atom that stands for a value."""
        return self.atoms.number(poly.Atom("value", value))

    def fresh(self, name: str, *key: object) -> Polynomial:
        """A number of which nothing is known, the same for the same key."""
        return self.atoms.make(name, key)

    def value_of(self, atom: int) -> SSAValue | None:
        """The value that an atom stands for."""
        key = self.atoms.atoms[atom].key
        return key if isinstance(key, SSAValue) else None

    def form(self, value: SSAValue, depth: int = _DEEPEST) -> Polynomial:
        """The normal form of an index value."""
        if value not in self._forms:
            self._forms[value] = self._find(value, depth)
        return self._forms[value]

    def _find(self, value: SSAValue, depth: int) -> Polynomial:
        number = constant_of(value)
        if number is not None:
            return poly.constant(number)
        op = value.owner
        is_wide = (integer_width(value.type) or _WIDE) >= _WIDE
        is_sum = isinstance(op, arith.AddiOp | arith.SubiOp | arith.MuliOp)
        if depth and is_wide and is_sum:
            operands = [self.form(operand, depth - 1) for operand in op.operands]
            found = _RULES[type(op)](*operands)
            if len(found) <= _MOST_TERMS and poly.is_in_range(found):
                return found
        return self.atoms.make("value", value)


def difference(one: Polynomial, other: Polynomial) -> int | None:
    """one - other where that is a number."""
    return poly.number_of(poly.add(one, other, -1))
