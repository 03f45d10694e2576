"""The forms of a function's index values, found from their definitions on demand."""

from dataclasses import dataclass, field
from typing import cast

from xdsl.dialects import arith
from xdsl.ir import Attribute, Operation, OpResult, SSAValue

from tapeflow.analysis import cursor_forms as forms
from tapeflow.analysis.constants import constant_of
from tapeflow.analysis.cursor_forms import (
    FillSymbol,
    Form,
    Least,
    Product,
    SlotSymbol,
)
from tapeflow.analysis.integer_intervals import integer_width

_MINIMA = (arith.MinSIOp, arith.MinUIOp)
_QUOTIENTS = (
    arith.DivSIOp,
    arith.DivUIOp,
    arith.FloorDivSIOp,
    arith.CeilDivSIOp,
    arith.CeilDivUIOp,
)
_SHIFTS = (arith.ShRUIOp, arith.ShRSIOp)
_EQUAL, _UNEQUAL = 0, 1


@dataclass(frozen=True)
class Fills:
    """The condition that a symbol's tile has some number of records, or has not."""

    symbol: FillSymbol
    records: int
    holds: bool


@dataclass(frozen=True)
class OfSlot:
    """A condition that the slot decides."""

    truth: tuple[bool, ...]
    slot: SlotSymbol | None


@dataclass
class CursorValues:
    """Forms by value; block arguments and results of control flow are told by `put`."""

    known: dict[SSAValue, Form] = field(default_factory=dict[SSAValue, Form])

    def put(self, value: SSAValue, form: Form) -> None:
        """Say what a value is."""
        self.known[value] = form

    def of(self, value: SSAValue) -> Form:
        """The form of an index value; a term of its own if it has no other."""
        if value not in self.known:
            found = self._find(value) if isinstance(value, OpResult) else None
            self.known[value] = forms.term(value) if found is None else found
        return self.known[value]

    def condition(self, value: SSAValue) -> Fills | OfSlot | None:
        """What a truth value says about a tile or a slot; None for all others."""
        op = value.owner
        if not isinstance(op, arith.CmpiOp):
            return None
        predicate = op.predicate.value.data
        if predicate not in (_EQUAL, _UNEQUAL):
            return None
        is_equal = predicate == _EQUAL
        difference = forms.add(self.of(op.lhs), self.of(op.rhs), -1)
        if difference is None:
            return None
        if difference.is_term_free:
            truth = tuple((n == 0) == is_equal for n in difference.numbers)
            return OfSlot(truth, difference.slot)
        if difference.slot or len(difference.terms) != 1:
            return None
        ((symbol, factor),) = difference.terms
        offset = difference.numbers[0]
        if not isinstance(symbol, FillSymbol) or offset % factor:
            return None
        return Fills(symbol, -offset // factor, is_equal)

    def _find(self, value: OpResult) -> Form | None:
        constant = constant_of(value)
        if constant is not None:
            return forms.number(constant)
        op: Operation = value.op
        if isinstance(op, arith.IndexCastOp):
            source = self.of(op.input)
            return source if _holds(value, op.input, source) else None
        if isinstance(op, arith.SelectOp):
            return self._select(op)
        if len(op.operands) != 2 or not op.name.startswith("arith."):
            return None
        return self._binary(op)

    def _binary(self, op: Operation) -> Form | None:
        match op:
            case arith.AddiOp():
                return forms.add(self.of(op.lhs), self.of(op.rhs))
            case arith.SubiOp():
                return forms.add(self.of(op.lhs), self.of(op.rhs), -1)
            case arith.MuliOp():
                return self._product(self.of(op.lhs), self.of(op.rhs))
            case arith.ShLIOp():
                bits = constant_of(op.rhs)
                return None if bits is None else forms.scale(self.of(op.lhs), 1 << bits)
            case _ if isinstance(op, _MINIMA):
                return self._least(op.operands[0], op.operands[1])
            case _ if isinstance(op, _QUOTIENTS):
                return self._quotient(op.operands[0], constant_of(op.operands[1]))
            case _ if isinstance(op, _SHIFTS):
                bits = constant_of(op.operands[1])
                return self._quotient(
                    op.operands[0], None if bits is None else 1 << bits
                )
            case _:
                return None

    def _product(self, one: Form, other: Form) -> Form:
        if one.constant is not None:
            return forms.scale(other, one.constant)
        if other.constant is not None:
            return forms.scale(one, other.constant)
        return forms.term(Product(frozenset({one, other})))

    def _quotient(self, value: SSAValue, divisor: int | None) -> Form | None:
        return None if divisor is None else forms.divide(self.of(value), divisor)

    def _least(self, *values: SSAValue) -> Form:
        members: set[Form] = set()
        for value in values:
            members |= least_members(self.of(value))
        if len(members) == 1:
            return members.pop()
        return forms.term(Least(frozenset(members)))

    def _select(self, op: arith.SelectOp) -> Form | None:
        condition = self.condition(op.cond)
        if not isinstance(condition, OfSlot):
            return None
        one, other = self.of(op.lhs), self.of(op.rhs)
        return forms.select(condition.truth, condition.slot, one, other)


def steps_in(span: Form, step: Form) -> Form | None:
    """span / step, where the form of the span shows that it leaves no remainder."""
    if step.constant is not None:
        return forms.divide(span, step.constant)
    if span.numbers == (0,) and len(span.terms) == 1:
        ((atom, times),) = span.terms
        if times == 1 and isinstance(atom, Product) and step in atom.factors:
            others = atom.factors - {step}
            return next(iter(others)) if len(others) == 1 else None
    return None


def least_members(form: Form) -> frozenset[Form]:
    """What a form is the least of."""
    if form.numbers == (0,) and len(form.terms) == 1:
        ((atom, factor),) = form.terms
        if factor == 1 and isinstance(atom, Least):
            return atom.forms
    return frozenset({form})


def _holds(result: SSAValue, value: SSAValue, form: Form) -> bool:
    """Whether the type of an index cast holds the number, which else wraps around.

    A narrow loop counter is compared in index type: the least of its bound, which fits,
    and of its value some records further.
    """
    width, source = integer_width(result.type), integer_width(value.type)
    if width is None or source is None:
        return False
    if width >= source:
        return True
    members = least_members(form) if _is_least(value) else ()
    return any(_fits(member, width) for member in members)


def _is_least(value: SSAValue) -> bool:
    return isinstance(value.owner, _MINIMA)


def _fits(form: Form, width: int) -> bool:
    if form.constant is not None:
        return -(1 << (width - 1)) <= form.constant < 1 << (width - 1)
    if form.numbers != (0,) or len(form.terms) != 1:
        return False
    ((atom, factor),) = form.terms
    if not isinstance(atom, SSAValue):
        return False
    narrow = integer_width(cast("SSAValue[Attribute]", atom).type)
    return factor == 1 and narrow is not None and narrow <= width
