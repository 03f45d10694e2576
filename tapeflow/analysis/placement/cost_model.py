"""What a placement of the tape costs: an estimate in cycles, by cause.

Issue, ports of cache and scratchpad, and the DRAM bus each need a number of cycles;
they overlap, but not fully: the largest counts, and a share of the others. Added are
the waits for lines that nothing fetched ahead and for tiles that come too late.
"""

from dataclasses import dataclass, fields
from functools import cached_property, lru_cache

from xdsl.dialects.func import FuncOp
from xdsl.traits import ConstantLike

from tapeflow.analysis.integers.estimates import IndexEstimates
from tapeflow.analysis.placement.memory_system import MemorySystem
from tapeflow.analysis.placement.places import Place, Plan
from tapeflow.analysis.placement.tile_sizes import (
    ScratchpadTooSmall,
    TapeDemand,
    tile_sizes,
)
from tapeflow.analysis.placement.working_sets import WorkingSets
from tapeflow.analysis.tape.region_uses import RegionUse, region_uses
from tapeflow.dialects.record import LINE_BYTES

OVERLAPPED = 4.0
"""Exponent of the mean that combines what overlaps: the larger, the better it does."""
CHUNK_OPERATIONS = 12.0
"""Operations around a loop that runs until its tile ends."""
WRITTEN = 0.5
"""Lines of the program's data written back for each that is fetched."""
COVERED_DATA = 0.7
"""Share of the waits for the program's data that a stride prefetcher hides."""
COVERED_TAPE = 0.95
"""The same share for a cached tape, which is walked line by line."""
EXPOSED = 0.5
"""Share of the latency of a line that other work does not hide."""


@dataclass(frozen=True)
class Estimate:
    """Cycles of one plan by cause."""

    issue: float
    cache_ports: float
    scratchpad_ports: float
    dram_bus: float
    misses: float
    """Waits for lines."""
    tiles: float
    """Waits for tiles."""

    @property
    def cycles(self) -> float:
        """All together."""
        parts = (self.issue, self.cache_ports, self.scratchpad_ports, self.dram_bus)
        largest = max(*parts, 1.0)
        shares = sum((part / largest) ** OVERLAPPED for part in parts)
        return largest * shares ** (1 / OVERLAPPED) + self.misses + self.tiles

    @property
    def limit(self) -> str:
        """The cause that needs most."""
        return max(
            (field.name for field in fields(self)),
            key=lambda name: getattr(self, name),
        ).replace("_", " ")


@dataclass(frozen=True)
class Ring:
    """A region on chip, cut into tiles."""

    region: RegionUse
    demand: TapeDemand
    tile: int

    @property
    def tiles(self) -> float:
        """Tiles that are filled and emptied in the whole run."""
        return 2 * self.region.pushes / self.tile

    @property
    def moved_tiles(self) -> float:
        """Tiles between scratchpad and DRAM."""
        return self.demand.moved_tiles(self.tile)

    @property
    def moved_lines(self) -> float:
        """Lines between scratchpad and DRAM."""
        return self.moved_tiles * self.demand.lines(self.tile)


