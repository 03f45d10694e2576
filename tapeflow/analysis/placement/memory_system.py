"""The parameters of a machine that decide where a tape is best kept."""

from dataclasses import dataclass
from typing import ClassVar

from tapeflow.analysis.machine.words import Facts


@dataclass(frozen=True)
class MemorySystem(Facts):
    """Totals to be split between cache and scratchpad, and what lies around them.

    The defaults are those of the machine `fair`.
    """

    MAY_BE_ZERO: ClassVar[tuple[str, ...]] = (
        "prefetch_degree",
        "issue_width",
        "dma_setup_cycles",
        "sram_bytes",
    )

    sram_bytes: int = 16384
    """Cache and scratchpad together."""
    ports: int = 4
    """Of cache and scratchpad together: words a cycle."""
    cache_ways: int = 4
    mshrs: int = 16
    """Lines that can be on their way to the cache."""
    prefetch_degree: int = 0
    """Lines that a stride prefetcher runs ahead; 0 without one."""
    issue_width: int = 4
    """Operations a cycle; 0 for as many as are ready."""
    window: int = 128
    """Operations from the oldest that is not done to the youngest that may start."""
    dram_latency_cycles: int = 52
    dram_bytes_per_cycle: float = 19.2
    dma_setup_cycles: int = 30
    dma_channels: int = 4
