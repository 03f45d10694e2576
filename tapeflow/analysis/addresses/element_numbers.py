"""The number of the element that an access means, counted from the buffer's first.

It is a polynomial over values of the program: A[i + 1, j] of extents m and n is element
i * n + n + j. Index arithmetic wraps around, and so do polynomials: they are equal
modulo 2^64, which is all that an address needs.
"""

from collections.abc import Sequence
from typing import Any, cast

from xdsl.dialects import arith, memref, scf
from xdsl.dialects.builtin import IndexType, MemRefType, NoneAttr
from xdsl.ir import Operation, SSAValue

from tapeflow.analysis.integers.number_attributes import wrapped_index
from tapeflow.analysis.integers.polynomials import (
    ONE,
    ZERO,
    Atoms,
    Polynomial,
    add,
    constant,
    multiply,
)
from tapeflow.analysis.ir.constants import constant_of
from tapeflow.analysis.ir.nesting import is_defined_inside
from tapeflow.analysis.memory.extents import extent_of
from tapeflow.dialects.tape_attributes import TAPE_SIZE

_MOST_TERMS, _MOST_FACTORS = 8, 4
"""Longer sums and products are values of their own, so that polynomials stay short."""

Extent = tuple[SSAValue, int]
"""A buffer and one of its axes."""


class ElementNumbers:
    """The polynomials of one function's index values."""

    def __init__(self) -> None:
        self._atoms = Atoms()
        self._values: dict[SSAValue, Polynomial] = {}
        self._replaced: dict[SSAValue, SSAValue] = {}
        self._varying: dict[tuple[int, Operation], bool] = {}
        self._steps: dict[tuple[Polynomial, Operation], Polynomial | None] = {}

    def atom(self, number: int) -> SSAValue | Extent:
        """What stands behind an atom: a value, or an extent to be asked for."""
        key = cast(SSAValue | Extent, self._atoms.atoms[number].key)
        if isinstance(key, SSAValue):
            return self._replaced.get(key, key)
        buffer, axis = key
        return self._replaced.get(buffer, buffer), axis

    def replace(self, old: Operation, new: Operation) -> None:
        """Note that the results of one operation now are those of another."""
        self._replaced |= zip(old.results, new.results, strict=False)

    def of(self, value: SSAValue) -> Polynomial:
        """The polynomial of an index value."""
        if value not in self._values:
            found = _wrapped(self._find(value))
            self._values[value] = found if _is_short(found) else self.itself(value)
        return self._values[value]

    def at_first(self, number: Polynomial, loop: scf.ForOp) -> Polynomial:
        """A number in the first iteration of a loop."""
        counter = self._counter(loop)
        return _wrapped(self._atoms.substitute(number, {counter: self.of(loop.lb)}))

    def step(self, number: Polynomial, loop: scf.ForOp) -> Polynomial | None:
        """By how much a number grows from one iteration to the next; None if that is
        not the same each time, as far as its form tells."""
        if (number, loop) not in self._steps:
            self._steps[number, loop] = self._find_step(number, loop)
        return self._steps[number, loop]

    def _find_step(self, number: Polynomial, loop: scf.ForOp) -> Polynomial | None:
        counter = self._counter(loop)
        slope: dict[tuple[int, ...], int] = {}
        for atoms, factor in number:
            others = tuple(atom for atom in atoms if atom != counter)
            if any(self.varies(atom, loop) for atom in others):
                return None
            if len(others) == len(atoms) - 1:
                slope[others] = factor
            elif len(others) != len(atoms):
                return None
        return _wrapped(multiply(frozenset(slope.items()), self.of(loop.step)))

    def split(
        self, number: Polynomial, loop: Operation
    ) -> tuple[Polynomial, Polynomial]:
        """The terms of a number that vary in a loop, and those that do not."""
        varying = {
            term for term in number if any(self.varies(atom, loop) for atom in term[0])
        }
        return frozenset(varying), number - varying

    def varies(self, atom: int, loop: Operation) -> bool:
        """Whether what stands behind an atom is defined inside a loop."""
        if (atom, loop) not in self._varying:
            inside = is_defined_inside(self.value(atom), loop)
            self._varying[atom, loop] = inside
        return self._varying[atom, loop]

    def value(self, atom: int) -> SSAValue:
        """The value that an atom is, or the buffer whose extent it is."""
        found = self.atom(atom)
        return found[0] if isinstance(found, tuple) else found

    def _counter(self, loop: scf.ForOp) -> int:
        ((atoms, _),) = self.itself(loop.body.block.args[0])
        return atoms[0]

    def element(
        self, buffer: SSAValue, subscripts: Sequence[SSAValue]
    ) -> Polynomial | None:
        """The number of an element; None where the strides are not known."""
        strides = self.strides(buffer)
        if strides is None:
            return None
        total = ZERO
        for subscript, stride in zip(subscripts, strides, strict=True):
            total = add(total, multiply(self.of(subscript), stride))
        return _wrapped(total)

    def strides(self, buffer: SSAValue) -> list[Polynomial] | None:
        """Elements from one index of each dimension to the next."""
        type_ = cast(MemRefType[Any], buffer.type)
        if not isinstance(type_.layout, NoneAttr):
            strides = type_.get_strides()
            if strides is None or None in strides:
                return None
            return [constant(cast(int, stride)) for stride in strides]
        found: list[Polynomial] = []
        stride = ONE
        for axis in reversed(range(len(type_.get_shape()))):
            found.append(stride)
            if axis:
                stride = multiply(stride, self._extent(buffer, axis))
        return found[::-1]

    def _extent(self, buffer: SSAValue, axis: int) -> Polynomial:
        extent = extent_of(buffer, axis)
        if isinstance(extent, int):
            return constant(extent)
        if extent is not None:
            return self.of(extent)
        return self._atoms.make("extent", (buffer, axis))

    def _find(self, value: SSAValue) -> Polynomial:
        number = constant_of(value)
        if number is not None:
            return constant(number)
        op = value.owner
        if not isinstance(value.type, IndexType):
            return self.itself(value)
        match op:
            case memref.DimOp():
                axis = constant_of(op.index)
                rank = len(cast(MemRefType[Any], op.source.type).get_shape())
                if axis is not None and 0 <= axis < rank:
                    return self._extent(op.source, axis)
            case arith.AddiOp() if TAPE_SIZE not in op.attributes:
                return add(self.of(op.lhs), self.of(op.rhs))
            case arith.SubiOp() if TAPE_SIZE not in op.attributes:
                return add(self.of(op.lhs), self.of(op.rhs), -1)
            case arith.MuliOp() if TAPE_SIZE not in op.attributes:
                return multiply(self.of(op.lhs), self.of(op.rhs))
            case _:
                pass
        return self.itself(value)

    def itself(self, value: SSAValue) -> Polynomial:
        """A value that is not looked into."""
        return self._atoms.make("value", value)


def _wrapped(number: Polynomial) -> Polynomial:
    terms = ((atoms, wrapped_index(factor)) for atoms, factor in number)
    return frozenset(term for term in terms if term[1])


def _is_short(number: Polynomial) -> bool:
    return len(number) <= _MOST_TERMS and all(
        len(atoms) <= _MOST_FACTORS for atoms, _ in number
    )
