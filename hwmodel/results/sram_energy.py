"""Energy and leakage of SRAM structures, between the rows of the CACTI table.

Between two tabulated capacities a figure follows the straight line in log-log scale;
beyond the table's ends the outermost line goes on. Associativity takes the next
tabulated number of ways. Accesses are priced at the width they have: a load or store
reads or writes one 8-byte word, also in the cache (`cache_word`); line fills and dirty
evictions move a line of one way (`cache_seq`); DMA moves rows of 64 bytes.

A banked scratchpad costs what one array does times the ratio of CACTI's figures for
so many banks and for one, at 45 nm and between 32 KB and 256 KB. Below 32 KB the ratio
is 1: no gain is claimed that the table does not show.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log

from hwmodel.description.errors import MachineError
from hwmodel.description.figures import read_figures

FIGURES = ("read_pj", "write_pj", "leakage_mw")


@dataclass(frozen=True)
class Sram:
    """One access's energy and the leakage of a structure."""

    read_pj: float
    write_pj: float
    leakage_mw: float


def sram(
    structure: str,
    capacity_bytes: int,
    access_bytes: int,
    technology_nm: int,
    cell: str,
    ways: int = 1,
    banks: int = 1,
) -> Sram:
    """The figures of `structure` (`cache_word`, `cache_seq` or `scratchpad`).

    `banks` are those of a scratchpad, a power of two.

    Raises MachineError if the table has no structure with that many ways.
    """
    if capacity_bytes == 0:
        return Sram(0.0, 0.0, 0.0)
    tabulated = _tabulated_ways(structure, ways)
    rows = sorted(
        (int(row["capacity_bytes"]), *(float(row[name]) for name in FIGURES))
        for row in read_figures("sram_energy")
        if row["structure"] == structure
        and int(row["access_bytes"]) == access_bytes
        and int(row["technology_nm"]) == technology_nm
        and row["cell"] == cell
        and int(row["ways"]) == tabulated
    )
    sizes = [row[0] for row in rows]
    read, write, leakage = (
        log_log(sizes, [row[column] for row in rows], capacity_bytes)
        for column in (1, 2, 3)
    )
    factors = [_bank_factor(name, capacity_bytes, banks) for name in FIGURES]
    return Sram(read * factors[0], write * factors[1], leakage * factors[2])


def _bank_factor(figure: str, capacity_bytes: int, banks: int) -> float:
    """A figure of `banks` banks over that of one, at the same capacity."""
    rows = read_figures("scratchpad_banks")
    sizes = sorted({int(row["capacity_bytes"]) for row in rows})
    if banks == 1 or capacity_bytes < sizes[0]:
        return 1.0
    values = {
        (int(row["capacity_bytes"]), int(row["banks"])): float(row[figure])
        for row in rows
    }
    ratios = [values[size, banks] / values[size, 1] for size in sizes]
    return log_log(sizes, ratios, min(capacity_bytes, sizes[-1]))


def log_log(xs: list[int], ys: list[float], x: float) -> float:
    """`ys` over increasing `xs` at `x`, linear in the logarithms of both."""
    upper = next((i for i, size in enumerate(xs) if size >= x), len(xs) - 1)
    upper = max(1, upper)
    x0, x1, y0, y1 = xs[upper - 1], xs[upper], ys[upper - 1], ys[upper]
    slope = log(y1 / y0) / log(x1 / x0)
    return y0 * exp(slope * log(x / x0))


def _tabulated_ways(structure: str, ways: int) -> int:
    rows = read_figures("sram_energy")
    valid = sorted({int(row["ways"]) for row in rows if row["structure"] == structure})
    for tabulated in valid:
        if tabulated >= ways:
            return tabulated
    raise MachineError(
        f"cache.ways is {ways}; energy figures go up to {valid[-1]} ways"
    )
