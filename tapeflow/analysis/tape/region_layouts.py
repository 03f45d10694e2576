"""Layouts of tape regions as text."""

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