@dataclass(frozen=True)
class PlacementCost:
    """The estimates of one function whose tape consists of regions."""

    function: FuncOp
    estimates: IndexEstimates
    memory: MemorySystem

    @cached_property
    def regions(self) -> list[RegionUse]:
        """In the order of their allocations."""
        return region_uses(self.function, self.estimates)

    @cached_property
    def _data(self) -> WorkingSets:
        return WorkingSets(self.function, self.estimates)

    @cached_property
    def _operations(self) -> float:
        """Operations of the program and of its tape."""
        own = sum(
            self.estimates.runs(op.parent)
            for op in self.function.walk()
            if not op.has_trait(ConstantLike)
        )
        return own + sum(region.words for region in self.regions)

    def estimate(self, plan: Plan) -> Estimate:
        """What the plan costs."""
        memory = self.memory
        rings = self.rings(plan)
        cached = [
            region
            for region, place in zip(self.regions, plan.places, strict=True)
            if not place.is_on_chip
        ]
        cache_bytes = memory.sram_bytes - plan.scratchpad_bytes
        own = self._data.fetched_lines(
            cache_bytes, frozenset(region.allocate.tape for region in cached)
        )
        spilled = sum(_lines_in_cache(region, cache_bytes) for region in cached)
        moved = sum(ring.moved_lines for ring in rings)
        operations = self._operations + CHUNK_OPERATIONS * sum(
            ring.region.chunks + ring.tiles for ring in rings
        )
        bus_lines = (own + spilled) * (1 + WRITTEN) + moved
        words = self._data.accesses + sum(region.words for region in cached)
        scratchpad_words = moved + sum(ring.region.words for ring in rings)
        cache_ports = memory.ports - plan.scratchpad_ports
        parts = {
            "issue": operations / memory.issue_width if memory.issue_width else 0.0,
            "cache_ports": words / max(1, cache_ports),
            "scratchpad_ports": scratchpad_words / max(1, plan.scratchpad_ports),
            "dram_bus": bus_lines * LINE_BYTES / memory.dram_bytes_per_cycle,
        }
        busy = max(parts.values())
        return Estimate(
            **parts,
            misses=self._waits(own, spilled, operations),
            tiles=sum(self._late(ring, busy) for ring in rings),
        )

    def rings(self, plan: Plan) -> list[Ring]:
        """The regions on chip with the tiles that `form-layers` will cut."""
        chosen = self._demands(plan)
        demands = tuple(demand for _, demand in chosen)
        tiles = _tiles(demands, plan.scratchpad_bytes, self.memory)
        return [Ring(*pair, tile) for pair, tile in zip(chosen, tiles, strict=True)]

    def has_room(self, plan: Plan) -> bool:
        """Whether a record of each region, or the tile asked for, fits in each slot."""
        needed = sum(demand.ring_bytes(1) for _, demand in self._demands(plan))
        return needed <= plan.scratchpad_bytes

    def _demands(self, plan: Plan) -> list[tuple[RegionUse, TapeDemand]]:
        return [
            (region, _demand(region, place))
            for region, place in zip(self.regions, plan.places, strict=True)
            if place.is_on_chip
        ]

    def _waits(self, own: float, spilled: float, operations: float) -> float:
        """Cycles waited for lines, as many at a time as are on their way."""
        memory = self.memory
        lines = own + spilled
        if not lines:
            return 0.0
        in_window = memory.window * lines / operations
        together = min(float(memory.mshrs), max(1.0, in_window))
        if memory.prefetch_degree:
            lines = own * (1 - COVERED_DATA) + spilled * (1 - COVERED_TAPE)
        return EXPOSED * lines * memory.dram_latency_cycles / together

    def _late(self, ring: Ring, busy: float) -> float:
        """Cycles waited for the tiles of a region, evenly spread over the run.

        With S slots a tile takes at least a turn of its slot: (latency + transfer +
        computation) / S, and at least its transfer.
        """
        demand, tile, memory = ring.demand, ring.tile, self.memory
        if demand.held_records <= tile * demand.slots:
            return 0.0
        computed = busy / ring.tiles
        moved = tile * demand.stride_bytes / memory.dram_bytes_per_cycle
        latency = memory.dma_setup_cycles + memory.dram_latency_cycles
        if demand.slots == 1:
            return ring.moved_tiles * (latency + moved)
        period = max(computed, moved, (latency + moved + computed) / demand.slots)
        return ring.moved_tiles * (period - computed)


@lru_cache(maxsize=64)
def _tiles(
    demands: tuple[TapeDemand, ...], capacity_bytes: int, memory: MemorySystem
) -> tuple[int, ...]:
    """Records of a tile of each region, one where not all have room.

    Plans that share the ports differently ask for the same tiles.
    """
    try:
        return tile_sizes(demands, capacity_bytes, memory)
    except ScratchpadTooSmall:
        return tuple(demand.useful(1) for demand in demands)


def _demand(region: RegionUse, place: Place) -> TapeDemand:
    is_whole = place.kind == "scratchpad"
    slots = place.slots or (1 if is_whole else 2)
    return TapeDemand.of(region, slots, place.tile, is_whole=is_whole)


def _lines_in_cache(region: RegionUse, cache_bytes: int) -> float:
    """Lines of a cached region that are fetched: for the push, and again for the pop.

    What fits beside other data is still there when it is popped, and in a region that
    is pushed anew, when it is pushed again.
    """
    share = min(1.0, cache_bytes / 2 / max(1.0, region.peak_bytes))
    once = min(region.pushed_lines, region.peak_bytes / LINE_BYTES)
    again = 2 * region.pushed_lines - once
    return once + again * (1 - share)
