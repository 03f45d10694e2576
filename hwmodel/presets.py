"""The machines that come with the model, each figure with its source.

`fair` is what a designer would build at 1 GHz: a window and a cache that hide latency
well, so that a compiler-managed tape has to beat something good. `salam` is the kind of
machine the TapeFlow authors simulated with gem5-SALAM. Both have 16 KB of SRAM and the
ports stated; `Machine.without_scratchpad` gives a baseline the same totals.
"""

from __future__ import annotations

from hwmodel.machine import (
    Cache,
    Datapath,
    Dma,
    Dram,
    EnergyChoice,
    Machine,
    Scratchpad,
)

# One 64-bit channel of DDR4-2400 (8 x8 chips): 19.2 GB/s; read latencies of Micron's
# 8 Gb part as gem5 has it, with 10 ns of controller before and after the device;
# 16 banks, 8 chips x 1 KB page = 8 KB rows (data/dram.csv, Micron's datasheet).
_DDR4_2400 = Dram(
    technology="DDR4-2400",
    row_hit_ns=37.5,
    closed_ns=51.7,
    conflict_ns=65.8,
    bandwidth_gb_per_s=19.2,
    banks=16,
    row_bytes=8192,
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
    ),
    scratchpad=Scratchpad(capacity_bytes=1024, ports=2, latency_cycles=1),  # Aladdin
    dma=Dma(
        setup_cycles=30,  # Aladdin's sweep
        burst_bytes=64,
        channels=4,  # assumption: a few streams side by side
        requests_in_flight=16,  # Aladdin: 8 to 16
    ),
    dram=_DDR4_2400,
    energy=_ENERGY,
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
        ports=1,
    ),
    scratchpad=Scratchpad(
        capacity_bytes=1024,
        ports=1,
        latency_cycles=1,  # gem5-SALAM: 2 ns, within one cycle of 10 ns
    ),
    dma=Dma(
        setup_cycles=23,  # the longer of gem5-SALAM's 100 to 234 ns
        burst_bytes=64,
        channels=4,  # assumption, as in `fair`
        requests_in_flight=16,  # Aladdin: 8 to 16
    ),
    dram=_DDR4_2400,  # 5 cycles closed and 192 B/cycle at this clock
    energy=_ENERGY,
)

PRESETS = {machine.name: machine for machine in (FAIR, SALAM)}
