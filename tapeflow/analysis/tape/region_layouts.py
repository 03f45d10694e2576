"""Layouts of tape regions as text: of one, and of single functions and regions."""

from dataclasses import dataclass

from tapeflow.dialects.tape_types import (
    BLOCK_RECORDS,
    LAYOUTS,
    Layout,
    is_block_size,
)


@dataclass(frozen=True)
class RegionLayout:
    """How the records of a region lie behind the cache: `soa`, `aosoa`, `aosoa:16`."""

    layout: Layout
    block: int = BLOCK_RECORDS
    """Records per block of `aosoa`."""

    @staticmethod
    def parse(text: str, block: int = BLOCK_RECORDS) -> "RegionLayout":
        """Raises ValueError for a text that names no layout.

        Args:
            block: the records per block where the text does not say.
        """
        word, colon, number = text.partition(":")
        layout: Layout | None = next((name for name in LAYOUTS if name == word), None)
        if layout is not None and not colon:
            return RegionLayout(layout, block)
        if layout == "aosoa" and number.isascii() and number.isdigit():
            if is_block_size(int(number)):
                return RegionLayout(layout, int(number))
            raise ValueError(f"'{text}': records per block must be a power of two")
        raise ValueError(
            f"'{text}' is no layout; layouts: {', '.join(LAYOUTS)}, aosoa:RECORDS"
        )

    def __str__(self) -> str:
        if self.layout == "aosoa" and self.block != BLOCK_RECORDS:
            return f"aosoa:{self.block}"
        return self.layout


@dataclass(frozen=True)
class StatedLayout:
    """The layout of a function's regions, or of one of them: `main:2=aosoa:8`."""

    function: str
    region: int | None
    """Number of the region; None for all that have none of their own."""
    layout: RegionLayout


def parse_layouts(text: str, block: int = BLOCK_RECORDS) -> tuple[StatedLayout, ...]:
    """Parse `main=soa,main:2=aosoa:8`.

    Raises:
        ValueError: another form, an unknown layout, or two layouts for one region.
    """
    stated: list[StatedLayout] = []
    for word in filter(None, map(str.strip, text.split(","))):
        name, equals, layout = word.rpartition("=")
        function, colon, number = name.partition(":")
        is_number = number.isascii() and number.isdigit()
        if not equals or not function or (colon and not is_number):
            raise ValueError(
                f"'{word}' is neither FUNCTION=LAYOUT nor FUNCTION:REGION=LAYOUT"
            )
        region = int(number) if colon else None
        if any((s.function, s.region) == (function, region) for s in stated):
            raise ValueError(f"'{name}' has two layouts")
        stated.append(StatedLayout(function, region, RegionLayout.parse(layout, block)))
    return tuple(stated)
