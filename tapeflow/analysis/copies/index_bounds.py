"""What subscripts can be at least and at most while loops run, and what is natural."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from xdsl.dialects import arith, memref, scf
from xdsl.ir import BlockArgument, SSAValue

from tapeflow.analysis.integers import polynomials as poly
from tapeflow.analysis.integers.polynomials import Polynomial
from tapeflow.analysis.integers.subscripts import SubscriptForms
from tapeflow.analysis.ir.constants import constant_of
from tapeflow.analysis.memory.extents import extent_of

_DEEPEST = 8
"""Operations that are looked through for a sign."""


@dataclass
class IndexBounds:
    """Bounds of index values as polynomials. Sizes are believed to fit 64 bits."""

    forms: SubscriptForms = field(default_factory=SubscriptForms)

    def least(self, one: Polynomial, loops: Sequence[scf.ForOp]) -> Polynomial | None:
        """A lower bound in the iterations of loops, without their counters."""
        highest = self.most(poly.add(poly.ZERO, one, -1), loops)
        return None if highest is None else poly.add(poly.ZERO, highest, -1)

    def most(self, one: Polynomial, loops: Sequence[scf.ForOp]) -> Polynomial | None:
        """An upper bound in the iterations of loops, without their counters."""
        for loop in reversed(loops):
            counter = self.forms.atom(loop.body.block.args[0])
            slope = self.slope(one, counter)
            if slope is None:
                return None
            if not slope:
                continue
            upper = poly.add(self.forms.form(loop.ub), poly.ONE, -1)
            if self.is_natural(slope):
                end = upper
            elif self.is_natural(poly.add(poly.ZERO, slope, -1)):
                end = self.forms.form(loop.lb)
            else:
                return None
            one = self.forms.atoms.substitute(one, {counter: end})
        return one

    def slope(self, one: Polynomial, atom: int) -> Polynomial | None:
        """What a polynomial grows by with an atom; None if not evenly."""
        slope: dict[tuple[int, ...], int] = {}
        for atoms, factor in one:
            rest = tuple(other for other in atoms if other != atom)
            if len(rest) == len(atoms):
                if atom in self.forms.atoms.parts(frozenset({(atoms, 1)})):
                    return None
            elif len(rest) == len(atoms) - 1:
                slope[rest] = slope.get(rest, 0) + factor
            else:
                return None
        return frozenset(item for item in slope.items() if item[1])

    def is_at_most(self, one: Polynomial, other: Polynomial) -> bool:
        """Whether a number is shown not to be larger than another."""
        return self.is_natural(self._without_quotients(poly.add(other, one, -1)))

    def is_natural(self, one: Polynomial) -> bool:
        """Whether a number is shown not to be negative."""
        return all(
            factor > 0 and all(map(self._is_natural_atom, atoms))
            for atoms, factor in one
        )

    def extents(self, buffer: SSAValue, axis: int) -> Iterator[Polynomial]:
        """All that is known to be the extent of a buffer along an axis."""
        extent = extent_of(buffer, axis)
        if extent is not None:
            known = isinstance(extent, int)
            yield poly.constant(extent) if known else self.forms.form(extent)
        for use in buffer.uses:
            op = use.operation
            if isinstance(op, memref.DimOp) and constant_of(op.index) == axis:
                yield self.forms.form(op.result)

    def _without_quotients(self, one: Polynomial) -> Polynomial:
        """A lower bound in which what a quotient times its divisor takes away is what
        the dividend does."""
        total = poly.ZERO
        for atoms, factor in one:
            term: Polynomial = frozenset({(atoms, factor)})
            if factor < 0:
                term = poly.multiply(poly.constant(factor), self._dividend(atoms))
            total = poly.add(total, term)
        return total

    def _dividend(self, atoms: tuple[int, ...]) -> Polynomial:
        for atom in atoms:
            op = _source(self.forms, atom)
            if op is None or not isinstance(op.owner, arith.DivUIOp):
                continue
            divisor = self.forms.form(op.owner.rhs)
            rest = list(atoms)
            rest.remove(atom)
            for other in rest:
                if divisor == frozenset({((other,), 1)}):
                    rest.remove(other)
                    left: Polynomial = frozenset({(tuple(rest), 1)})
                    if self.is_natural(left) and self._is_natural(op.owner.lhs):
                        return poly.multiply(left, self.forms.form(op.owner.lhs))
                    break
        return frozenset({(atoms, 1)})

    def _is_natural_atom(self, atom: int) -> bool:
        value = _source(self.forms, atom)
        return value is not None and self._is_natural(value)

    def _is_natural(self, value: SSAValue, depth: int = _DEEPEST) -> bool:
        number = constant_of(value)
        if number is not None or depth == 0:
            return number is not None and number >= 0
        if isinstance(value, BlockArgument):
            loop = value.block.parent_op()
            if not isinstance(loop, scf.ForOp) or value.index:
                return False
            return self._is_natural(loop.lb, depth - 1)
        match value.owner:
            case memref.DimOp():
                return True
            case arith.DivUIOp() as op:
                return self._is_natural(op.lhs, depth - 1)
            case arith.RemUIOp() as op:
                return self._is_natural(op.rhs, depth - 1)
            case arith.AddiOp() | arith.MuliOp() | arith.ShLIOp() as op:
                return all(self._is_natural(one, depth - 1) for one in op.operands)
            case _:
                return False


def _source(forms: SubscriptForms, atom: int) -> SSAValue | None:
    sources: Iterable[SSAValue] = forms.sources(atom)
    found = [*sources]
    return found[0] if len(found) == 1 else None
