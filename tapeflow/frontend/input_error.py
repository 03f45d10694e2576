"""The one exception for input that cannot be read, and where in the input it is."""

from dataclasses import dataclass

from xdsl.utils.exceptions import ParseError
from xdsl.utils.lexer import Input, Span

_WIDEST = 160
"""Columns of an excerpt."""


@dataclass(frozen=True)
class InputPlace:
    """A stretch of one line of input."""

    file: str
    line: int
    """Line number, from 1."""
    column: int
    """Column in characters, from 1."""
    text: str
    """The whole line."""
    length: int = 1
    """How many characters to underline."""

    @staticmethod
    def of_span(span: Span[str] | Span[bytes], line_offset: int = 0) -> "InputPlace":
        """The place where `span` begins, `line_offset` lines further down."""
        where = span.get_location()
        start = span.input.get_start_of_line(span.start)
        end = span.input.get_end_of_line(span.start)
        line = span.input.content[start:end]
        if isinstance(line, bytes):
            line = line.decode("utf-8", "replace")
        length = max(1, min(span.len, len(line) - where.col + 1))
        return InputPlace(where.file, where.line + line_offset, where.col, line, length)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"

    def excerpt(self) -> str:
        """A new line, the input's line and carets below the stretch; "" if blank.

        Of a long line only what lies around the stretch is shown.
        """
        if not self.text.strip():
            return ""
        start = max(0, self.column - 1 - _WIDEST // 2)
        if len(self.text) <= _WIDEST:
            start = 0
        shown = self.text[start : start + _WIDEST].rstrip()
        before = self.text[start : self.column - 1]
        blank = "".join("\t" if letter == "\t" else " " for letter in before)
        length = max(1, min(self.length, _WIDEST - len(before)))
        return f"\n{shown}\n{blank}{'^' * length}"


class InputError(Exception):
    """Input that is missing, unreadable or not a valid program.

    `place` is where in the input, `source` the name of the input where no single
    place can be given.
    """

    def __init__(
        self, message: str, place: InputPlace | None = None, source: str | None = None
    ):
        super().__init__(message)
        self.message = message
        self.place = place
        self.source = source

    @staticmethod
    def from_parse_error(error: ParseError, line_offset: int = 0) -> "InputError":
        """The same message, placed in a file whose chunk starts `line_offset` down."""
        place = InputPlace.of_span(_where_missing(error), line_offset)
        return InputError(_CLEARER.get(error.msg, error.msg), place)

    def __str__(self) -> str:
        if self.place is not None:
            return f"{self.place}: error: {self.message}{self.place.excerpt()}"
        prefix = f"{self.source}: " if self.source is not None else ""
        return f"{prefix}error: {self.message}"


def _where_missing(error: ParseError) -> Span[str] | Span[bytes]:
    """The span of an error; the end of the line before where that lacks something.

    The parser finds out at the next token, which may be the first of a later line.
    """
    span = error.span
    text = span.input.content
    if isinstance(text, bytes) or not error.msg.startswith(_FOUND_TOO_LATE):
        return span
    before = text[: span.start].rstrip()
    if not before or "\n" not in text[len(before) : span.start]:
        return span
    return Span(len(before), len(before) + 1, Input(text, span.input.name))


_FOUND_TOO_LATE = ("Expected '", "Unknown comparison ")
"""How messages of xDSL begin that speak of what stands before their place."""

_CLEARER = {
    "Expected ':'": "Expected ':' and a type",
    "Could not parse entire input!": "expected an operation here",
    "End of file reached before closing string literal.": "this string does not end "
    "on its line",
    "Expected suffix identifier after {first_char}": "expected a name after this",
    " in block definition": "expected an operation, a block label or '}' here",
}
"""What some messages of xDSL's parser mean."""
