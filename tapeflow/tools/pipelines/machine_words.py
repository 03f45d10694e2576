"""A machine in the words of the compiler's cost model."""

import math

from hwmodel import Machine
from tapeflow.analysis.placement.memory_system import MemorySystem
from tapeflow.tools.pipelines.sram_budget import total_ports


def memory_of(machine: Machine) -> MemorySystem:
    """Totals and latencies of a machine; how its SRAM is split does not matter."""
    cycles_per_ns = machine.clock_hz * 1e-9
    cache, dram = machine.cache, machine.dram
    has_prefetcher = cache.prefetcher != "none"
    return MemorySystem(
        sram_bytes=machine.sram_bytes,
        ports=total_ports(machine),
        cache_ways=cache.ways,
        mshrs=cache.mshrs,
        # The estimates only ask whether there is one: so all degrees share a program.
        prefetch_degree=int(has_prefetcher),
        issue_width=machine.datapath.issue_width,
        window=machine.datapath.window,
        dram_latency_cycles=math.ceil(dram.closed_ns * cycles_per_ns),
        dram_bytes_per_cycle=dram.bandwidth_gb_per_s / cycles_per_ns,
        dma_setup_cycles=machine.dma.setup_cycles,
        dma_channels=machine.dma.channels,
    )
