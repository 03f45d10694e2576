"""Let the program compute element numbers, each part as far out of loops as it can be.

A number that grows by the same amount from iteration to iteration is carried: one
addition an iteration, in place of the multiplication of an induction variable.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import TypeAlias

from xdsl.dialects import memref, scf
from xdsl.dialects.builtin import IndexType
from xdsl.ir import Block, Operation, SSAValue
from xdsl.rewriter import InsertPoint

from tapeflow.analysis.addresses.element_numbers import ElementNumbers
from tapeflow.analysis.integers.polynomials import Polynomial, number_of
from tapeflow.analysis.ir.control_flow import LOOPS
from tapeflow.analysis.ir.nesting import is_defined_inside
from tapeflow.analysis.memory.aliasing import ancestors
from tapeflow.dialects.address import PointOp
from tapeflow.transforms.building.carrying import hand_on, take, with_carried
from tapeflow.transforms.building.index_builder import Index, IndexBuilder

Wanted: TypeAlias = tuple[Polynomial, SSAValue | None]
"""A number, and the buffer that it is to be a pointer into, if it is one."""
Term: TypeAlias = tuple[tuple[int, ...], int]


@dataclass
class NumberBuilder:
    """Emits the numbers of one function, each once in a block.

    What asks for numbers comes in program order; loops are left innermost first.
    """

    numbers: ElementNumbers
    builder: IndexBuilder
    _made: dict[tuple[Block | None, Hashable], Index] = field(default_factory=dict)
    """By block, what has been computed there."""
    _loops: dict[Block | None, tuple[Operation | None, bool]] = field(
        default_factory=dict
    )
    _carried: dict[tuple[Operation, Wanted], SSAValue] = field(default_factory=dict)
    _starts: dict[Operation, list[SSAValue]] = field(default_factory=dict)
    _following: dict[Operation, list[SSAValue]] = field(default_factory=dict)
    """By loop that is not left yet, what it will hand on to its next iteration."""
    _extents: dict[tuple[SSAValue, int], SSAValue] = field(default_factory=dict)

    def number(
        self, number: Polynomial, buffer: SSAValue | None, op: Operation
    ) -> SSAValue:
        """The value that is a number before an operation; of a buffer, a pointer."""
        made = self._made.get((op.parent, (number, buffer)))
        if made is None:
            made = self._number(number, buffer, op)
            self._made[op.parent, (number, buffer)] = made
        assert not isinstance(made, int)
        return made

    def _number(
        self, number: Polynomial, buffer: SSAValue | None, op: Operation
    ) -> SSAValue:
        if buffer is None:
            known = self._known(number)
            if known is not None:
                return known
        loop, is_certain = self.loop_around(op)
        if loop is None:
            return self._sum(None, number, buffer, op)
        if buffer is not None and is_defined_inside(buffer, loop):
            return self._point(buffer, self.number(number, None, op), op)
        wanted = number, buffer
        varying, invariant = self.numbers.split(number, loop)
        if not varying:
            return self.number(number, buffer, loop)
        if (loop, wanted) in self._carried:
            return self._carried[loop, wanted]
        # To add a value in each iteration takes as much as to carry the sum.
        if is_certain and isinstance(loop, scf.ForOp) and not is_value(varying):
            step = self.numbers.step(varying, loop)
            if step is not None:
                return self._carry(wanted, step, loop)
        start = None
        if invariant or buffer is not None:
            start = self.number(invariant, buffer, op)
        return self._sum(start, varying, None, op)

    def loop_around(self, op: Operation) -> tuple[Operation | None, bool]:
        """The innermost loop around an operation, and whether each iteration runs it.

        A loop that was left is told no more.
        """
        if op.parent not in self._loops:
            self._loops[op.parent] = _loop_around(op)
        return self._loops[op.parent]

    def leave(self, loop: scf.ForOp) -> None:
        """Let a loop carry what has been asked for inside."""
        starts = self._starts.pop(loop, None)
        if starts:
            hand_on(loop.body.block, self._following.pop(loop))
            carrying = with_carried(loop, starts, ["element"] * len(starts))
            self.numbers.replace(loop, carrying)

    def _carry(self, wanted: Wanted, step: Polynomial, loop: scf.ForOp) -> SSAValue:
        number, buffer = wanted
        start = self.number(self.numbers.at_first(number, loop), buffer, loop)
        by = self.number(step, None, loop)
        body = loop.body.block
        (element,) = take(body, [IndexType()], ["element"])
        # First in the iteration, so that the next one need not wait for it.
        with self.builder.at(InsertPoint.at_start(body)):
            following = self.builder.value(
                self.builder.add(element, by, "element_next")
            )
        self._starts.setdefault(loop, []).append(start)
        self._following.setdefault(loop, []).append(following)
        self._carried[loop, wanted] = element
        return element

    def _sum(
        self,
        start: SSAValue | None,
        number: Polynomial,
        buffer: SSAValue | None,
        op: Operation,
    ) -> SSAValue:
        """start + number, computed in front of an operation."""
        total: Index = 0 if start is None else start
        for term in _in_order(number):
            product = self._product(term, op)
            total = self._once(op, self.builder.add, total, product)
        value = self.builder.value(total)
        return value if buffer is None else self._point(buffer, value, op)

    def _product(self, term: Term, op: Operation) -> Index:
        """What does not vary in the loop around is one factor."""
        atoms, factor = term
        loop, _ = self.loop_around(op)
        fixed: tuple[int, ...] = ()
        if loop is not None:
            fixed = tuple(a for a in atoms if not self.numbers.varies(a, loop))
        product: Index = factor
        if fixed:
            product = self.number(frozenset({(fixed, factor)}), None, op)
        for atom in atoms:
            if atom not in fixed:
                product = self._once(op, self.builder.mul, self._atom(atom), product)
        return product

    def _once(
        self,
        op: Operation,
        make: Callable[[Index, Index, str], Index],
        one: Index,
        other: Index,
    ) -> Index:
        """A sum or product, computed in front of the first operation that asks."""
        what = op.parent, (make, one, other)
        if what not in self._made:
            with self.builder.at(InsertPoint.before(op)):
                self._made[what] = make(one, other, "element")
        return self._made[what]

    def _point(self, buffer: SSAValue, element: SSAValue, op: Operation) -> SSAValue:
        with self.builder.at(InsertPoint.before(op)):
            return self.builder.insert(PointOp(buffer, element), "pointer").pointer

    def _known(self, number: Polynomial) -> SSAValue | None:
        """The value that a number is as it stands."""
        constant = number_of(number)
        if constant is not None:
            return self.builder.value(constant)
        if is_value(number):
            (((atom,), _),) = number
            return self._atom(atom)
        return None

    def _atom(self, number: int) -> SSAValue:
        atom = self.numbers.atom(number)
        if isinstance(atom, SSAValue):
            return atom
        if atom not in self._extents:
            buffer, axis = atom
            index = self.builder.value(axis)
            # The axis is a constant at the beginning of the function.
            is_argument = buffer.owner is self.builder.constants.entry
            with self.builder.at(_behind(index if is_argument else buffer)):
                extent = self.builder.insert(memref.DimOp(buffer, index), "extent")
            self._extents[atom] = extent.result
        return self._extents[atom]


def _behind(value: SSAValue) -> InsertPoint:
    owner = value.owner
    if isinstance(owner, Block):
        return InsertPoint.at_start(owner)
    return InsertPoint.after(owner)


def _loop_around(op: Operation) -> tuple[Operation | None, bool]:
    is_certain = True
    for holder in ancestors(op)[1:]:
        if type(holder) in LOOPS:
            return holder, is_certain
        is_certain = is_certain and not isinstance(holder, scf.IfOp | scf.IndexSwitchOp)
    return None, is_certain


def is_value(number: Polynomial) -> bool:
    """Whether a number is a value as it stands."""
    return len(number) == 1 and all(
        factor == 1 and len(atoms) == 1 for atoms, factor in number
    )


def _in_order(number: Polynomial) -> list[Term]:
    return sorted(number)
