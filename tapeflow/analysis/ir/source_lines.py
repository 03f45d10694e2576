"""The place in the source that an operation stems from."""

from xdsl.dialects.builtin import (
    ArrayAttr,
    CallSiteLoc,
    FileLineColLoc,
    FusedLoc,
    NameLoc,
)
from xdsl.ir import Attribute, Block, OpResult, SSAValue


def file_location(location: Attribute) -> FileLineColLoc | None:
    """The innermost known place in a file, the callee's of a call; None if unknown."""
    match location:
        case FileLineColLoc():
            return location
        case NameLoc():
            return file_location(location.location)
        case CallSiteLoc():
            return file_location(location.callee) or file_location(location.caller)
        case FusedLoc(locations=ArrayAttr() as locations):
            return next(filter(None, map(file_location, locations)), None)
        case _:
            return None


def line_of(location: Attribute) -> int | None:
    """The number of the source line, from 1; None if unknown."""
    place = file_location(location)
    return None if place is None else place.line.data


def definition_line(value: SSAValue) -> int | None:
    """The line of what defines a value: an operation, or the loop that carries it."""
    if isinstance(value, OpResult):
        return line_of(value.op.location)
    assert isinstance(value.owner, Block)
    parent = value.owner.parent_op()
    return None if parent is None else line_of(parent.location)
