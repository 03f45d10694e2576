"""Where a ring is at a place of the program, as far as the program's text tells.

A branch on the records of a tile tells something about the tile, too.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from xdsl.ir import SSAValue

from tapeflow.analysis.balance.facts import Pop
from tapeflow.analysis.streams import cursor_forms as forms
from tapeflow.analysis.streams.cursor_forms import FillSymbol, Form, SlotSymbol
from tapeflow.analysis.streams.cursor_values import Fills, OfSlot
from tapeflow.dialects.spm import RingType


@dataclass(frozen=True)
class RingState:
    """The current tile of a ring: its slot, how full it is, and whether it may be used.

    The slot is `turn` slots behind `slot`, or behind the first one if that is None.
    The tile holds `fill` records, from `least` to `most`.
    """

    ring: SSAValue
    type: RingType
    slot: SlotSymbol | None
    turn: int
    fill: Form
    least: int
    most: int
    moving: str = ""
    """What a transfer may still do with the slot: `leaving`, `arriving` or nothing."""
    stored: Mapping[int, SSAValue | None] = field(
        default_factory=dict[int, SSAValue | None]
    )
    """Fields of the next record that are stored already, and what was stored, where
    that is one value."""
    popped: Pop | None = None
    """The record behind the last if it was popped just now and can still be read."""

    @staticmethod
    def fresh(ring: SSAValue, type_: RingType) -> "RingState":
        """The state of a ring that was just allocated."""
        return RingState(ring, type_, None, 0, forms.number(0), 0, 0)

    @property
    def tile(self) -> int:
        """Records of a full tile."""
        return self.type.tile.data

    @property
    def stride(self) -> int:
        """Bytes of a record."""
        return self.type.record_layout.stride_bytes

    @property
    def start(self) -> Form:
        """Where the slot of the current tile begins."""
        slots, base, pitch = (
            self.type.slots.data,
            self.type.base.data,
            self.type.pitch_bytes,
        )
        if self.slot is None:
            return forms.number(base + self.turn % slots * pitch)
        numbers = tuple(base + (at + self.turn) % slots * pitch for at in range(slots))
        return forms.by_slot(numbers, self.slot)

    @property
    def address(self) -> Form:
        """Where the next record is pushed."""
        return _sum(self.start, forms.scale(self.fill, self.stride))

    @property
    def limit(self) -> Form:
        """Where the slot ends."""
        return _sum(self.start, forms.number(self.type.tile_bytes))

    @property
    def room(self) -> Form:
        """How many records the tile can still take."""
        return _sum(forms.number(self.tile), forms.scale(self.fill, -1))

    def unknown(self) -> "RingState":
        """Any slot, any number of records: what holds where loops and branches meet."""
        slot = SlotSymbol() if self.type.slots.data > 1 else None
        return replace(self, slot=slot, turn=0, popped=None, **self._some(0, self.tile))

    def within(self, least: int, most: int) -> "RingState":
        """The same slot with an unknown number of records from `least` to `most`."""
        fill = self._some(max(least, 0), min(most, self.tile))
        return replace(self, popped=None, **fill)

    def next_tile(self) -> "RingState":
        """After the current tile was sent off."""
        fill = {"fill": forms.number(0), "least": 0, "most": 0}
        return replace(self, turn=self.turn + 1, moving="leaving", popped=None, **fill)

    def previous_tile(self) -> "RingState":
        """After the current tile was given up for the one before."""
        tile = self.tile
        fill = {"fill": forms.number(tile), "least": tile, "most": tile}
        return replace(self, turn=self.turn - 1, moving="arriving", popped=None, **fill)

    def pushed(self) -> "RingState":
        """With one record more."""
        return replace(self, stored={}, popped=None, **self._more(1))

    def after(self, pop: Pop) -> "RingState":
        """With one record less, which can be read now."""
        return replace(self, popped=pop, **self._more(-1))

    def stored_or(self, other: "RingState") -> dict[int, SSAValue | None]:
        """What was stored where one of two ways was taken, in the same fields."""
        return {
            at: value if value is other.stored[at] else None
            for at, value in self.stored.items()
        }

    def popped_or(self, other: "RingState") -> Pop | None:
        """The record that can be read still where one of two ways was taken."""
        if self.popped is None or other.popped is None:
            return None
        # What is read of one of two records is no field of either for certain.
        same = self.popped is other.popped
        return self.popped if same else Pop(self.ring, [])

    def is_same_place(self, other: "RingState") -> bool:
        """Whether slot and number of records are the same for certain."""
        return self.start == other.start and self.fill == other.fill

    def _more(self, records: int) -> dict[str, object]:
        return {
            "fill": _sum(self.fill, forms.number(records)),
            "least": max(self.least + records, 0),
            "most": min(self.most + records, self.tile),
        }

    def _some(self, least: int, most: int) -> dict[str, object]:
        return {
            "fill": forms.term(FillSymbol(self.tile, self.ring)),
            "least": least,
            "most": most,
        }


def _sum(one: Form, other: Form) -> Form:
    total = forms.add(one, other)
    assert total is not None, "a number of records has no slot"
    return total


def asked_about(
    condition: Fills | OfSlot | None, states: Mapping[SSAValue, RingState]
) -> RingState | None:
    """The state of the ring whose records a condition is about."""
    ring = condition.symbol.ring if isinstance(condition, Fills) else None
    return None if ring is None else states.get(ring)


def can_be(
    condition: Fills | OfSlot | None, taken: bool, state: RingState | None
) -> bool:
    """Whether a condition can be true, or false, as far as its ring tells."""
    if isinstance(condition, OfSlot):
        return taken in condition.truth
    if condition is None or state is None:
        return True
    records = _records(condition, state)
    if records is None:
        return True
    if condition.holds == taken:
        return state.least <= records <= state.most
    return not state.least == records == state.most


def refined(condition: Fills, taken: bool, state: RingState) -> RingState:
    """The state of a condition's ring where it is known to be true, or false."""
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
