"""How a scratchpad is shared: the tile length of each tape region.

The policy: a tile length that is asked for is granted. Every other region's tile holds
the same number of records, as many as fit, so a region's share is proportional to its
record's stride and its slots. A region that never holds that many records takes only
what it needs. Tiles take whole lines and fill them; lines that remain lengthen single
tiles, in order.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from tapeflow.dialects.record import LINE_BYTES


class ScratchpadTooSmall(Exception):
    """Not even one record of each region and slot fits, or the tile asked for.

    Attributes:
        needed_bytes: the smallest capacity that would do.
    """

    def __init__(self, needed_bytes: int):
        super().__init__(f"needs {needed_bytes} bytes")
        self.needed_bytes = needed_bytes


@dataclass(frozen=True)
class TapeDemand:
    """What one tape region wants of the scratchpad."""

    stride_bytes: int
    capacity_records: int | None = None
    """Upper bound on the records it ever holds, None if not known."""
    slots: int = 1
    """Tiles that are on chip at a time."""
    fixed_records: int | None = None
    """The records per tile it asks for, None to leave them to the policy."""

    def lines(self, records: int) -> int:
        """Lines of a slot for a tile of so many records, or of all it ever holds."""
        return -(-self.useful(records) * self.stride_bytes // LINE_BYTES)

    def all_lines(self, records: int) -> int:
        """Lines of all slots."""
        return self.slots * self.lines(records)

    def useful(self, records: int) -> int:
        """The records of a tile, at least one, at most all it ever holds."""
        if self.fixed_records is not None:
            return self.fixed_records
        if self.capacity_records is None:
            return max(1, records)
        return max(1, min(records, self.capacity_records))


def fits(demands: Sequence[TapeDemand], capacity_bytes: int) -> bool:
    """Whether one record of each region, or the tile it asks for, fits each slot."""
    lines = sum(demand.all_lines(1) for demand in demands)
    return lines <= capacity_bytes // LINE_BYTES


def tile_sizes(demands: Sequence[TapeDemand], capacity_bytes: int) -> tuple[int, ...]:
    """Records per tile of each region, so that all slots of all regions fit together.

    Raises:
        ScratchpadTooSmall: with the bytes that one record a slot needs.
    """
    if not demands:
        return ()
    capacity_lines = capacity_bytes // LINE_BYTES

    def lines(records: int) -> int:
        return sum(demand.all_lines(records) for demand in demands)

    if lines(1) > capacity_lines:
        raise ScratchpadTooSmall(lines(1) * LINE_BYTES)
    longest = capacity_lines * LINE_BYTES
    common = bisect_right(range(1, longest + 1), capacity_lines, key=lines)
    return _lengthen(demands, common, capacity_lines - lines(common))


def _lengthen(
    demands: Sequence[TapeDemand], common: int, spare_lines: int
) -> tuple[int, ...]:
    """Give out the spare lines in order, as long as one lengthens some tile."""
    tiles = [demand.useful(common) for demand in demands]
    progress = True
    while progress:
        progress = False
        for number, demand in enumerate(demands):
            held_lines = demand.lines(tiles[number])
            tile = demand.useful(held_lines * LINE_BYTES // demand.stride_bytes)
            more_lines = demand.lines(tile + 1) - held_lines
            if 0 < demand.slots * more_lines <= spare_lines:
                spare_lines -= demand.slots * more_lines
                whole_bytes = (held_lines + more_lines) * LINE_BYTES
                tile = demand.useful(whole_bytes // demand.stride_bytes)
                progress = True
            tiles[number] = tile
    return tuple(tiles)
