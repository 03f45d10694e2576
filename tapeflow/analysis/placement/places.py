"""Where the tape regions of a function live: a place each, and a split of the SRAM."""

from dataclasses import dataclass

from tapeflow.analysis.tape.region_layouts import RegionLayout
from tapeflow.dialects.tape_attributes import Place as PlaceKind
from tapeflow.dialects.tape_types import BLOCK_RECORDS, LAYOUTS, Layout

AUTO = "auto"
"""The places of a function as the compiler chooses them."""

PLACE_MEANINGS = {
    AUTO: "Each region where the compiler estimates it to cost least.",
    "soa": "Behind the cache, one array a field.",
    "padded-soa": "The same, and arrays begin where they do not alias.",
    "aos": "Behind the cache, one array of records.",
    "aosoa[:RECORDS]": "Behind the cache, blocks of records, in a block one field "
    "after the other.",
    "scratchpad[:RECORDS]": "In the scratchpad as a whole, or in tiles of so many.",
    "stream[:SLOTS[:RECORDS]]": "Tiles that move between scratchpad and DRAM, so many "
    "on chip at a time.",
}
"""What may be said of a region in `places=`."""


@dataclass(frozen=True)
class Place:
    """The place of one region: `aosoa:16`, `scratchpad`, `stream`, `stream:4:64`."""

    kind: PlaceKind
    layout: Layout = "aos"
    """Of records behind the cache; those in the scratchpad lie together."""
    slots: int | None = None
    """Tiles on chip at a time; None for what the pipeline says."""
    tile: int | None = None
    """Records of a tile; None for what fits."""
    block: int = BLOCK_RECORDS
    """Records of a block of layout `aosoa`."""

    @staticmethod
    def parse(text: str) -> "Place":
        """Raises ValueError for a text that names no place."""
        word, *numbers = text.split(":")
        if word in LAYOUTS and (word == "aosoa" or not numbers):
            cached = RegionLayout.parse(text)
            return Place("cache", cached.layout, block=cached.block)
        are_counts = all(n.isascii() and n.isdigit() and int(n) > 0 for n in numbers)
        if word == "scratchpad" and len(numbers) <= 1 and are_counts:
            return Place(
                "scratchpad", slots=1, tile=int(numbers[0]) if numbers else None
            )
        if word == "stream" and len(numbers) <= 2 and are_counts:
            slots, tile = [*map(int, numbers), None, None][:2]
            return Place("stream", slots=slots, tile=tile)
        raise ValueError(
            f"'{text}' is no place for a tape region; places: "
            f"{', '.join(PLACE_MEANINGS)}"
        )

    def __str__(self) -> str:
        if self.kind == "cache":
            return str(RegionLayout(self.layout, self.block))
        counts = (self.slots, self.tile) if self.kind == "stream" else (self.tile,)
        numbers = [n for n in counts if n is not None]
        return ":".join(map(str, (self.kind, *numbers)))

    @property
    def is_on_chip(self) -> bool:
        """Whether the datapath finds the records in the scratchpad."""
        return self.kind != "cache"


@dataclass(frozen=True)
class Plan:
    """A place for each region, in the order of their allocations, and the split."""

    places: tuple[Place, ...]
    scratchpad_bytes: int
    """0 where no region is on chip: all SRAM is the cache's."""
    scratchpad_ports: int

    def __str__(self) -> str:
        return ",".join(map(str, self.places))

    def at(self, region: int, place: Place) -> "Plan":
        """The same with another place for one region."""
        places = (*self.places[:region], place, *self.places[region + 1 :])
        return Plan(places, self.scratchpad_bytes, self.scratchpad_ports)


def check_places(text: str) -> None:
    """Raises ValueError for a text that is not `auto` and names what is no place."""
    if text != AUTO:
        for word in text.split(","):
            Place.parse(word.strip())


def parse_places(text: str, regions: int) -> tuple[Place, ...]:
    """Places separated by commas: one for all regions, or one for each.

    Raises:
        ValueError: an unknown place, or a number of them that does not fit.
    """
    places = tuple(Place.parse(word.strip()) for word in text.split(","))
    if len(places) == 1:
        return places * regions
    if len(places) != regions:
        raise ValueError(
            f"{len(places)} places for {regions} tape region{'s' * (regions != 1)}; "
            "give one for each, in the order of their allocations, or one for all"
        )
    return places
