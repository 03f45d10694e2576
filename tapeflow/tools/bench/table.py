"""The comparison as tables for people: the runs, and their means."""

import math
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from typing import TypeAlias

from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from tapeflow.tools.result_row import Row
from tapeflow.tools.tables import count, nanojoules, ratio, relative_error

BASELINE = "baseline"
OVER_FREE_TAPE = "cycles_over_free_tape"

Column: TypeAlias = tuple[str, Callable[[Row], str], str | None]
"""Heading, text of a row, and the key without which the column is left out."""

COLUMNS: tuple[Column, ...] = (
    ("cycles", lambda r: count(r["cycles"]), None),
    ("speed-\nup", lambda r: ratio(r["speed_up"]), None),
    ("over\nbound", lambda r: ratio(r["cycles_over_bound"]), "bound_cycles"),
    ("over\nfree", lambda r: ratio(r[OVER_FREE_TAPE]), OVER_FREE_TAPE),
    ("cache\nmisses", lambda r: count(r["cache_misses"]), None),
    ("LRU\nmisses", lambda r: optional_count(r["lru_misses"]), "lru_misses"),
    ("optimal\nmisses", lambda r: optional_count(r["optimal_misses"]), "lru_misses"),
    ("DRAM\nbytes", lambda r: count(_dram_bytes(r)), None),
    ("spad\naccesses", lambda r: count(r["scratchpad_accesses"]), None),
    ("cache\naccesses", lambda r: count(r["cache_accesses"]), None),
    ("on-chip\nnJ", lambda r: nanojoules(r["onchip_energy_pj"]), None),
    ("total\nnJ", lambda r: nanojoules(r["total_energy_pj"]), None),
    ("SRAM\nbytes", lambda r: count(r["sram_bytes"]), None),
    ("ports\nc+s", lambda r: ports(r), None),
    ("tape\nbytes", lambda r: count(r["tape_bytes"]), None),
    (
        "gradient\nerror",
        lambda r: relative_error(r["gradient_max_relative_error"]),
        None,
    ),
)
"""Heading and text of each figure of a run."""


def _dram_bytes(row: Row) -> int:
    return row["dram_read_bytes"] + row["dram_write_bytes"]


def ports(row: Row) -> str:
    """Ports of cache and scratchpad, marked where another arm has fewer in all."""
    mark = "*" if row["unequal_ports"] else ""
    return f"{row['cache_ports']}+{row['scratchpad_ports']}{mark}"


def arm_name(row: Row) -> str:
    """The arm; below it what it chose, where it had a choice."""
    layout = row["chosen_layout"]
    choices = [] if layout is None else [str(layout)]
    if row["chosen_prefetcher"] or row["prefetch_degree"]:
        choices.append(prefetcher(row))
    lines = [str(row["pipeline"]), ", ".join(choices)]
    return "\n ".join(line for line in lines if line)


def prefetcher(row: Row) -> str:
    """`no prefetch`, or the prefetcher's name and degree."""
    if row["prefetch_degree"] is None:
        return "no prefetch"
    return f"{row['prefetcher']} {row['prefetch_degree']}"


def optional_count(number: int | None) -> str:
    """A count, or a dash where it is not known."""
    return "-" if number is None else count(number)


def _columns(rows: Sequence[Row]) -> list[Column]:
    """The columns that say something of these rows."""
    known = {key for row in rows for key, value in row.items() if value}
    return [column for column in COLUMNS if column[2] is None or column[2] in known]


def runs_table(rows: Sequence[Row]) -> Table:
    """One row a run, grouped by program; refused runs show their reason."""
    columns = _columns(rows)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    table.add_column("program", no_wrap=True, vertical="bottom")
    table.add_column("pipeline", max_width=36, overflow="fold")
    for heading, _, _ in columns:
        table.add_column(heading, justify="right", no_wrap=True)
    for program, group in groupby(rows, lambda row: row["program"]):
        of_program = list(group)
        baseline = _baseline_of(of_program)
        for number, row in enumerate(of_program):
            name = program if number == 0 else ""
            last = number == len(of_program) - 1
            cells = _cells(row, baseline, columns)
            table.add_row(name, arm_name(row), *cells, end_section=last)
    return table


