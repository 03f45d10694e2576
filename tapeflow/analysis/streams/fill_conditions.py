"""What a branch on the records of a tile says about the tile."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from xdsl.ir import SSAValue

from tapeflow.analysis.streams import cursor_forms as forms
from tapeflow.analysis.streams.cursor_values import Fills, OfSlot
from tapeflow.analysis.streams.ring_state import RingState


def can_be(
    condition: Fills | OfSlot | None, taken: bool, states: Iterable[RingState]
) -> bool:
    """Whether a condition can be true, or false, as far as rings tell."""
    if isinstance(condition, OfSlot):
        return taken in condition.truth
    if condition is None:
        return True
    for state in states:
        records = _records(condition, state)
        if records is None:
            continue
        if condition.holds == taken:
            return state.least <= records <= state.most
        return not state.least == records == state.most
    return True


def refined(
    condition: Fills, taken: bool, states: Mapping[SSAValue, RingState]
) -> dict[SSAValue, RingState]:
    """States where a condition is known to be true, or false."""
    return {ring: _refined(condition, taken, state) for ring, state in states.items()}


def _refined(condition: Fills, taken: bool, state: RingState) -> RingState:
    records = _records(condition, state)
    if records is None:
        return state
    least, most = state.least, state.most
    if condition.holds == taken:
        least, most = max(least, records), min(most, records)
    else:
        least += least == records
        most -= most == records
    return replace(state, least=least, most=most)


def _records(condition: Fills, state: RingState) -> int | None:
    """The records of the ring's tile if the condition's tile has what it asks for."""
    offset = forms.add(state.fill, forms.term(condition.symbol), -1)
    if offset is None or offset.constant is None:
        return None
    return condition.records + offset.constant
