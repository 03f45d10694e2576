"""What a placement of the tape costs: an estimate in cycles, by cause.

Issue, ports of cache and scratchpad, and the DRAM bus each need a number of cycles;
they overlap, but not fully: the largest counts, and a share of the others. Added are
the waits for lines that nothing fetched ahead and for tiles that come too late.
"""

from dataclasses import dataclass, fields
from functools import cached_property

from xdsl.dialects.func import FuncOp
from xdsl.traits import ConstantLike

from tapeflow.analysis.integers.estimates import IndexEstimates
from tapeflow.analysis.placement.memory_system import MemorySystem
from tapeflow.analysis.placement.places import Place, Plan
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
        pairs = [*zip(self.regions, plan.places, strict=True)]
        tiles = self.tiles(plan)
        cached = [region for region, place in pairs if not place.is_on_chip]
        on_chip = [pair for pair in pairs if pair[1].is_on_chip]
        cache_bytes = memory.sram_bytes - plan.scratchpad_bytes
        own = self._data.fetched_lines(
            cache_bytes, frozenset(region.allocate.tape for region in cached)
        )
        spilled = sum(_lines_in_cache(region, cache_bytes) for region in cached)
        moved = sum(
            _lines_moved(region, tiles[number] * _slots(place))
            for number, (region, place) in enumerate(pairs)
            if place.is_on_chip
        )
        operations = self._operations + CHUNK_OPERATIONS * sum(
            region.chunks + 2 * region.pushes / tiles[number]
            for number, (region, place) in enumerate(pairs)
            if place.is_on_chip
        )
        bus_lines = (own + spilled) * (1 + WRITTEN) + moved
        words = self._data.accesses + sum(region.words for region in cached)
        scratchpad_words = moved + sum(region.words for region, _ in on_chip)
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
            tiles=sum(
                self._late(region, _slots(place), tiles[number], busy)
                for number, (region, place) in enumerate(pairs)
                if place.is_on_chip
            ),
        )

    def tiles(self, plan: Plan) -> list[float]:
        """Records of a tile of each region, about as `form-layers` would cut it."""
        pairs = [*zip(self.regions, plan.places, strict=True)]
        weight = sum(
            region.stride_bytes * _slots(place)
            for region, place in pairs
            if place.is_on_chip
        )
        share = plan.scratchpad_bytes / max(1, weight)
        return [
            float(place.tile or max(1.0, min(region.peak, share)))
            for region, place in pairs
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

    def _late(self, region: RegionUse, slots: int, tile: float, busy: float) -> float:
        """Cycles waited for the tiles of a region, evenly spread over the run.

        With S slots a tile takes at least a turn of its slot: (latency + transfer +
        computation) / S, and at least its transfer.
        """
        if region.peak <= tile * slots:
            return 0.0
        memory = self.memory
        tiles = 2 * region.pushes / tile
        computed = busy / tiles
        moved = tile * region.stride_bytes / memory.dram_bytes_per_cycle
        latency = memory.dma_setup_cycles + memory.dram_latency_cycles
        if slots == 1:
            return tiles * (latency + moved)
        period = max(computed, moved, (latency + moved + computed) / slots)
        return tiles * (period - computed)


def _slots(place: Place) -> int:
    return place.slots or (1 if place.kind == "scratchpad" else 2)


def _lines_in_cache(region: RegionUse, cache_bytes: int) -> float:
    """Lines of a cached region that are fetched: for the push, and again for the pop.

    What fits beside other data is still there when it is popped, and in a region that
    is pushed anew, when it is pushed again.
    """
    share = min(1.0, cache_bytes / 2 / max(1.0, region.peak_bytes))
    once = min(region.pushed_lines, region.peak_bytes / LINE_BYTES)
    again = 2 * region.pushed_lines - once
    return once + again * (1 - share)


def _lines_moved(region: RegionUse, on_chip: float) -> float:
    """Lines between scratchpad and DRAM; what is on chip at the turn never moves."""
    times = region.pushes / max(1.0, region.peak)
    beyond = max(0.0, region.peak - on_chip)
    return 2 * times * beyond * region.stride_bytes / LINE_BYTES
