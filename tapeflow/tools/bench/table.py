"""The comparison as tables for people: the runs, and their means."""

import math
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from typing import TypeAlias

from rich import box
from rich.console import Console, Group, RenderableType
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from tapeflow.tools.bench.row import Record

EXACT_BELOW = 100_000
BASELINE = "baseline"
OVER_FREE_TAPE = "cycles_over_free_tape"

Column: TypeAlias = tuple[str, Callable[[Record], str], str | None]
"""Heading, text of a record, and the key without which the column is left out."""

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


def count(number: int) -> str:
    """A count: exact below 100,000, else four digits with k, M or G."""
    return f"{number:,}" if number < EXACT_BELOW else _short(number)


def _short(number: float) -> str:
    for scale, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= EXACT_BELOW and number >= scale:
            return f"{_four_digits(number / scale)}{letter}"
    return _four_digits(number)


def _four_digits(number: float) -> str:
    digits = max(0, 3 - math.floor(math.log10(number)))
    return f"{number:,.{digits}f}"


def nanojoules(picojoules: float) -> str:
    """An energy in nanojoules, four digits."""
    return _short(picojoules * 1e-3) if picojoules > 0 else "0"


def ratio(number: float | None) -> str:
    """A factor with two decimals, or a dash where there is nothing to compare."""
    return "-" if number is None else f"{number:.2f}"


def relative_error(number: float | None) -> str:
    """An error with two digits, or a dash where nothing was checked."""
    return "-" if number is None else f"{number:.1e}"


def _dram_bytes(record: Record) -> int:
    return record["dram_read_bytes"] + record["dram_write_bytes"]


def ports(record: Record) -> str:
    """Ports of cache and scratchpad, marked where another arm has fewer in all."""
    mark = "*" if record["unequal_ports"] else ""
    return f"{record['cache_ports']}+{record['scratchpad_ports']}{mark}"


def arm_name(record: Record) -> str:
    """The arm; below it what it chose, where it had a choice."""
    layout = record["chosen_layout"]
    choices = [] if layout is None else [str(layout)]
    if record["chosen_prefetcher"] or record["prefetch_degree"]:
        choices.append(prefetcher(record))
    lines = [str(record["pipeline"]), ", ".join(choices)]
    return "\n ".join(line for line in lines if line)


def prefetcher(record: Record) -> str:
    """`no prefetch`, or the prefetcher's name and degree."""
    if record["prefetch_degree"] is None:
        return "no prefetch"
    return f"{record['prefetcher']} {record['prefetch_degree']}"


def optional_count(number: int | None) -> str:
    """A count, or a dash where it is not known."""
    return "-" if number is None else count(number)


def _columns(records: Sequence[Record]) -> list[Column]:
    """The columns that say something of these records."""
    known = {key for record in records for key, value in record.items() if value}
    return [column for column in COLUMNS if column[2] is None or column[2] in known]


def runs_table(records: Sequence[Record]) -> Table:
    """One row a run, grouped by program; refused runs show their reason."""
    columns = _columns(records)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    table.add_column("program", no_wrap=True, vertical="bottom")
    table.add_column("pipeline", max_width=36, overflow="fold")
    for heading, _, _ in columns:
        table.add_column(heading, justify="right", no_wrap=True)
    for program, group in groupby(records, lambda record: record["program"]):
        rows = list(group)
        baseline = _baseline_of(rows)
        for number, record in enumerate(rows):
            name = program if number == 0 else ""
            last = number == len(rows) - 1
            cells = _cells(record, baseline, columns)
            table.add_row(name, arm_name(record), *cells, end_section=last)
    return table


def _cells(
    record: Record, baseline: Record | None, columns: Sequence[Column]
) -> Iterable[RenderableType]:
    if record["error"] is not None:
        yield Text("refused", style="red")
        return
    row = record | {"speed_up": improvement(record, baseline, "cycles")}
    for _, text, _ in columns:
        yield text(row)


def _baseline_of(records: Iterable[Record]) -> Record | None:
    for record in records:
        if record["pipeline"] == BASELINE and record["error"] is None:
            return record
    return None


def improvement(record: Record, baseline: Record | None, *keys: str) -> float | None:
    """The baseline's figure (a sum of keys) over the run's: above 1 is better."""
    if baseline is None:
        return None
    own = sum(record[key] for key in keys)
    return sum(baseline[key] for key in keys) / own if own else None


MEANS = {
    "speed-up": ("cycles",),
    "DRAM bytes": ("dram_read_bytes", "dram_write_bytes"),
    "on-chip energy": ("onchip_energy_pj",),
    "total energy": ("total_energy_pj",),
}
"""Heading of each mean and the keys whose sum is compared."""


def means_table(records: Sequence[Record]) -> Table | None:
    """Geometric means over the programs; None where there is nothing to compare."""
    baselines = {r["program"]: r for r in records if r is _baseline_of([r])}
    compared = [
        (record, baselines[record["program"]])
        for record in records
        if record["error"] is None
        and record["pipeline"] != BASELINE
        and record["program"] in baselines
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
    for pipeline in dict.fromkeys(record["pipeline"] for record, _ in compared):
        pairs = [pair for pair in compared if pair[0]["pipeline"] == pipeline]
        means = [ratio(_geometric_mean(pairs, keys)) for keys in MEANS.values()]
        table.add_row(pipeline, str(len(pairs)), *means, _losers(pairs))
    return table


def _geometric_mean(
    pairs: Sequence[tuple[Record, Record]], keys: tuple[str, ...]
) -> float | None:
    return _mean([improvement(record, baseline, *keys) for record, baseline in pairs])


def ratios_table(records: Sequence[Record]) -> Table | None:
    """Geometric means of cycles over bounds and over a free tape; None without."""
    keys = ("cycles_over_bound", OVER_FREE_TAPE)
    ran = [record for record in records if record["error"] is None]
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
    for pipeline in dict.fromkeys(record["pipeline"] for record in ran):
        rows = [record for record in ran if record["pipeline"] == pipeline]
        means = [ratio(_mean([row[key] for row in rows])) for key in keys]
        table.add_row(pipeline, str(len(rows)), *means)
    return table


def _mean(factors: Sequence[float | None]) -> float | None:
    """The geometric mean; None if a factor is not known."""
    known = [factor for factor in factors if factor]
    if len(known) < len(factors):
        return None
    return math.exp(sum(map(math.log, known)) / len(known))


def _losers(pairs: Sequence[tuple[Record, Record]]) -> str:
    factors = {r["program"]: improvement(r, base, "cycles") for r, base in pairs}
    slower = {name: f for name, f in factors.items() if f is not None and f < 1}
    return ", ".join(f"{name} ({f:.3f})" for name, f in slower.items()) or "none"


def show(console: Console, tables: Sequence[Table], notes: Sequence[str]) -> None:
    """Print tables at their full width, never cutting a figure, and notes below."""
    content = Group(*tables)
    options = console.options.update(max_width=10_000)
    needed = max(Measurement.get(console, options, table).maximum for table in tables)
    console.width = max(console.width, needed)
    console.print(content)
    for note in notes:
        console.print(note, highlight=False, markup=False, soft_wrap=True)
