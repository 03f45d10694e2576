"""Which values say where the cursor of a ring is, and how far it may go."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import TypeAlias

from xdsl.dialects import scf
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation, SSAValue

from tapeflow.analysis.ir.control_flow import STRUCTURED, sources_of
from tapeflow.analysis.streams import cursor_forms as forms
from tapeflow.analysis.streams.cursor_forms import Form
from tapeflow.analysis.streams.cursor_values import CursorValues
from tapeflow.analysis.streams.ring_state import RingState
from tapeflow.analysis.streams.steps import ring_of
from tapeflow.dialects import spm, stream

Role: TypeAlias = tuple[SSAValue, str, int]
"""A ring, a part of its cursor, and how many bytes in front of it a value is."""
_PLACES = ("address", "limit", "start")
_PARTS = (*_PLACES, "room", "fill")


class CursorRoles:
    """The roles of a function's values."""

    def __init__(self, values: CursorValues, function: FuncOp):
        self._values = values
        self._places, self._counts = cursor_values(function)

    def is_part(self, value: SSAValue) -> bool:
        """Whether a value decides where or how often a ring is used."""
        return value in self._places or value in self._counts

    def carried(
        self,
        values: Sequence[SSAValue],
        inside: Sequence[SSAValue],
        states: Mapping[SSAValue, RingState],
        rings: Sequence[SSAValue],
    ) -> dict[int, Role]:
        """By position, the roles of values that a loop carries, called `inside` there.

        Each part of each cursor is carried at most once. What is some bytes off the
        address runs ahead of the cursor or behind it, as in a loop that is cut into
        stages.
        """
        roles: dict[int, Role] = {}
        for position, value in enumerate(values):
            for ring in self._places.get(inside[position], ()):
                if ring not in rings:
                    continue
                form = self._values.of(value)
                found = self._parts(form, states[ring]) & {*_PLACES}
                free = {(ring, name, 0) for name in found} - set(roles.values())
                if free:
                    least = min(free, key=lambda role: _PARTS.index(role[1]))
                    roles.setdefault(position, least)
                elif ahead := _distance(form, states[ring].address):
                    roles.setdefault(position, (ring, "address", ahead))
        return roles

    def is_in_role(self, value: SSAValue, role: Role, state: RingState) -> bool:
        """Whether a value is what its role says, with the ring in this state."""
        return self._values.of(value) == _form(role, state)

    def assume(
        self,
        values: Sequence[SSAValue],
        roles: Mapping[int, Role],
        states: Mapping[SSAValue, RingState],
    ) -> None:
        """Say that values have their roles now."""
        for position, role in roles.items():
            if role[0] in states:
                self._values.put(values[position], _form(role, states[role[0]]))

    def join(
        self,
        result: SSAValue,
        values: Sequence[SSAValue],
        states: Sequence[RingState],
        joined: RingState,
    ) -> None:
        """Say what the result of a branch is, if it is one part however it is left."""
        ring = joined.ring
        if all(ring not in of.get(result, ()) for of in (self._places, self._counts)):
            return
        parts = {*_PARTS}
        for value, state in zip(values, states, strict=True):
            parts &= self._parts(self._values.of(value), state)
        if parts:
            name = min(parts, key=_PARTS.index)
            self._values.put(result, getattr(joined, name))

    def _parts(self, form: Form, state: RingState) -> set[str]:
        return {name for name in _PARTS if form == getattr(state, name)}


def _distance(one: Form, other: Form) -> int | None:
    """How far a form is from another one, where that is a number."""
    difference = forms.add(one, other, -1)
    return None if difference is None else difference.constant


def _form(role: Role, state: RingState) -> Form:
    _, name, ahead = role
    total = forms.add(getattr(state, name), forms.number(ahead))
    assert total is not None, "a number of bytes has no slot"
    return total


RingsOf: TypeAlias = dict[SSAValue, set[SSAValue]]
"""Rings by value."""


def cursor_values(function: FuncOp) -> tuple[RingsOf, RingsOf]:
    """By value, the rings whose places it decides, and those whose trip counts."""
    places: list[tuple[SSAValue, SSAValue]] = []
    counts: list[tuple[SSAValue, SSAValue]] = []
    for op in function.walk():
        ring = ring_of(op)
        if ring is None:
            continue
        is_access = isinstance(op, spm.StoreOp | spm.LoadOp)
        places.append((op.address if is_access else op.operands[1], ring))
        holder = op.parent_op()
        if isinstance(holder, scf.ForOp):
            counts.append((holder.ub, ring))
    sources = cache(_sources)
    return _closure(places, sources), _closure(counts, sources)


def _closure(
    work: list[tuple[SSAValue, SSAValue]],
    sources: Callable[[SSAValue], Sequence[SSAValue]],
) -> RingsOf:
    found: RingsOf = defaultdict(set)
    while work:
        value, ring = work.pop()
        if ring not in found[value]:
            found[value].add(ring)
            work += ((source, ring) for source in sources(value))
    return dict(found)


def _sources(value: SSAValue) -> Sequence[SSAValue]:
    """The values a value is computed from, or carried by a loop or branch."""
    op = value.owner
    if not isinstance(op, Operation) or type(op) in STRUCTURED:
        return sources_of(value)
    # What was loaded is no address, whatever it is loaded from.
    follows = isinstance(op, stream.AcquireOp | stream.DequeueOp)
    is_computed = follows or op.name.startswith("arith.")
    return op.operands if is_computed else ()
