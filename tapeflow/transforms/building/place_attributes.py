"""Reads what an allocation says of where its region lives."""

from dataclasses import dataclass

from xdsl.dialects.builtin import IntegerAttr, StringAttr
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation

from tapeflow.dialects.spm import MOST_SLOTS
from tapeflow.dialects.tape import AllocateOp
from tapeflow.dialects.tape_attributes import (
    PLACES,
    SCRATCHPAD_BYTES,
    TAPE_PLACE,
    TAPE_SLOTS,
    TAPE_TILE,
    Place,
)
from tapeflow.transforms.building.refusal import refuse


@dataclass(frozen=True)
class Placement:
    """The place of a region; None for what its allocation does not say."""

    place: Place | None
    tile_records: int | None
    stated_slots: int | None

    def slots(self, default: int) -> int:
        """Tiles on chip at a time: one of a region that stays in the scratchpad."""
        if self.stated_slots is not None:
            return self.stated_slots
        return 1 if self.place == "scratchpad" else default

    @staticmethod
    def of(allocate: AllocateOp) -> "Placement":
        """Read the attributes of an allocation.

        Raises:
            PassFailedException: an unknown place, or a number that is none.
        """
        tile = _count(allocate, TAPE_TILE)
        return Placement(_place(allocate), tile, _count(allocate, TAPE_SLOTS))


def scratchpad_bytes(function: FuncOp, default: int) -> int:
    """Bytes of a function's scratchpad: what the function says, else the default."""
    given = _count(function, SCRATCHPAD_BYTES)
    return default if given is None else given


def _place(op: Operation) -> Place | None:
    attribute = op.attributes.get(TAPE_PLACE)
    if attribute is None:
        return None
    for place in PLACES:
        if attribute == StringAttr(place):
            return place
    message = f"unknown {TAPE_PLACE} {attribute}; known: {', '.join(PLACES)}"
    refuse(op, message)


def _count(op: Operation, name: str) -> int | None:
    attribute = op.attributes.get(name)
    if attribute is None:
        return None
    least = 0 if name == SCRATCHPAD_BYTES else 1
    bound = f"at least {least}"
    if isinstance(attribute, IntegerAttr) and attribute.value.data >= least:
        if name != TAPE_SLOTS or attribute.value.data <= MOST_SLOTS:
            return attribute.value.data
        bound = f"at most {MOST_SLOTS}"
    message = f"{name} must be an integer of {bound}, not {attribute}"
    refuse(op, message)
