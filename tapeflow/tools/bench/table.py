"""The comparison as tables for people: the runs, and their means."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from rich import box
from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from tapeflow.tools.result_row import Row
from tapeflow.tools.tables import count, nanojoules, ratio, relative_error

BASELINE = "baseline"
OVER_FREE_TAPE = "cycles_over_free_tape"


@dataclass(frozen=True)
class Column:
    """A figure of a run as a column."""

    heading: str
    text: Callable[[Row], str]
    needs: str | None = None
    """The key without which the column is left out."""


CYCLES = Column("cycles", lambda r: count(r["cycles"]))
SPEED_UP = Column("speed-\nup", lambda r: ratio(r["speed_up"]))
DRAM_BYTES = Column("DRAM\nbytes", lambda r: count(_dram_bytes(r)))
TOTAL_ENERGY = Column("total\nnJ", lambda r: nanojoules(r["total_energy_pj"]))
SUMMARY = (
    CYCLES,
    SPEED_UP,
    Column("over\nbound", lambda r: ratio(r["cycles_over_bound"]), "bound_cycles"),
    Column("over\nfree", lambda r: ratio(r[OVER_FREE_TAPE]), OVER_FREE_TAPE),
    DRAM_BYTES,
    TOTAL_ENERGY,
    Column("tape\nbytes", lambda r: count(r["tape_bytes"])),
)
TRAFFIC = (
    Column("cache\nwords", lambda r: count(r["cache_accesses"])),
    Column("cache\nmisses", lambda r: count(r["cache_misses"])),
    Column("LRU\nmisses", lambda r: optional_count(r["lru_misses"]), "lru_misses"),
    Column("best\nmisses", lambda r: optional_count(r["optimal_misses"]), "lru_misses"),
    Column("spad\nwords", lambda r: count(r["scratchpad_accesses"])),
    Column("DMA\nbytes", lambda r: count(r["dma_bytes"])),
    Column("DRAM\nread", lambda r: count(r["dram_read_bytes"])),
    Column("DRAM\nwrite", lambda r: count(r["dram_write_bytes"])),
)
ENERGY = (
    Column("cache\nnJ", lambda r: nanojoules(r["cache_energy_pj"])),
    Column("spad\nnJ", lambda r: nanojoules(r["scratchpad_energy_pj"])),
    Column("DRAM\nnJ", lambda r: nanojoules(r["dram_energy_pj"])),
    Column("compute\nnJ", lambda r: nanojoules(r["compute_energy_pj"])),
    TOTAL_ENERGY,
    Column(
        "SRAM leakage\nnJ, not in total", lambda r: nanojoules(r["sram_leakage_pj"])
    ),
)
REST = (
    Column("SRAM\nbytes", lambda r: count(r["sram_bytes"])),
    Column("ports\nc+s", lambda r: ports(r)),
    Column(
        "gradient\nerror", lambda r: relative_error(r["gradient_max_relative_error"])
    ),
)
VIEWS: Mapping[str, tuple[Column, ...]] = {
    "summary": SUMMARY,
    "traffic": TRAFFIC,
    "energy": ENERGY,
}
"""The columns of each view; all fit in 80 characters."""
EVERYTHING = tuple(dict.fromkeys((*SUMMARY, *TRAFFIC, *ENERGY, *REST)))
"""The columns of the wide table."""


def _dram_bytes(row: Row) -> int:
    return row["dram_read_bytes"] + row["dram_write_bytes"]


def ports(row: Row) -> str:
    """Ports of cache and scratchpad."""
    return f"{row['cache_ports']}+{row['scratchpad_ports']}"


def arm_name(row: Row) -> str:
    """The arm, marked where another has less; below it what it chose, if it did."""
    layout = row["chosen_layout"]
    choices = [] if layout is None else [str(layout)]
    if row["chosen_prefetcher"] or row["prefetch_degree"]:
        choices.append(prefetcher(row))
    mark = " *" if row["unequal_ports"] or row["unequal_sram"] else ""
    lines = [f"{row['pipeline']}{mark}", ", ".join(choices)]
    return "\n ".join(line for line in lines if line)


def prefetcher(row: Row) -> str:
    """`no prefetch`, or the prefetcher's name and degree."""
    if row["prefetch_degree"] is None:
        return "no prefetch"
    return f"{row['prefetcher']} {row['prefetch_degree']}"


def optional_count(number: int | None) -> str:
    """A count, or a dash where it is not known."""
    return "-" if number is None else count(number)


