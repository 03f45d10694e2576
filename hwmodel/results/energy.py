"""Energy: counters times picojoules per event, leakage apart.

`total_energy_pj` is dynamic energy. Leakage of the SRAMs and the DRAM's static power
depend on how long the run takes and on cells and temperature; they stand beside it.
Figures are for arrays with one read-write port; the price of more ports is not in them.
Low and high figures are the ends of what is published; they bound a result, one family
of figures at a time, and are no error bars. Finding a line's tag for a prefetch costs
nothing here: it reads a fraction of what the fill that follows writes.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from hwmodel.description.figures import read_figures
from hwmodel.description.machine import PREFETCH_ENTRY_BYTES, Machine
from hwmodel.description.operations import OPERATION_TABLE, Operation
from hwmodel.engine.counters import Counters
from hwmodel.results.sram_energy import Sram, sram

# dram.csv prices accesses of 64 bytes.
_DRAM_ACCESS_BYTES = 64


@dataclass(frozen=True)
class Energy:
    """Picojoules of one run."""

    cache_energy_pj: float
    """Words, line fills, dirty evictions of the cache, and its prefetcher's table."""
    scratchpad_energy_pj: float
    """Word accesses of the datapath and rows of the DMA engine."""
    onchip_energy_pj: float
    """Cache and scratchpad together, dynamic."""
    dram_energy_pj: float
    """Lines read and written, row activation and interface included."""
    dram_energy_low_pj: float
    """The same by the lowest published figure for the technology."""
    dram_energy_high_pj: float
    """The same by the highest published figure for the technology."""
    compute_energy_pj: float
    """Arithmetic, address arithmetic and DMA commands."""
    compute_energy_low_pj: float
    """The same by the low figures of `arithmetic_energy.csv`."""
    compute_energy_high_pj: float
    """The same by the high figures of `arithmetic_energy.csv`."""
    total_energy_pj: float
    """On-chip, DRAM and compute: all dynamic energy."""
    sram_leakage_pj: float
    """Leakage of cache and scratchpad over the run; not in the total."""
    dram_static_pj: float | None
    """The DRAM's background power over the run; not in the total; None if unknown."""

    def as_dict(self) -> dict[str, float | None]:
        """The figures by name."""
        return asdict(self)


def energy_of(counters: Counters, machine: Machine) -> Energy:
    """The energy of a run of `machine` that counted `counters`.

    Raises MachineError if the tables do not cover the machine's cache.
    """
    cache = _cache_pj(counters, machine)
    scratchpad = _scratchpad_pj(counters, machine)
    dram = _dram_pj(counters, machine)
    low, compute, high = _compute_pj(counters, machine)
    dram_low, dram_high = _dram_band_pj(counters, machine, dram)
    run_ns = counters.cycles * machine.period_ns
    static = _dram_row(machine)["static_mw"]
    return Energy(
        cache_energy_pj=cache,
        scratchpad_energy_pj=scratchpad,
        onchip_energy_pj=cache + scratchpad,
        dram_energy_pj=dram,
        dram_energy_low_pj=dram_low,
        dram_energy_high_pj=dram_high,
        compute_energy_pj=compute,
        compute_energy_low_pj=low,
        compute_energy_high_pj=high,
        total_energy_pj=cache + scratchpad + dram + compute,
        sram_leakage_pj=_leakage_mw(machine) * run_ns,
        dram_static_pj=float(static) * run_ns if static else None,
    )


def _compute_pj(counters: Counters, machine: Machine) -> tuple[float, float, float]:
    """Low, nominal and high energy of all operations without memory accesses."""
    totals = [0.0, 0.0, 0.0]
    for name, count in counters.operation_counts.items():
        band = OPERATION_TABLE[Operation[name]].energy_band_pj(
            machine.energy.technology_nm
        )
        totals = [
            total + count * figure for total, figure in zip(totals, band, strict=True)
        ]
    return totals[0], totals[1], totals[2]


def _sram(machine: Machine, structure: str, access_bytes: int, cell: str) -> Sram:
    is_cache = structure != "scratchpad"
    return sram(
        structure,
        (machine.cache if is_cache else machine.scratchpad).capacity_bytes,
        access_bytes,
        machine.energy.technology_nm,
        cell,
        machine.cache.ways if is_cache else 1,
        1 if is_cache else max(1, machine.scratchpad.banks),
    )


def _prefetch_table(machine: Machine, cell: str) -> Sram:
    """The prefetcher's table, an SRAM of 8-byte words."""
    table_bytes = machine.cache.prefetcher_bytes
    return sram("scratchpad", table_bytes, 8, machine.energy.technology_nm, cell)


def _cache_pj(counters: Counters, machine: Machine) -> float:
    cell = machine.energy.cell
    word = _sram(machine, "cache_word", 8, cell)
    line = _sram(machine, "cache_seq", 64, cell)
    lines_per_row = machine.cache.line_bytes / 64
    table = _prefetch_table(machine, cell)
    words = PREFETCH_ENTRY_BYTES / 8
    return (
        counters.cache_reads * word.read_pj
        + counters.cache_writes * word.write_pj
        + counters.line_fills * line.write_pj * lines_per_row
        + counters.write_backs * line.read_pj * lines_per_row
        + counters.prefetcher_lookups * words * (table.read_pj + table.write_pj)
    )


def _scratchpad_pj(counters: Counters, machine: Machine) -> float:
    cell = machine.energy.cell
    word = _sram(machine, "scratchpad", 8, cell)
    row = _sram(machine, "scratchpad", 64, cell)
    rows_per_line = machine.cache.line_bytes / 64
    return (
        counters.scratchpad_reads * word.read_pj
        + counters.scratchpad_writes * word.write_pj
        + counters.dma_lines_out * row.read_pj * rows_per_line
        + counters.dma_lines_in * row.write_pj * rows_per_line
    )


def _dram_row(machine: Machine) -> dict[str, str]:
    for row in read_figures("dram"):
        if row["technology"] == machine.dram.technology:
            return dict(row)
    raise AssertionError(machine.dram.technology)


def _dram_pj(counters: Counters, machine: Machine) -> float:
    row = _dram_row(machine)
    accesses_per_line = machine.cache.line_bytes / _DRAM_ACCESS_BYTES
    per_line = (
        counters.dram_read_row_hits * float(row["read_row_hit_pj"])
        + counters.dram_read_row_misses * float(row["read_row_miss_pj"])
        + counters.dram_write_row_hits * float(row["write_row_hit_pj"])
        + counters.dram_write_row_misses * float(row["write_row_miss_pj"])
    )
    return per_line * accesses_per_line


def _dram_band_pj(
    counters: Counters, machine: Machine, nominal: float
) -> tuple[float, float]:
    """DRAM energy by the lowest and the highest published figure."""
    row = _dram_row(machine)
    moved = counters.dram_read_bytes + counters.dram_write_bytes
    accesses = moved / _DRAM_ACCESS_BYTES
    low, high = row["low_pj"], row["high_pj"]
    return (
        min(nominal, accesses * float(low)) if low else nominal,
        max(nominal, accesses * float(high)) if high else nominal,
    )


def _leakage_mw(machine: Machine) -> float:
    cell = machine.energy.leakage_cell
    return (
        _sram(machine, "cache_word", 8, cell).leakage_mw
        + _sram(machine, "scratchpad", 8, cell).leakage_mw
        + _prefetch_table(machine, cell).leakage_mw
    )
