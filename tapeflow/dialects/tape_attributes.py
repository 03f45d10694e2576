"""Attributes of operations on a tape: where it lives, what they are, a cost waived."""

from typing import Literal, TypeAlias, get_args

from xdsl.ir import Operation

from tapeflow.dialects.address import ElementAccess
from tapeflow.dialects.tape import LoadOp, StoreOp

Place: TypeAlias = Literal["cache", "scratchpad", "stream"]
"""Behind the cache; one tile in the scratchpad that should hold all records; tiles that
stream between scratchpad and DRAM."""
PLACES: tuple[Place, ...] = get_args(Place)

TAPE_PLACE = "tape.place"
"""Attribute of a `tape.allocate`: its `Place`, a string. Without it `form-layers` cuts
the region, as one that streams."""
TAPE_REGION = "tape.region"
"""Attribute of a `tape.allocate`: the number of its region in the function, an
integer, by which options and reports name it."""
TAPE_TILE = "tape.tile"
"""Attribute of a `tape.allocate`: records per tile, an integer, before any policy."""
TAPE_SLOTS = "tape.slots"
"""Attribute of a `tape.allocate`: tiles on chip at a time, an integer, before the
options of passes."""
TAPE_COMPRESS = "tape.compress"
"""Attribute of a `tape.allocate`: the codec that its floats are to have, a string, or
`none`, before what options say."""
TAPE_COMPRESSED = "tape.compressed"
"""Attribute of a `tape.allocate`: the codec that its floats have, a string."""
SCRATCHPAD_BYTES = "tape.scratchpad_bytes"
"""Attribute of a function: bytes of the SRAM in all that are its scratchpad's."""
SCRATCHPAD_PORTS = "tape.scratchpad_ports"
"""Attribute of a function: memory ports in all that are its scratchpad's."""
TAPE_PLACES = "tape.places"
"""Attribute of a function: where each of its tape regions was placed, as text."""
TAPE_FIELD = "tape.field"
"""Attribute of what pushes a field to an array or pops it, booleans' conversions
included. The bytes of tape are those of the stores that have it."""
TAPE_COPY = "tape.copy"
"""Attribute of stores that copy the final contents of an argument whose writes are
undone: bytes that are saved like those of tape."""
TAPE_MOVED = "tape.moved"
"""Attribute of what moves a record to larger memory: no bytes are pushed."""
TAPE_SKEW = "tape.skew"
"""Attribute of an allocation: lines from a multiple of a page to its first byte."""
TAPE_SIZE = "tape.size"
"""Attribute of arithmetic on sizes, which are never negative: where the exact result is
greater than the greatest index, 2**63 - 1, it is that."""
TAPE_FREE = "tape.free"
"""Attribute of what is taken to cost the machine nothing, for ceilings and bounds."""


def is_saved(op: Operation) -> bool:
    """Whether an operation stores bytes that a tape in memory consists of."""
    return TAPE_FIELD in op.attributes or TAPE_COPY in op.attributes


def is_tape_access(op: Operation) -> bool:
    """Whether an operation loads or stores a field of a tape behind the cache."""
    if isinstance(op, LoadOp | StoreOp):
        return True
    is_marked = TAPE_FIELD in op.attributes or TAPE_MOVED in op.attributes
    return is_marked and isinstance(op, ElementAccess)


def belongs_to_access(op: Operation) -> bool:
    """Whether an operation is a tape access, or converts what one stores or loads."""
    return is_tape_access(op) or TAPE_FIELD in op.attributes
