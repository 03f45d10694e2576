"""Loops whose trip count the records of a tile bound, and loops over such chunks."""

from collections.abc import Mapping

from xdsl.dialects import arith, scf
from xdsl.ir import Operation, OpResult, SSAValue

from tapeflow.analysis.balance.facts import Chunks, Staged
from tapeflow.analysis.ir.constants import constant_of
from tapeflow.analysis.ir.control_flow import decided_by, sources_of
from tapeflow.analysis.memory.aliasing import ancestors
from tapeflow.analysis.streams import cursor_forms as forms
from tapeflow.analysis.streams.cursor_bounds import are_near
from tapeflow.analysis.streams.cursor_forms import FillSymbol, Form
from tapeflow.analysis.streams.cursor_values import (
    CursorValues,
    least_members,
    steps_in,
)
from tapeflow.analysis.streams.ring_state import RingState

_SIGNED_LESS = 2


def trip_limits(loop: scf.ForOp, values: CursorValues) -> frozenset[Form]:
    """Forms none of which the trip count exceeds."""
    limits: set[Form] = set()
    for end in least_members(values.of(loop.ub)):
        limits |= _steps_to(end, loop.lb, loop.step, values) or frozenset()
    return frozenset(limits)


def chunks_around(
    inner: scf.ForOp,
    staged: Staged | None,
    values: CursorValues,
    states: Mapping[SSAValue, RingState],
) -> tuple[scf.WhileOp, Chunks] | None:
    """The scf.while that runs a loop chunk by chunk, if it runs each iteration once.

    From the lower bound on, each chunk begins where the one before has ended, has at
    least one iteration and ends at the upper bound at the latest.
    """
    holder = inner if staged is None else staged.branch
    start = inner.lb if staged is None else staged.lower
    outer, block = holder.parent_op(), holder.parent
    if not isinstance(outer, scf.WhileOp) or block is None:
        return None
    if block is not outer.after_region.block:
        return None
    if start not in block.args:
        return None
    (counter,) = sources_of(start)
    if counter not in outer.before_region.block.args:
        return None
    lower, following = sources_of(counter)
    (test,) = decided_by(outer)
    upper = _bound_of(test, counter)
    if upper is None or following is not inner.ub:
        return None
    if _is_inside(upper, outer) or _is_inside(inner.step, outer):
        return None
    if not are_near({values.of(lower), *least_members(values.of(inner.ub))}):
        return None
    if not _ends_at(start, inner, upper, values, states):
        return None
    return outer, Chunks(inner, lower, upper)


def _bound_of(test: SSAValue, counter: SSAValue) -> SSAValue | None:
    """What a test compares a counter with, if it asks whether that is greater."""
    op = test.owner
    if not isinstance(op, arith.CmpiOp) or op.lhs is not counter:
        return None
    return op.rhs if op.predicate.value.data == _SIGNED_LESS else None


def _is_inside(value: SSAValue, loop: Operation) -> bool:
    owner = value.owner
    op = owner if isinstance(owner, Operation) else owner.parent_op()
    return op is not None and loop in ancestors(op)


def _ends_at(
    start: SSAValue,
    inner: scf.ForOp,
    upper: SSAValue,
    values: CursorValues,
    states: Mapping[SSAValue, RingState],
) -> bool:
    """Whether a chunk ends at the bound or behind some iterations, at least one."""
    ends = least_members(values.of(inner.ub))
    bound = least_members(values.of(upper))
    if not bound <= ends:
        return False
    for end in ends - bound:
        steps = _steps_to(end, start, inner.step, values)
        if steps is None or not all(
            _is_positive(form, states) or _divides(form, inner.step, values)
            for form in steps
        ):
            return False
    return True


def _divides(form: Form, step: SSAValue, values: CursorValues) -> bool:
    """Whether a form is the greatest index divided by the step of a loop.

    That is at least 1 where the loop runs: then its step is positive.
    """
    if form.numbers != (0,) or len(form.terms) != 1:
        return False
    ((atom, times),) = form.terms
    if times != 1 or not isinstance(atom, OpResult):
        return False
    op = atom.op
    if not isinstance(op, arith.DivUIOp) or constant_of(op.lhs) != (1 << 63) - 1:
        return False
    return values.of(op.rhs) == values.of(step)


def _steps_to(
    end: Form, start: SSAValue, step: SSAValue, values: CursorValues
) -> frozenset[Form] | None:
    """How many iterations there are until `end`: the least of these forms."""
    span = forms.add(end, values.of(start), -1)
    steps = None if span is None else steps_in(span, values.of(step))
    return None if steps is None else least_members(steps)


def _is_positive(form: Form, states: Mapping[SSAValue, RingState]) -> bool:
    if form.constant is not None:
        return form.constant > 0
    for atom, _ in form.terms:
        ring = atom.ring if isinstance(atom, FillSymbol) else None
        if ring is None or ring not in states:
            continue
        state = states[ring]
        room, fill = (forms.add(form, at, -1) for at in (state.room, state.fill))
        # An iteration that began before the loop may have moved a record already.
        for more, least in ((room, state.tile - state.most), (fill, state.least)):
            known = None if more is None else more.constant
            if known is not None and least + known > 0:
                return True
    return False
