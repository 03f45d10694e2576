"""The one exception of a run, and where in the program it happened."""

from xdsl.dialects.builtin import FileLineColLoc
from xdsl.ir import Operation

ALLOWED_INDICES = "indices begin with 0 and end one before the size"
"""What is said of an index that is out of bounds."""


class ExecutionError(Exception):
    """A program that cannot run as asked: wrong arguments, bad access, unknown op.

    `location` is the place in the source as "file:line:column" where it is known.
    """

    def __init__(self, message: str, location: str | None = None):
        super().__init__(message)
        self.message = message
        self.location = location

    def __str__(self) -> str:
        place = "" if self.location is None else f"{self.location}: "
        return f"{place}error: {self.message}"


def location_of(op: Operation) -> str | None:
    """Where the op, or the nearest op around it, stands in the source."""
    while not isinstance(op.location, FileLineColLoc):
        parent = op.parent_op()
        if parent is None:
            return None
        op = parent
    place = op.location
    return f"{place.filename.data}:{place.line.data}:{place.column.data}"


def wrong_step(step: int | str) -> str:
    """What is said of a loop whose step is not positive."""
    return f"the step of a loop is {step}; it must be positive"
