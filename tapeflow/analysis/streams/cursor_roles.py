"""Which carried value is which part of which ring's cursor."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from xdsl.dialects.func import FuncOp
from xdsl.ir import SSAValue

from tapeflow.analysis.streams.cursor_forms import Form
from tapeflow.analysis.streams.cursor_slices import cursor_values
from tapeflow.analysis.streams.cursor_values import CursorValues
from tapeflow.analysis.streams.ring_state import RingState

Role: TypeAlias = tuple[SSAValue, str]
"""A ring and a part of its cursor."""
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

        Each part of each cursor is carried at most once.
        """
        roles: dict[int, Role] = {}
        for position, value in enumerate(values):
            for ring in self._places.get(inside[position], ()):
                if ring not in rings:
                    continue
                found = self._parts(self._values.of(value), states[ring])
                free = {(ring, name) for name in found & {*_PLACES}}
                free -= set(roles.values())
                if free:
                    least = min(free, key=lambda role: _PARTS.index(role[1]))
                    roles.setdefault(position, least)
        return roles

    def assume(
        self,
        values: Sequence[SSAValue],
        roles: Mapping[int, Role],
        states: Mapping[SSAValue, RingState],
    ) -> None:
        """Say that values have their roles now."""
        for position, (ring, name) in roles.items():
            if ring in states:
                self._values.put(values[position], getattr(states[ring], name))

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
