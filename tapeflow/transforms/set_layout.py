"""Gives a tape region another layout."""

from xdsl.rewriter import Rewriter

from tapeflow.dialects.tape import AllocateOp
from tapeflow.dialects.tape_types import Layout, TapeRegionType


def set_layout(allocate: AllocateOp, layout: Layout) -> AllocateOp:
    """The allocation of the same region in another layout, in place of the old one."""
    type_ = TapeRegionType.of(allocate.tape.type.fields, layout)
    new = AllocateOp(allocate.capacity, type_, allocate.growing is not None)
    new.attributes |= allocate.attributes
    new.location = allocate.location
    new.tape.name_hint = allocate.tape.name_hint
    Rewriter.replace_op(allocate, new)
    return new