def _cells(
    row: Row, baseline: Row | None, columns: Sequence[Column]
) -> Iterable[RenderableType]:
    if row["error"] is not None:
        yield Text("refused", style="red")
        return
    compared = row | {"speed_up": improvement(row, baseline, "cycles")}
    for _, text, _ in columns:
        yield text(compared)


def _baseline_of(rows: Iterable[Row]) -> Row | None:
    for row in rows:
        if row["pipeline"] == BASELINE and row["error"] is None:
            return row
    return None


def improvement(row: Row, baseline: Row | None, *keys: str) -> float | None:
    """The baseline's figure (a sum of keys) over the run's: above 1 is better."""
    if baseline is None:
        return None
    own = sum(row[key] for key in keys)
    return sum(baseline[key] for key in keys) / own if own else None


MEANS = {
    "speed-up": ("cycles",),
    "DRAM bytes": ("dram_read_bytes", "dram_write_bytes"),
    "on-chip energy": ("onchip_energy_pj",),
    "total energy": ("total_energy_pj",),
}
"""Heading of each mean and the keys whose sum is compared."""


def means_table(rows: Sequence[Row]) -> Table | None:
    """Geometric means over the programs; None where there is nothing to compare."""
    baselines = {r["program"]: r for r in rows if r is _baseline_of([r])}
    compared = [
        (row, baselines[row["program"]])
        for row in rows
        if row["error"] is None
        and row["pipeline"] != BASELINE
        and row["program"] in baselines
    ]
    if not compared:
        return None
    table = Table(
        title="baseline over pipeline, geometric means: above 1 the pipeline is better",
        title_justify="left",
        title_style="",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
    )
    table.add_column("pipeline", max_width=36, overflow="fold")
    table.add_column("programs", justify="right")
    for heading in MEANS:
        table.add_column(heading, justify="right")
    table.add_column("slower than baseline on", max_width=56)
    for pipeline in dict.fromkeys(row["pipeline"] for row, _ in compared):
        pairs = [pair for pair in compared if pair[0]["pipeline"] == pipeline]
        means = [ratio(_geometric_mean(pairs, keys)) for keys in MEANS.values()]
        table.add_row(pipeline, str(len(pairs)), *means, _losers(pairs))
    return table


def _geometric_mean(
    pairs: Sequence[tuple[Row, Row]], keys: tuple[str, ...]
) -> float | None:
    return _mean([improvement(row, baseline, *keys) for row, baseline in pairs])


def ratios_table(rows: Sequence[Row]) -> Table | None:
    """Geometric means of cycles over bounds and over a free tape; None without."""
    keys = ("cycles_over_bound", OVER_FREE_TAPE)
    ran = [row for row in rows if row["error"] is None]
    if len({r["program"] for r in ran if r["cycles_over_bound"]}) < 2:
        return None
    table = Table(
        title="cycles over the bound and over free-tape, geometric means",
        title_justify="left",
        title_style="",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
    )
    table.add_column("pipeline", max_width=36, overflow="fold")
    for heading in ("programs", "over bound", "over free"):
        table.add_column(heading, justify="right")
    for pipeline in dict.fromkeys(row["pipeline"] for row in ran):
        own = [row for row in ran if row["pipeline"] == pipeline]
        means = [ratio(_mean([row[key] for row in own])) for key in keys]
        table.add_row(pipeline, str(len(own)), *means)
    return table


def _mean(factors: Sequence[float | None]) -> float | None:
    """The geometric mean; None if a factor is not known."""
    known = [factor for factor in factors if factor]
    if len(known) < len(factors):
        return None
    return math.exp(sum(map(math.log, known)) / len(known))


def _losers(pairs: Sequence[tuple[Row, Row]]) -> str:
    factors = {r["program"]: improvement(r, base, "cycles") for r, base in pairs}
    slower = {name: f for name, f in factors.items() if f is not None and f < 1}
    return ", ".join(f"{name} ({f:.3f})" for name, f in slower.items()) or "none"
