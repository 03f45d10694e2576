"""A machine: a frozen description with units in its names.

Sizes are bytes, times are cycles of the machine's one clock or nanoseconds, and a count
of 0 means "unlimited" for units and issue width and "absent" for cache and scratchpad.
Every field is checked when a description is made; MachineError names field, value and
remedy.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from hwmodel.description.field_checks import (
    check_count,
    check_one_of,
    check_positive,
    check_power_of_two,
    check_text,
    check_whole,
    reject,
)
from hwmodel.description.figures import read_figures
from hwmodel.description.limits import MOST_BANKS
from hwmodel.description.operations import OPERATION_TABLE, Operation, Unit

DRAM_TECHNOLOGIES = tuple(row["technology"] for row in read_figures("dram"))
MOST_PREFETCHED = 16
PREFETCH_ENTRY_BYTES = 12
"""Three line addresses, or a zone, a line, a stride and a confidence."""
CELLS = ("itrs-hp", "lstp-cell/hp-peri")
PREFETCHERS = ("none", "next-line", "stride", "markov")


@dataclass(frozen=True)
class Datapath:
    """A dataflow datapath with in-order retirement.

    `window`: operations between the oldest unretired one and the youngest that may
    start. `latency_cycles` and `interval_cycles` override the operation table by name:
    cycles to the result, and cycles before the unit takes another operation.
    """

    window: int
    issue_width: int
    integer_units: int
    float_units: int
    latency_cycles: tuple[tuple[str, int], ...] = ()
    interval_cycles: tuple[tuple[str, int], ...] = ()

    def __post_init__(self) -> None:
        check_whole("datapath.window", self.window, 1)
        if self.window > 2**20:
            raise reject("datapath.window", self.window, f"at most {2**20}")
        for name in ("issue_width", "integer_units", "float_units"):
            value = getattr(self, name)
            check_whole(f"datapath.{name}", value, 0)
            if value > 255:
                valid = "at most 255, or 0 for unlimited"
                raise reject(f"datapath.{name}", value, valid)
        for operation, cycles in self.latency_cycles:
            check_one_of("datapath.latency_cycles", operation, COMPUTE_OPERATIONS)
            check_whole(f"datapath.latency_cycles.{operation}", cycles, 0)
        for operation, cycles in self.interval_cycles:
            check_one_of("datapath.interval_cycles", operation, COMPUTE_OPERATIONS)
            check_whole(f"datapath.interval_cycles.{operation}", cycles, 1)


@dataclass(frozen=True)
class Cache:
    """A set-associative, write-back, write-allocate cache with LRU replacement.

    Any number of sets works: 15 KB in 4 ways of 64-byte lines are 60 sets. `mshrs`
    limits the lines on their way from DRAM; `ports` the 8-byte words per cycle. Without
    capacity there is no cache, and every access moves a line of DRAM of its own. The
    `prefetcher` asks for at most `prefetch_degree` lines at a time; its table has
    `stride_entries` streams or `markov_entries` correlated lines.
    """

    capacity_bytes: int
    ways: int
    line_bytes: int
    hit_latency_cycles: int
    mshrs: int
    ports: int
    prefetcher: str = "none"
    prefetch_degree: int = 1
    stride_entries: int = 64
    markov_entries: int = 4096

    def __post_init__(self) -> None:
        check_power_of_two("cache.line_bytes", self.line_bytes, 8)
        check_whole("cache.ways", self.ways, 1)
        check_whole("cache.hit_latency_cycles", self.hit_latency_cycles, 1)
        check_count("cache.mshrs", self.mshrs)
        check_count("cache.ports", self.ports)
        set_bytes = self.ways * self.line_bytes
        check_whole("cache.capacity_bytes", self.capacity_bytes, 0)
        if self.capacity_bytes % set_bytes:
            valid = f"a multiple of ways x line_bytes = {set_bytes}, or 0 for no cache"
            raise reject("cache.capacity_bytes", self.capacity_bytes, valid)
        self._check_prefetcher()

    def _check_prefetcher(self) -> None:
        check_one_of("cache.prefetcher", self.prefetcher, PREFETCHERS)
        check_whole("cache.prefetch_degree", self.prefetch_degree, 1)
        if self.prefetch_degree > MOST_PREFETCHED:
            valid = f"at most {MOST_PREFETCHED} lines"
            raise reject("cache.prefetch_degree", self.prefetch_degree, valid)
        for name in ("stride_entries", "markov_entries"):
            check_power_of_two(f"cache.{name}", getattr(self, name), 1)
        if self.prefetcher != "none" and not self.capacity_bytes:
            valid = "'none' as there is no cache"
            raise reject("cache.prefetcher", self.prefetcher, valid)

    @property
    def prefetcher_entries(self) -> int:
        """Entries of the prefetcher's table, 0 for a prefetcher without one."""
        entries = {"stride": self.stride_entries, "markov": self.markov_entries}
        return entries.get(self.prefetcher, 0)

    @property
    def prefetcher_bytes(self) -> int:
        """SRAM of the prefetcher's table, beside the cache's capacity."""
        return PREFETCH_ENTRY_BYTES * self.prefetcher_entries

    @property
    def sets(self) -> int:
        """Sets of `ways` lines."""
        return self.capacity_bytes // (self.ways * self.line_bytes)


