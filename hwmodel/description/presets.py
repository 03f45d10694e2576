"""The machines that come with the model, each figure with its source.

`fair` is what a designer would build at 1 GHz: a window and a cache that hide latency
well, so that a compiler-managed tape has to beat something good. `wide` is the same
with a datapath that is hardly ever the limit, `hbm` with memory that is not, `edge` a
small one beside a phone's memory. `salam` is the kind of machine the TapeFlow authors
simulated with gem5-SALAM. Ports of cache and scratchpad add up to the machine's total;
`Machine.without_scratchpad` gives a baseline all bytes and all ports. A prefetcher is
there in each and off: `cache.prefetcher` turns it on.
"""

from __future__ import annotations

from dataclasses import replace

from hwmodel.description.figures import read_figures
from hwmodel.description.machine import (
    Cache,
    Datapath,
    Dma,
    Dram,
    EnergyChoice,
    Machine,
    Scratchpad,
)


def memory(technology: str) -> Dram:
    """The DRAM of `data/dram.csv` with that name; latencies with 20 ns of controller.

    Several channels are one bus with the sum of their bandwidths and banks.
    """
    rows = {row["technology"]: row for row in read_figures("dram")}
    row = rows[technology]
    return Dram(
        technology=technology,
        row_hit_ns=float(row["row_hit_ns"]),
        closed_ns=float(row["closed_ns"]),
        conflict_ns=float(row["conflict_ns"]),
        bandwidth_gb_per_s=float(row["bandwidth_gb_per_s"]),
        banks=int(row["banks"]),
        row_bytes=int(row["row_bytes"]),
        row_cycle_ns=float(row["row_cycle_ns"]),
    )


# 45 nm itrs-hp agrees with the published operation energies of the same node; its
# leakage at 350 K is far too large for an accelerator, so leakage is that of
# low-standby cells.
_ENERGY = EnergyChoice(
    technology_nm=45, cell="itrs-hp", leakage_cell="lstp-cell/hp-peri"
)

FAIR = Machine(
    name="fair",
    clock_hz=1e9,
    datapath=Datapath(
        window=128,  # a modest reorder window
        issue_width=4,
        integer_units=0,  # bounded by the issue width alone
        float_units=4,
    ),
    cache=Cache(
        capacity_bytes=15 * 1024,
        ways=4,  # gem5-Aladdin's sweep: 4 ways, 64-byte lines, 16 MSHRs
        line_bytes=64,
        hit_latency_cycles=2,  # 0.3 to 0.6 ns in CACTI, plus the way back
        mshrs=16,
        ports=2,  # of 4 in all, gem5-Aladdin's requests per cycle
        prefetch_degree=4,  # covers a miss at about a line per 15 cycles
    ),
    scratchpad=Scratchpad(
        capacity_bytes=1024,
        ports=2,
        latency_cycles=1,  # Aladdin
        banks=4,  # twice the ports, the usual remedy against conflicts
    ),
    dma=Dma(
        setup_cycles=30,  # Aladdin's sweep
        burst_bytes=64,
        channels=4,  # assumption: a few streams side by side
        requests_in_flight=16,  # Aladdin: 8 to 16
    ),
    dram=memory("DDR4-2400"),
    energy=_ENERGY,
)

WIDE = replace(
    FAIR,
    name="wide",
    datapath=Datapath(
        window=1024,  # twice the reorder buffer of the largest cores
        issue_width=16,
        integer_units=0,
        float_units=16,
    ),
    # Twice the ports and requests of `fair`, to feed four times its width: assumed.
    cache=replace(FAIR.cache, ports=4, mshrs=32),
    scratchpad=replace(FAIR.scratchpad, ports=4, banks=8),
    dma=replace(FAIR.dma, requests_in_flight=32),
)

HBM = replace(
    WIDE,
    name="hbm",
    datapath=replace(WIDE.datapath, window=512, issue_width=8, float_units=8),
    # 256 B/cycle over 54 cycles are 216 lines on their way; 64 are a generous buffer.
    cache=replace(WIDE.cache, mshrs=64),
    dma=replace(WIDE.dma, channels=8, requests_in_flight=64),
    dram=memory("HBM2"),
)

EDGE = Machine(
    name="edge",
    clock_hz=500e6,  # assumption: a low-voltage clock
    datapath=Datapath(
        window=16,  # a scoreboard rather than a reorder buffer
        issue_width=2,
        integer_units=1,
        float_units=1,
    ),
    cache=Cache(
        capacity_bytes=3 * 1024,  # 4 KB in all, an eighth of a phone core's L1
        ways=2,
        line_bytes=64,
        hit_latency_cycles=1,  # CACTI: below 0.6 ns at these sizes
        mshrs=4,
        ports=1,  # of 2 in all
        prefetch_degree=2,
        stride_entries=16,
        markov_entries=256,
    ),
    scratchpad=Scratchpad(capacity_bytes=1024, ports=1, latency_cycles=1, banks=2),
    dma=Dma(
        setup_cycles=30,  # Aladdin's sweep
        burst_bytes=64,
        channels=1,
        requests_in_flight=4,
    ),
    dram=memory("LPDDR4-3200"),
    energy=EnergyChoice(
        technology_nm=22, cell="lstp-cell/hp-peri", leakage_cell="lstp-cell/hp-peri"
    ),
)

SALAM = Machine(
    name="salam",
    clock_hz=100e6,
    datapath=Datapath(
        window=10_000,  # gem5-SALAM's default reservation queue
        issue_width=0,
        integer_units=0,
        float_units=0,
    ),
    cache=Cache(
        capacity_bytes=15 * 1024,
        ways=2,  # TapeFlow's runs: 2 ways, 64-byte lines, 20-cycle hit, 20 MSHRs
        line_bytes=64,
        hit_latency_cycles=20,
        mshrs=20,
        ports=1,  # of 2 in all
    ),
    scratchpad=Scratchpad(
        capacity_bytes=1024,
        ports=1,
        latency_cycles=1,  # gem5-SALAM: 2 ns, within one cycle of 10 ns
        banks=1,
    ),
    dma=Dma(
        setup_cycles=23,  # the longer of gem5-SALAM's 100 to 234 ns
        burst_bytes=64,
        channels=4,  # assumption, as in `fair`
        requests_in_flight=16,  # Aladdin: 8 to 16
    ),
    dram=memory("DDR4-2400"),  # 5 cycles closed and 192 B/cycle at this clock
    energy=_ENERGY,
)

PRESETS = {machine.name: machine for machine in (FAIR, SALAM, WIDE, EDGE, HBM)}
PRESET_MEANINGS = {
    "fair": "What a designer would build at 1 GHz: window 128, issue 4, DDR4.",
    "salam": "As the TapeFlow authors simulated: 100 MHz, window 10 000, slow cache.",
    "wide": "As fair, with a datapath that is hardly ever the limit.",
    "edge": "Small, beside a phone's memory: 500 MHz, window 16, issue 2, LPDDR4.",
    "hbm": "As wide, with memory that is not the limit.",
}
