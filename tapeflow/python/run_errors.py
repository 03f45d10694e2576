"""Errors of a run as Python has them, with the user's line."""

import builtins
import linecache
from functools import cache

from tapeflow.backend.runtime.execution_error import ExecutionError
from tapeflow.frontend.input_error import InputPlace

_WORDS = (
    ("index ", "IndexError"),
    ("cannot allocate a buffer of size", "ValueError"),
)
"""How messages of checks begin that operations have by themselves."""


class RunError(ExecutionError):
    """A function that cannot run on: also the error that Python raises there."""

    def __str__(self) -> str:
        if self.location is None:
            return self.message
        file, line, column = self.location.rsplit(":", 2)
        text = linecache.getline(file, int(line)).rstrip("\n")
        place = InputPlace(file, int(line), int(column), text)
        return f"{self.message}\n  at {place}{place.excerpt()}"


def as_python_error(error: ExecutionError) -> RunError:
    """The same as an error that `except ZeroDivisionError` and others catch."""
    name, colon, rest = error.message.partition(": ")
    kind = getattr(builtins, name, None) if colon or name.endswith("Error") else None
    message = rest or name
    if not (isinstance(kind, type) and issubclass(kind, Exception)):
        names = [n for begin, n in _WORDS if error.message.startswith(begin)]
        kind = getattr(builtins, names[0]) if names else None
        message = error.message
    if kind is None:
        return RunError(error.message, error.location)
    return _both(kind)(message, error.location)


@cache
def _both(kind: type[Exception]) -> type[RunError]:
    return type(kind.__name__, (RunError, kind), {"__module__": RunError.__module__})
