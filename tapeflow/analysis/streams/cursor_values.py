"""The forms of a function's index values, found from their definitions on demand."""

from dataclasses import dataclass, field

from xdsl.dialects import arith, scf
from xdsl.ir import Operation, OpResult, SSAValue

from tapeflow.analysis.integers.intervals import integer_width
from tapeflow.analysis.ir.constants import constant_of
from tapeflow.analysis.streams import cursor_forms as forms
from tapeflow.analysis.streams.cursor_bounds import bounds_of, fits, is_natural
from tapeflow.analysis.streams.cursor_forms import (
    FillSymbol,
    Form,
    Least,
    Product,
    SlotSymbol,
)

_WRAPPING = (arith.AddiOp, arith.SubiOp, arith.MuliOp, arith.ShLIOp)
_QUOTIENTS = (
    arith.DivSIOp,
    arith.DivUIOp,
    arith.FloorDivSIOp,
    arith.CeilDivSIOp,
    arith.CeilDivUIOp,
)
_SHIFTS = (arith.ShRUIOp, arith.ShRSIOp)
# They take a negative number for a great one.
_UNSIGNED = (arith.MinUIOp, arith.DivUIOp, arith.CeilDivUIOp, arith.ShRUIOp)
_EQUAL, _UNEQUAL = 0, 1
_WIDE = 64


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
        # Beyond 64 bits, multiples of 2**64 are equal to 0 as well.
        if difference is None or bounds_of(difference) is None:
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
        if isinstance(op, _WRAPPING) and _wraps(op.results[0]):
            return None
        if isinstance(op, _UNSIGNED) and not all(
            is_natural(self.of(operand)) for operand in op.operands
        ):
            return None
        match op:
            case arith.AddiOp():
                return self._sum(self.of(op.lhs), self.of(op.rhs))
            case arith.SubiOp():
                return forms.add(self.of(op.lhs), self.of(op.rhs), -1)
            case arith.MuliOp():
                return self._product(self.of(op.lhs), self.of(op.rhs))
            case arith.ShLIOp():
                factor = _power_of_two(op.rhs)
                return None if factor is None else forms.scale(self.of(op.lhs), factor)
            case arith.MinSIOp() | arith.MinUIOp():
                return self._least(op.operands[0], op.operands[1])
            case _ if isinstance(op, _QUOTIENTS):
                return self._quotient(op.operands[0], constant_of(op.operands[1]))
            case _ if isinstance(op, _SHIFTS):
                return self._quotient(op.operands[0], _power_of_two(op.operands[1]))
            case _:
                return None

    def _product(self, one: Form, other: Form) -> Form | None:
        if one.constant is not None:
            return forms.scale(other, one.constant)
        if other.constant is not None:
            return forms.scale(one, other.constant)
        return None if one == other else forms.term(Product(frozenset({one, other})))

    def _quotient(self, value: SSAValue, divisor: int | None) -> Form | None:
        form = self.of(value)
        # What may have wrapped around is no multiple of the divisor for certain.
        if divisor is None or bounds_of(form) is None:
            return None
        return forms.divide(form, divisor)

    def _sum(self, one: Form, other: Form) -> Form | None:
        """What is added to the least of some forms is added to each of them."""
        sums = {
            forms.add(a, b) for a in least_members(one) for b in least_members(other)
        }
        known = {form for form in sums if form is not None}
        return _least_of(known) if len(known) == len(sums) else None

    def _least(self, *values: SSAValue) -> Form:
        members: set[Form] = set()
        for value in values:
            members |= least_members(self.of(value))
        return _least_of(members)

    def _select(self, op: arith.SelectOp) -> Form | None:
        condition = self.condition(op.cond)
        if not isinstance(condition, OfSlot):
            return None
        one, other = self.of(op.lhs), self.of(op.rhs)
        return forms.select(condition.truth, condition.slot, one, other)


def _least_of(members: set[Form]) -> Form:
    if len(members) == 1:
        return members.pop()
    return forms.term(Least(frozenset(members)))


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
    """Whether the type of an index cast holds the number, which else wraps around."""
    width, source = integer_width(result.type), integer_width(value.type)
    if width is None or source is None:
        return False
    return width >= source or fits(form, width, _positive_steps(result))


def _positive_steps(end: SSAValue) -> set[SSAValue]:
    """The steps of loops up to a value that run wherever it is computed.

    The step of an scf.for that runs is positive; one in another block may not run.
    """
    loops = [use.operation for use in end.uses]
    return {
        loop.step
        for loop in loops
        if isinstance(loop, scf.ForOp)
        and loop.ub is end
        and loop.parent is end.owner.parent
    }


def _wraps(value: SSAValue) -> bool:
    """Whether sums in the type of a value may not be the sums of the numbers."""
    width = integer_width(value.type)
    return width is None or width < _WIDE


def _power_of_two(exponent: SSAValue) -> int | None:
    """The factor of a shift that leaves bits of the number."""
    bits, width = constant_of(exponent), integer_width(exponent.type)
    if bits is None or width is None or not 0 <= bits < width:
        return None
    return 1 << bits
