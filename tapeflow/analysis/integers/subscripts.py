"""Subscripts in normal form: polynomials over values that are not looked into.

A carried value that grows by the same in each iteration of a loop, as the next free
place of a tape does, is where it starts plus that times the iteration's number.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from xdsl.dialects import arith, scf
from xdsl.dialects.builtin import IndexType
from xdsl.ir import BlockArgument, OpResult, SSAValue

from tapeflow.analysis.integers import polynomials as poly
from tapeflow.analysis.integers.intervals import integer_width
from tapeflow.analysis.integers.polynomials import Atoms, Polynomial
from tapeflow.analysis.ir.constants import constant_of
from tapeflow.analysis.ir.control_flow import yielded
from tapeflow.analysis.ir.nesting import is_defined_inside

_DEEPEST = 16
"""Sums of sums that are looked into."""
_MOST_TERMS = 16
"""A longer polynomial counts as one value."""
_WIDE = 64
"""Bits of the integers that wrap as an index does."""


@dataclass
class SubscriptForms:
    """The forms of index values, equal where the values are."""

    atoms: Atoms = field(default_factory=Atoms)
    _forms: dict[SSAValue, Polynomial] = field(
        default_factory=dict[SSAValue, Polynomial]
    )

    def form(self, value: SSAValue, depth: int = _DEEPEST) -> Polynomial:
        """The normal form of an index value; arguments of loops are not resolved."""
        if value not in self._forms:
            self._forms[value] = self._find(value, depth)
        return self._forms[value]

    def closed(self, value: SSAValue, loops: Iterable[scf.ForOp]) -> Polynomial:
        """The form of a value, carried values that grow evenly in loops resolved.

        Args:
            loops: around the value, the outermost first.
        """
        return self.resolved(self.form(value), loops)

    def resolved(self, found: Polynomial, loops: Iterable[scf.ForOp]) -> Polynomial:
        """A form with the values resolved that grow evenly in loops around it.

        Args:
            loops: the outermost first.
        """
        for loop in reversed([*loops]):
            counter, *carried = loop.body.block.args
            used = self.atoms.parts(found)
            for number, argument in enumerate(carried):
                atom = self.atom(argument)
                growth = self.growth(loop, number) if atom in used else None
                if growth is None or constant_of(loop.step) != 1:
                    continue
                past = poly.add(self.form(counter), self.form(loop.lb), -1)
                grown = poly.multiply(growth, past)
                value_then = poly.add(self.form(loop.iter_args[number]), grown)
                found = self.atoms.substitute(found, {atom: value_then})
        return found

    def growth(
        self, loop: scf.ForOp, number: int, depth: int = _DEEPEST
    ) -> Polynomial | None:
        """By how much a carried value grows in each iteration; None if not evenly."""
        argument = loop.body.block.args[number + 1]
        if (integer_width(argument.type) or 0) < _WIDE:
            return None
        following = self.form(yielded(loop.body.block)[number], depth)
        growth = poly.add(following, self.form(argument), -1)
        parts = self.atoms.parts(growth)
        sources = [value for part in parts for value in self.sources(part)]
        return (
            None if any(is_defined_inside(value, loop) for value in sources) else growth
        )

    def trips(self, loop: scf.ForOp) -> Polynomial | None:
        """The iterations of a loop; None if it does not count indices up by one."""
        if constant_of(loop.step) != 1 or not isinstance(loop.lb.type, IndexType):
            return None
        bounds = constant_of(loop.lb), constant_of(loop.ub)
        if bounds[0] is not None and bounds[1] is not None:
            return poly.constant(max(0, bounds[1] - bounds[0]))
        return self.atoms.make("trips", (loop.lb, loop.ub))

    def atom(self, value: SSAValue) -> int:
        """The number of the atom that stands for a value."""
        return self.atoms.number(poly.Atom("value", value))

    def fresh(self, name: str, *key: object) -> Polynomial:
        """A number of which nothing is known, the same for the same key."""
        return self.atoms.make(name, key)

    def sources(self, atom: int) -> tuple[SSAValue, ...]:
        """The value that an atom stands for, or the bounds of the loop it counts."""
        found = self.atoms.atoms[atom]
        match found.name, found.key:
            case "value", SSAValue() as value:
                return (value,)
            case "trips", (SSAValue() as lower, SSAValue() as upper):
                return lower, upper
            case _:
                return ()

    def _find(self, value: SSAValue, depth: int) -> Polynomial:
        number = constant_of(value)
        if number is not None:
            return poly.constant(number)
        found = self._combined(value, depth) if depth else None
        if found is None or len(found) > _MOST_TERMS or not poly.is_in_range(found):
            return self.atoms.make("value", value)
        return found

    def _combined(self, value: SSAValue, depth: int) -> Polynomial | None:
        if not isinstance(value, OpResult) or (integer_width(value.type) or 0) < _WIDE:
            return None
        op = value.op
        if isinstance(op, arith.AddiOp | arith.SubiOp | arith.MuliOp):
            lhs, rhs = (self.form(operand, depth - 1) for operand in op.operands)
            if isinstance(op, arith.MuliOp):
                return poly.multiply(lhs, rhs)
            return poly.add(lhs, rhs, 1 if isinstance(op, arith.AddiOp) else -1)
        if not isinstance(op, scf.ForOp):
            return None
        growth, trips = self.growth(op, value.index, depth - 1), self.trips(op)
        if growth is None or trips is None:
            return None
        start = self.form(op.iter_args[value.index], depth - 1)
        return poly.add(start, poly.multiply(growth, trips))


def is_argument_of(value: SSAValue, loop: scf.ForOp) -> bool:
    """Whether a value is what a loop counts or carries."""
    return isinstance(value, BlockArgument) and value.block is loop.body.block
