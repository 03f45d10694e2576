"""One message for whatever went wrong: `file:line:column: error: message`.

xDSL's errors carry the whole annotated module instead of a place. The place is found
in the traceback: the operation that was verifying itself or emitting the error is
`self` there. A command of `tapeflow` ends with one such message, a `CommandError`.
"""

from dataclasses import dataclass
from traceback import walk_tb

from xdsl.ir import Attribute, Operation
from xdsl.utils.exceptions import (
    ArgSpecParseError,
    DiagnosticException,
    ParseError,
    VerifyException,
)

from tapeflow.analysis.ir.source_lines import file_location
from tapeflow.analysis.verification.module import MalformedResultError
from tapeflow.backend.runtime.execution_error import ExecutionError
from tapeflow.frontend.input_error import InputError

_BLAMING = (Operation.emit_error.__code__, Operation.verify.__code__)
"""Methods whose `self` is the operation at fault, innermost call first."""

_OUR_PACKAGES = ("tapeflow", "hwmodel")
"""Exceptions defined here are worded for the user. They are told by where they are
defined, so that a command which needs no machine does not load the machine model."""


@dataclass(frozen=True)
class Message:
    """What to tell the user about an error."""

    text: str
    place: str | None = None
    """`file:line:column`, or a file name, or None."""
    excerpt: str = ""
    """Lines of the input to print below, each with a new line before it."""
    is_internal: bool = False
    """Whether tapeflow is at fault and not its input."""

    def render(self, tool: str) -> str:
        """The message as a command prints it, the place or the tool's name first."""
        return f"{self.place or tool}: error: {self.text}{self.excerpt}"


def message_of(error: BaseException, *, during: str | None = None) -> Message:
    """The message for `error`; `during` says what was being done, if that helps."""
    stage = f" ({during})" if during else ""
    match error:
        case InputError():
            place = str(error.place) if error.place else error.source
            excerpt = error.place.excerpt() if error.place else ""
            return Message(error.message, place, excerpt)
        case ParseError():
            return message_of(InputError.from_parse_error(error))
        case DiagnosticException():
            op = operation_of(error)
            place = None if op is None else _nearest_place(op)
            text = _blame(error, op)
            if isinstance(error, MalformedResultError):
                whose = f"malformed result of pass '{error.pass_name}'"
                text = f"internal error: {whose}: {text}"
                return Message(text, place, is_internal=True)
            first, *more = text.split("\n")
            return Message("\n".join([first + stage, *more]), place)
        case ArgSpecParseError():
            return Message(str(error))
        case OSError():
            reason = (error.strerror or str(error)).lower()
            return Message(reason, error.filename and str(error.filename))
        case RecursionError():
            return Message("the program is nested too deeply" + stage)
        case MemoryError():
            text = "this needs more memory than can be had; use smaller sizes"
            return Message(text + stage)
        case _ if type(error).__module__.split(".")[0] in _OUR_PACKAGES:
            return Message(str(error), _known_place(error))
        case _:
            what = f"{type(error).__name__}: {error}".rstrip(": ")
            return Message(f"internal error{stage}: {what}", is_internal=True)


def _blame(error: DiagnosticException, op: Operation | None) -> str:
    if isinstance(error, VerifyException) and op is not None:
        return f"'{op.name}': {error}"
    return str(error)


def _nearest_place(op: Operation) -> str | None:
    """The place of an operation, or of one around it: parsers add yields without."""
    place = place_of(op.location)
    parent = op.parent_op()
    return _nearest_place(parent) if place is None and parent is not None else place


def _known_place(error: BaseException) -> str | None:
    """The place that an exception of ours knows itself."""
    location = getattr(error, "location", None)
    return place_of(location) if isinstance(location, Attribute) else None


def operation_of(error: BaseException) -> Operation | None:
    """The operation that raised a verification error or emitted a diagnostic."""
    op: Operation | None = None
    for frame, _ in walk_tb(error.__traceback__):
        if frame.f_code in _BLAMING:
            op = frame.f_locals["self"]
    if op is None and error.__cause__ is not None:
        return operation_of(error.__cause__)
    return op


def place_of(location: Attribute) -> str | None:
    """`file:line:column` of a location, the innermost known; None if unknown."""
    place = file_location(location)
    if place is None:
        return None
    return f"{place.filename.data}:{place.line.data}:{place.column.data}"


def failure_message(error: BaseException) -> str:
    """`PLACE: error: WHAT`, or `tapeflow: error: WHAT` where there is no place."""
    if isinstance(error, ExecutionError):
        message = Message(error.message, error.location)
    else:
        message = message_of(error)
    text = message.render("tapeflow")
    if message.is_internal:
        text += (
            "\nThis is a bug in tapeflow; 'tapeflow --traceback ...' shows where, and "
            "'tapeflow reduce' makes the program small."
        )
    return text
