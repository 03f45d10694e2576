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

Layout: TypeAlias = Literal["soa", "padded-soa", "aos", "aosoa"]
"""One array a field; the same with starts that do not alias; one array of records; one
array of blocks of records, in which the values of each field lie together."""
LAYOUTS: tuple[Layout, ...] = get_args(Layout)
Conditional: TypeAlias = Literal["growing", "bounded"]
CONDITIONALS: tuple[Conditional, ...] = get_args(Conditional)
"""How much room regions of saves in branches have."""
BLOCK_RECORDS = 8
"""Records in a block of `aosoa` where nothing else is said: a line of f64."""


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
    """A stack of records: `!tape.region<[f64, i8], aos>`, tiled `..., tile 42>`.

    Layout `aosoa` names the records of a block: `!tape.region<[f64, i8], aosoa 8>`.
    """

    name = "tape.region"
    record: ArrayAttr[TypeAttribute]
    layout: StringAttr
    tile: IntAttr | NoneAttr
    """Records per tile once the region is cut into layers."""
    block: IntAttr | NoneAttr
    """Records per block of layout `aosoa`, a power of two."""

    def verify(self) -> None:
        verify_fields(self.record)
        if self.layout.data not in LAYOUTS:
            raise VerifyException(
                f"unknown tape layout '{self.layout.data}'; known: {', '.join(LAYOUTS)}"
            )
        if isinstance(self.tile, IntAttr) and self.tile.data < 1:
            raise VerifyException("a tile must hold at least one record")
        if isinstance(self.block, IntAttr) != (self.layout.data == "aosoa"):
            raise VerifyException("layout aosoa, and no other, has records per block")
        _verify_block(self.block)

    @property
    def fields(self) -> tuple[TypeAttribute, ...]:
        """The types one push takes."""
        return self.record.data

    @property
    def is_split(self) -> bool:
        """Whether each field has an array of its own, without padding in records."""
        return self.layout.data in ("soa", "padded-soa")

    @property
    def tile_records(self) -> int | None:
        """Records per tile, None before the region is cut into layers."""
        return self.tile.data if isinstance(self.tile, IntAttr) else None

    @property
    def record_layout(self) -> RecordLayout:
        """Offsets and stride of the record by itself."""
        return RecordLayout.of(self.fields)

    @property
    def block_records(self) -> int | None:
        """Records per block; None for other layouts than `aosoa`."""
        return self.block.data if isinstance(self.block, IntAttr) else None

    @property
    def pushed_bytes(self) -> int:
        """Bytes that one record counts for: padding only where records lie together."""
        layout = self.record_layout
        is_padded = self.layout.data == "aos"
        return layout.stride_bytes if is_padded else sum(layout.widths_bytes)

    def with_fields(self, fields: tuple[TypeAttribute, ...]) -> "TapeRegionType":
        """The same kind of region for other records."""
        return TapeRegionType(ArrayAttr(fields), self.layout, self.tile, self.block)

    @staticmethod
    def of(
        fields: tuple[TypeAttribute, ...],
        layout: Layout,
        tile: int | None = None,
        block: int = BLOCK_RECORDS,
    ) -> "TapeRegionType":
        """Build the type from Python values; only `aosoa` has blocks."""
        return TapeRegionType(
            ArrayAttr(fields),
            StringAttr(layout),
            NoneAttr() if tile is None else IntAttr(tile),
            IntAttr(block) if layout == "aosoa" else NoneAttr(),
        )

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> list[Attribute]:
        with parser.in_angle_brackets():
            fields = parse_fields(parser)
            parser.parse_punctuation(",")
            layout = StringAttr(_parse_layout(parser))
            number = parser.parse_optional_integer(
                allow_boolean=False, allow_negative=False
            )
            block = NoneAttr() if number is None else IntAttr(number)
            if parser.parse_optional_punctuation(",") is None:
                return [fields, layout, NoneAttr(), block]
            return [fields, layout, IntAttr(parse_count(parser, "tile")), block]

    def print_parameters(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            print_fields(printer, self.record)
            printer.print_string(f", {self.layout.data}")
            if isinstance(self.block, IntAttr):
                printer.print_string(f" {self.block.data}")
            if isinstance(self.tile, IntAttr):
                printer.print_string(f", tile {self.tile.data}")


@irdl_attr_definition
class ArenaType(ParametrizedAttribute, TypeAttribute):
    """A region's records in memory behind the cache: `!tape.arena<[f64, i8]>`.

    With `..., block 8>` eight values of each field lie together. A place in it is the
    byte address of a record's value in a first field as wide as the one accessed.
    """

    name = "tape.arena"
    record: ArrayAttr[TypeAttribute]
    block: IntAttr | NoneAttr
    """Records per block, a power of two; none where records lie together."""

    def verify(self) -> None:
        verify_fields(self.record)
        _verify_block(self.block)

    @property
    def fields(self) -> tuple[TypeAttribute, ...]:
        """The field types of a record."""
        return self.record.data

    @property
    def record_layout(self) -> RecordLayout:
        """Offsets and stride of the record, or of a block of records."""
        block = self.block.data if isinstance(self.block, IntAttr) else 1
        return RecordLayout.of(self.fields, block)

    @staticmethod
    def of(region: TapeRegionType) -> "ArenaType":
        """The memory of a region whose fields share one array."""
        return ArenaType(region.record, region.block)

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> list[Attribute]:
        with parser.in_angle_brackets():
            fields = parse_fields(parser)
            if parser.parse_optional_punctuation(",") is None:
                return [fields, NoneAttr()]
            return [fields, IntAttr(parse_count(parser, "block"))]

    def print_parameters(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            print_fields(printer, self.record)
            if isinstance(self.block, IntAttr):
                printer.print_string(f", block {self.block.data}")


def is_block_size(records: int) -> bool:
    """Whether so many records make a block: a power of two, so that no lane divides."""
    return records > 0 and records & (records - 1) == 0


def _verify_block(block: IntAttr | NoneAttr) -> None:
    if isinstance(block, IntAttr) and not is_block_size(block.data):
        raise VerifyException(
            f"records per block must be a power of two, not {block.data}"
        )


def _parse_layout(parser: AttrParser) -> str:
    """Words joined by hyphens."""
    words = [parser.parse_identifier()]
    while parser.parse_optional_punctuation("-") is not None:
        words.append(parser.parse_identifier())
    return "-".join(words)


TapeType: TypeAlias = StackType | TapeRegionType
