"""How a scratchpad is shared: the tile length of each tape region.

The policy: tiles as long as useful. A tile length that is asked for is granted. Every
other region begins with a line a slot; then each further line goes where it saves most
cycles for the bytes it takes in all slots, as long as it saves any. What a tile of T
records costs a region of S slots that holds H records at a time, in R rounds, is

    R * (tiles out + tiles in) * (set-up + transfer + wait)

    tiles out = max(0, H / T - 1)       the last tile never leaves,
    tiles in  = max(0, H / T - S)       and what is on chip at the turn never comes back
    transfer  = bytes of a tile / bytes a cycle, in whole lines
    wait      = max(0, set-up + latency + (2 - S) * transfer)

A tile is waited for as long as its transfer is not covered by those of S - 1 others:
this assumes a program that pushes as fast as DRAM takes it. So a region that is pushed
often gets longer tiles, more slots shorter ones, and one whose records all fit no more
than that. Numbers of records that are only estimated may be too low: lines that no
region has a use for lengthen the shortest tiles that may need it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from math import ceil

from tapeflow.analysis.ir.constants import constant_of
from tapeflow.analysis.placement.memory_system import MemorySystem
from tapeflow.analysis.tape.region_uses import RegionUse
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
    held_records: float = 4096.0
    """Estimate of the records it holds at a time."""
    rounds: float = 1.0
    """How often it is filled and emptied."""

    @staticmethod
    def of(
        use: RegionUse, slots: int, tile: int | None, *, is_whole: bool
    ) -> "TapeDemand":
        """What a region wants that has so many slots, and a tile if it is given.

        Args:
            is_whole: whether one tile holds all records, where their number is known.
        """
        region = use.allocate
        is_growing = region.growing is not None
        records = None if is_growing else constant_of(region.capacity)
        if tile is None and is_whole and records is not None:
            tile = max(1, records)
        held = max(1.0, use.peak if records is None else min(use.peak, records))
        rounds = use.pushes / held
        return TapeDemand(use.stride_bytes, records, slots, tile, held, rounds)

    def lines(self, records: int) -> int:
        """Lines of a slot for a tile of so many records, or of all it ever holds."""
        return ceil(self.useful(records) * self.stride_bytes / LINE_BYTES)

    def ring_bytes(self, records: int) -> int:
        """Bytes of all slots."""
        return self.slots * self.lines(records) * LINE_BYTES

    def useful(self, records: int) -> int:
        """The records of a tile, at least one, at most all it ever holds."""
        if self.fixed_records is not None:
            return self.fixed_records
        if self.capacity_records is None:
            return max(1, records)
        return max(1, min(records, self.capacity_records))

    def filling(self, lines: int) -> int:
        """The most useful records of a tile that takes so many lines."""
        return self.useful(lines * LINE_BYTES // self.stride_bytes)

    def moved_tiles(self, records: int) -> float:
        """Tiles of so many records that leave and come back in the whole run."""
        tiles = self.held_records / records
        return self.rounds * (max(0.0, tiles - 1) + max(0.0, tiles - self.slots))

    def cost(self, records: int, memory: MemorySystem) -> float:
        """Cycles that tiles of so many records cost."""
        transfer = self.lines(records) * LINE_BYTES / memory.dram_bytes_per_cycle
        start = memory.dma_setup_cycles
        late = start + memory.dram_latency_cycles + (2 - self.slots) * transfer
        return self.moved_tiles(records) * (start + transfer + max(0.0, late))


Value = Callable[[TapeDemand, int, int], float]
"""What a region gains for a line by tiles of more records, from fewer; 0 if nothing."""


def tile_sizes(
    demands: Sequence[TapeDemand], capacity_bytes: int, memory: MemorySystem
) -> tuple[int, ...]:
    """Records per tile of each region, so that all slots of all regions fit together.

    Raises:
        ScratchpadTooSmall: with the bytes that one record a slot needs.
    """
    needed = sum(demand.ring_bytes(1) for demand in demands)
    if needed > capacity_bytes:
        raise ScratchpadTooSmall(needed)

    def saved_cycles(demand: TapeDemand, fewer: int, more: int) -> float:
        saved = demand.cost(fewer, memory) - demand.cost(more, memory)
        return saved / _lines_between(demand, fewer, more)

    def shortness(demand: TapeDemand, fewer: int, _more: int) -> float:
        return 1 / demand.ring_bytes(fewer)

    tiles = [demand.filling(demand.lines(1)) for demand in demands]
    spare_lines = (capacity_bytes - needed) // LINE_BYTES
    for value in (saved_cycles, shortness):
        spare_lines = _spend(demands, tiles, spare_lines, value)
    return tuple(tiles)


def _spend(
    demands: Sequence[TapeDemand], tiles: list[int], spare_lines: int, value: Value
) -> int:
    """Lengthen tiles by the best steps; the lines that are left."""

    def step(number: int) -> tuple[float, int, int, int]:
        demand, fewer = demands[number], tiles[number]
        more = demand.filling(demand.lines(fewer + 1))
        lines = _lines_between(demand, fewer, more)
        worth = value(demand, fewer, more) if lines else 0.0
        return -worth, number, more, lines

    steps = [step(number) for number in range(len(demands))]
    heapify(steps)
    while steps and steps[0][0] < 0.0:
        _, number, more, lines = heappop(steps)
        if lines <= spare_lines:  # else it never fits
            tiles[number] = more
            spare_lines -= lines
            heappush(steps, step(number))
    return spare_lines


def _lines_between(demand: TapeDemand, fewer: int, more: int) -> int:
    """How many more lines all slots take with longer tiles."""
    return demand.slots * (demand.lines(more) - demand.lines(fewer))