def runs_table(rows: Sequence[Row], columns: Sequence[Column] = SUMMARY) -> Table:
    """One row a run below the name of its program; refused runs are marked.

    Columns that say nothing of these rows are left out.
    """
    known = {key for row in rows for key, value in row.items() if value}
    columns = [c for c in columns if c.needs is None or c.needs in known]
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    table.add_column("program\n pipeline", max_width=24, overflow="fold")
    for column in columns:
        table.add_column(column.heading, justify="right", no_wrap=True)
    for program, group in groupby(rows, lambda row: row["program"]):
        of_program = list(group)
        baseline = _baseline_of(of_program)
        table.add_row(Text(program, style="bold"))
        for number, row in enumerate(of_program):
            last = number == len(of_program) - 1
            cells = _cells(row, baseline, columns)
            name = Padding(arm_name(row), (0, 0, 0, 1))
            table.add_row(name, *cells, end_section=last)
    return table


def _cells(
    row: Row, baseline: Row | None, columns: Sequence[Column]
) -> Iterable[RenderableType]:
    if row["error"] is not None:
        yield Text("refused", style="red")
        return
    compared = row | {"speed_up": improvement(row, baseline, "cycles")}
    for column in columns:
        yield column.text(compared)


def reference_of(rows: Sequence[Row]) -> str:
    """The pipeline that the others are compared with: the baseline, else the first."""
    names = [row["pipeline"] for row in rows]
    return BASELINE if BASELINE in names else next(iter(names), BASELINE)


def _baseline_of(rows: Sequence[Row]) -> Row | None:
    reference = reference_of(rows)
    for row in rows:
        if row["pipeline"] == reference and row["error"] is None:
            return row
    return None


def improvement(row: Row, baseline: Row | None, *keys: str) -> float | None:
    """The baseline's figure (a sum of keys) over the run's: above 1 is better."""
    if baseline is None:
        return None
    own = sum(row[key] for key in keys)
    return sum(baseline[key] for key in keys) / own if own else None


MEANS = {
    "speed-\nup": ("cycles",),
    "DRAM\nbytes": ("dram_read_bytes", "dram_write_bytes"),
    "on-chip\nenergy": ("onchip_energy_pj",),
    "total\nenergy": ("total_energy_pj",),
}
"""Heading of each mean and the keys whose sum is compared."""
RATIOS = {"over\nbound": "cycles_over_bound", "over\nfree": OVER_FREE_TAPE}
"""Heading of each mean of a ratio that a row has, and its key."""


def means_table(rows: Sequence[Row]) -> Table | None:
    """Geometric means over the programs; None where there is nothing to compare."""
    ran = [row for row in rows if row["error"] is None]
    ratios = {h: key for h, key in RATIOS.items() if any(r[key] for r in ran)}
    several = len({row["program"] for row in ran}) > 1
    if not _pairs(rows) and not (ratios and several):
        return None
    reference = reference_of(rows)
    table = Table(
        title=f"geometric means of {reference} over pipeline: above 1 is better",
        title_justify="left",
        title_style="",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        padding=(0, 1, 0, 0),
    )
    table.add_column("pipeline", max_width=24, overflow="fold")
    for heading in ("programs", *MEANS, *ratios):
        table.add_column(heading, justify="right")
    for pipeline in dict.fromkeys(row["pipeline"] for row in ran):
        own = [row for row in ran if row["pipeline"] == pipeline]
        pairs = [pair for pair in _pairs(rows) if pair[0]["pipeline"] == pipeline]
        means = [_geometric_mean(pairs, keys) for keys in MEANS.values()]
        means += [_mean([row[key] for row in own]) for key in ratios.values()]
        table.add_row(pipeline, str(len(own)), *map(ratio, means))
    return table


def _pairs(rows: Sequence[Row]) -> list[tuple[Row, Row]]:
    """Each run of another pipeline than the baseline, with the baseline's."""
    reference = reference_of(rows)
    baselines = {
        row["program"]: row
        for row in rows
        if row["pipeline"] == reference and row["error"] is None
    }
    return [
        (row, baselines[row["program"]])
        for row in rows
        if row["error"] is None
        and row["pipeline"] != reference
        and row["program"] in baselines
    ]


def _geometric_mean(
    pairs: Sequence[tuple[Row, Row]], keys: tuple[str, ...]
) -> float | None:
    return _mean([improvement(row, baseline, *keys) for row, baseline in pairs])


def losers(rows: Sequence[Row]) -> list[str]:
    """A sentence for each pipeline that is slower than the baseline somewhere."""
    slower: dict[str, list[str]] = {}
    for row, baseline in _pairs(rows):
        factor = improvement(row, baseline, "cycles")
        if factor is not None and factor < 1:
            slower.setdefault(row["pipeline"], []).append(
                f"{row['program']} ({factor:.3f})"
            )
    return [
        f"{pipeline} is slower than {reference_of(rows)} on {', '.join(programs)}."
        for pipeline, programs in slower.items()
    ]


def _mean(factors: Sequence[float | None]) -> float | None:
    """The geometric mean; None if there is none or a factor is not known."""
    known = [factor for factor in factors if factor]
    if not known or len(known) < len(factors):
        return None
    return math.exp(sum(map(math.log, known)) / len(known))