@dataclass(frozen=True)
class Scratchpad:
    """A software-managed SRAM of 8-byte words; 0 bytes (and 0 ports) means absent.

    Words are interleaved over `banks` that serve one access a cycle; without banks (0)
    one array serves all ports.
    """

    capacity_bytes: int
    ports: int
    latency_cycles: int
    banks: int = 0

    def __post_init__(self) -> None:
        check_whole("scratchpad.capacity_bytes", self.capacity_bytes, 0)
        if self.capacity_bytes % 8:
            valid = "a multiple of 8, the word"
            raise reject("scratchpad.capacity_bytes", self.capacity_bytes, valid)
        check_whole("scratchpad.latency_cycles", self.latency_cycles, 1)
        if self.banks != 0:
            check_power_of_two("scratchpad.banks", self.banks, 1)
        if self.banks > MOST_BANKS:
            valid = f"at most {MOST_BANKS}, or 0 for one array with all the ports"
            raise reject("scratchpad.banks", self.banks, valid)
        if self.capacity_bytes:
            check_count("scratchpad.ports", self.ports)
        else:
            check_whole("scratchpad.ports", self.ports, 0)


@dataclass(frozen=True)
class Dma:
    """An engine that moves tiles between scratchpad and DRAM beside the datapath.

    `channels` transfers run at once; each asks DRAM for bursts of `burst_bytes`, at
    most `requests_in_flight` of them unanswered.
    """

    setup_cycles: int
    burst_bytes: int
    channels: int
    requests_in_flight: int

    def __post_init__(self) -> None:
        check_whole("dma.setup_cycles", self.setup_cycles, 0)
        check_power_of_two("dma.burst_bytes", self.burst_bytes, 8)
        check_count("dma.channels", self.channels)
        check_count("dma.requests_in_flight", self.requests_in_flight)


@dataclass(frozen=True)
class Dram:
    """One DRAM channel: an open row per bank and a data bus shared by all traffic.

    A bank opens a row once in `row_cycle_ns` (tRC), 0 for as often as it is asked.
    `technology` names the row of `data/dram.csv` that prices accesses.
    """

    technology: str
    row_hit_ns: float
    closed_ns: float
    conflict_ns: float
    bandwidth_gb_per_s: float
    banks: int
    row_bytes: int
    row_cycle_ns: float = 0.0

    def __post_init__(self) -> None:
        check_one_of("dram.technology", self.technology, DRAM_TECHNOLOGIES)
        for name in ("row_hit_ns", "closed_ns", "conflict_ns", "bandwidth_gb_per_s"):
            check_positive(f"dram.{name}", getattr(self, name))
        if not self.row_hit_ns <= self.closed_ns <= self.conflict_ns:
            valid = "between row_hit_ns and conflict_ns"
            raise reject("dram.closed_ns", self.closed_ns, valid)
        if self.row_cycle_ns != 0:
            check_positive("dram.row_cycle_ns", self.row_cycle_ns)
        check_power_of_two("dram.banks", self.banks, 1)
        check_power_of_two("dram.row_bytes", self.row_bytes, 64)


@dataclass(frozen=True)
class EnergyChoice:
    """Process and cells that price SRAM and arithmetic; leakage may use other cells."""

    technology_nm: int
    cell: str
    leakage_cell: str

    def __post_init__(self) -> None:
        check_one_of("energy.technology_nm", self.technology_nm, (45, 22))
        check_one_of("energy.cell", self.cell, CELLS)
        check_one_of("energy.leakage_cell", self.leakage_cell, CELLS)


@dataclass(frozen=True)
class Machine:
    """A whole accelerator: datapath, cache, scratchpad, DMA engine and DRAM."""

    name: str
    clock_hz: float
    datapath: Datapath
    cache: Cache
    scratchpad: Scratchpad
    dma: Dma
    dram: Dram
    energy: EnergyChoice = field(
        default=EnergyChoice(45, "itrs-hp", "lstp-cell/hp-peri")
    )

    def __post_init__(self) -> None:
        check_text("name", self.name)
        check_positive("clock_hz", self.clock_hz)
        if self.dma.burst_bytes % self.cache.line_bytes:
            valid = f"a multiple of cache.line_bytes = {self.cache.line_bytes}"
            raise reject("dma.burst_bytes", self.dma.burst_bytes, valid)
        if self.dram.row_bytes < self.cache.line_bytes:
            valid = f"at least cache.line_bytes = {self.cache.line_bytes}"
            raise reject("dram.row_bytes", self.dram.row_bytes, valid)

    @property
    def period_ns(self) -> float:
        """One cycle in nanoseconds."""
        return 1e9 / self.clock_hz

    @property
    def sram_bytes(self) -> int:
        """Cache and scratchpad together: what arms must have equal."""
        return self.cache.capacity_bytes + self.scratchpad.capacity_bytes

    def without_scratchpad(self) -> Machine:
        """The same machine with the scratchpad's bytes and ports given to the cache."""
        pad = self.scratchpad
        cache = replace(
            self.cache,
            capacity_bytes=self.cache.capacity_bytes + pad.capacity_bytes,
            ports=self.cache.ports + pad.ports,
        )
        return replace(
            self,
            cache=cache,
            scratchpad=replace(pad, capacity_bytes=0, ports=0, banks=0),
        )


COMPUTE_OPERATIONS = tuple(
    kind.name
    for kind in Operation
    if OPERATION_TABLE[kind].unit in (Unit.INTEGER, Unit.FLOAT)
)
