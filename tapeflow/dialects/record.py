"""The record of a tape region: what one push saves, laid out as a C struct would be."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, groupby

from xdsl.dialects.builtin import (
    ArrayAttr,
    Float32Type,
    Float64Type,
    IndexType,
    IntegerType,
)
from xdsl.ir import Attribute, TypeAttribute
from xdsl.parser import AttrParser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

LINE_BYTES = 64
"""Alignment of every tile, slot and buffer: the line of caches and DRAM bursts."""

_LONG_RUN = 8
"""Fields of one type in a row that are printed as a count."""


def field_bytes(field: Attribute) -> int:
    """Stored width of one field in bytes; i1 takes a byte, index eight.

    Raises:
        VerifyException: a tape cannot hold values of this type.
    """
    match field:
        case Float64Type() | IndexType():
            return 8
        case Float32Type():
            return 4
        case IntegerType() if field.width.data in (1, 8, 16, 32, 64):
            return max(1, field.width.data // 8)
        case _:
            raise VerifyException(
                f"a tape cannot hold values of type {field}; "
                "f32, f64, index and i1, i8, i16, i32, i64 are possible"
            )


def aligned(offset_bytes: int, alignment_bytes: int) -> int:
    """The first multiple of the alignment at or above the offset."""
    return -(-offset_bytes // alignment_bytes) * alignment_bytes


@dataclass(frozen=True)
class RecordLayout:
    """Byte offsets of a record's fields at natural alignment, and its stride.

    In blocks of several records all values of one field lie together, then all of the
    next: the value of record `lane` of a block is `lane` widths behind the offset.
    """

    offsets_bytes: tuple[int, ...]
    """From the start of a block to the first value of each field."""
    widths_bytes: tuple[int, ...]
    stride_bytes: int
    """From block to block."""
    block_records: int = 1

    @staticmethod
    def of(fields: Sequence[Attribute], block_records: int = 1) -> "RecordLayout":
        """Lay the fields out in order; the stride keeps every block aligned."""
        widths = tuple(field_bytes(field) for field in fields)
        offsets: list[int] = []
        end = 0
        for width in widths:
            start = aligned(end, width)
            offsets.append(start)
            end = start + width * block_records
        stride = aligned(end, max(widths))
        return RecordLayout(tuple(offsets), widths, stride, block_records)

    @property
    def pushed_bytes(self) -> int:
        """Bytes that one record counts for; blocks pad no single record."""
        if self.block_records == 1:
            return self.stride_bytes
        return sum(self.widths_bytes)

    def size_bytes(self, records: int) -> int:
        """Bytes of whole blocks for so many records."""
        return -(-records // self.block_records) * self.stride_bytes


def verify_fields(fields: ArrayAttr[TypeAttribute]) -> None:
    """Reject records with no fields or with fields a tape cannot hold."""
    if not fields.data:
        raise VerifyException("a record needs at least one field")
    for field in fields.data:
        field_bytes(field)


MOST_FIELDS = 10_000
"""Each is an object, however short the text."""


def parse_fields(parser: AttrParser) -> ArrayAttr[Attribute]:
    """Parse `[f64, i8]`, or `[12 x f64, i8]` for many alike."""

    def parse_run() -> Sequence[Attribute]:
        count = parser.parse_optional_integer(allow_boolean=False, allow_negative=False)
        if count is not None:
            parser.parse_keyword("x")
            if count > MOST_FIELDS:
                parser.raise_error(f"a record has at most {MOST_FIELDS} fields")
        return (parser.parse_type(),) * (1 if count is None else count)

    runs = parser.parse_comma_separated_list(parser.Delimiter.SQUARE, parse_run)
    return ArrayAttr(chain.from_iterable(runs))


def print_fields(printer: Printer, fields: ArrayAttr[TypeAttribute]) -> None:
    """Print `[f64, i8]`; a long run of one type as `12 x f64`.

    Every access to a record names its type, so the text stays linear in the fields.
    """

    def print_run(run: tuple[int, TypeAttribute]) -> None:
        count, field = run
        if count > 1:
            printer.print_string(f"{count} x ")
        printer.print_attribute(field)

    with printer.in_square_brackets():
        printer.print_list(_runs(fields.data), print_run)


def _runs(fields: Sequence[TypeAttribute]) -> Iterator[tuple[int, TypeAttribute]]:
    """Runs of equal fields with their lengths; short runs field by field."""
    for field, run in groupby(fields):
        count = sum(1 for _ in run)
        yield from [(count, field)] if count >= _LONG_RUN else [(1, field)] * count


def parse_count(parser: AttrParser, word: str) -> int:
    """Parse `word 42` with a number that is not negative."""
    parser.parse_characters(word)
    return parser.parse_integer(allow_boolean=False, allow_negative=False)
