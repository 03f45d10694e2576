"""The types of dialect `tape`: stacks, regions of records, arenas behind the cache."""

from typing import Literal, TypeAlias, get_args

from xdsl.dialects.builtin import ArrayAttr, IntAttr, NoneAttr, StringAttr
from xdsl.ir import Attribute, ParametrizedAttribute, TypeAttribute
from xdsl.irdl import irdl_attr_definition
from xdsl.parser import AttrParser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

from tapeflow.dialects.record import (
    RecordLayout,
    field_bytes,
    parse_count,
    parse_fields,
    print_fields,
    verify_fields,
)

Layout: TypeAlias = Literal["soa", "padded-soa", "aos"]
"""One array a field; the same with starts that do not alias; one array of records."""
LAYOUTS: tuple[Layout, ...] = get_args(Layout)


@irdl_attr_definition
class StackType(ParametrizedAttribute, TypeAttribute):
    """An unbounded stack of values of one type: `!tape.stack<f64>`."""

    name = "tape.stack"
    element: TypeAttribute

    def verify(self) -> None:
        field_bytes(self.element)

    @property
    def fields(self) -> tuple[TypeAttribute, ...]:
        """The types one push takes."""
        return (self.element,)


@irdl_attr_definition
class TapeRegionType(ParametrizedAttribute, TypeAttribute):
    """A stack of records: `!tape.region<[f64, i8], aos>`, tiled `..., tile 42>`."""

    name = "tape.region"
    record: ArrayAttr[TypeAttribute]
    layout: StringAttr
    tile: IntAttr | NoneAttr
    """Records per tile once the region is cut into layers."""

    def verify(self) -> None:
        verify_fields(self.record)
        if self.layout.data not in LAYOUTS:
            raise VerifyException(
                f"unknown tape layout '{self.layout.data}'; known: {', '.join(LAYOUTS)}"
            )
        if isinstance(self.tile, IntAttr) and self.tile.data < 1:
            raise VerifyException("a tile must hold at least one record")

    @property
    def fields(self) -> tuple[TypeAttribute, ...]:
        """The types one push takes."""
        return self.record.data

    @property
    def is_split(self) -> bool:
        """Whether each field has an array of its own, without padding in records."""
        return self.layout.data != "aos"

    @property
    def tile_records(self) -> int | None:
        """Records per tile, None before the region is cut into layers."""
        return self.tile.data if isinstance(self.tile, IntAttr) else None

    @property
    def record_layout(self) -> RecordLayout:
        """Offsets and stride of the record."""
        return RecordLayout.of(self.fields)

    @staticmethod
    def of(
        fields: tuple[TypeAttribute, ...], layout: Layout, tile: int | None = None
    ) -> "TapeRegionType":
        """Build the type from Python values."""
        return TapeRegionType(
            ArrayAttr(fields),
            StringAttr(layout),
            NoneAttr() if tile is None else IntAttr(tile),
        )

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> list[Attribute]:
        with parser.in_angle_brackets():
            fields = parse_fields(parser)
            parser.parse_punctuation(",")
            layout = StringAttr(_parse_layout(parser))
            if parser.parse_optional_punctuation(",") is None:
                return [fields, layout, NoneAttr()]
            return [fields, layout, IntAttr(parse_count(parser, "tile"))]

    def print_parameters(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            print_fields(printer, self.record)
            printer.print_string(f", {self.layout.data}")
            if isinstance(self.tile, IntAttr):
                printer.print_string(f", tile {self.tile.data}")


@irdl_attr_definition
class ArenaType(ParametrizedAttribute, TypeAttribute):
    """A region's records in memory behind the cache: `!tape.arena<[f64, i8]>`."""

    name = "tape.arena"
    record: ArrayAttr[TypeAttribute]

    def verify(self) -> None:
        verify_fields(self.record)

    @property
    def fields(self) -> tuple[TypeAttribute, ...]:
        """The field types of a record."""
        return self.record.data

    @property
    def record_layout(self) -> RecordLayout:
        """Offsets and stride of the record."""
        return RecordLayout.of(self.fields)

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> list[Attribute]:
        with parser.in_angle_brackets():
            return [parse_fields(parser)]

    def print_parameters(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            print_fields(printer, self.record)


def _parse_layout(parser: AttrParser) -> str:
    """Words joined by hyphens."""
    words = [parser.parse_identifier()]
    while parser.parse_optional_punctuation("-") is not None:
        words.append(parser.parse_identifier())
    return "-".join(words)


TapeType: TypeAlias = StackType | TapeRegionType
