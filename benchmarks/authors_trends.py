"""Our machine and the TapeFlow authors' results: `python benchmarks/authors_trends.py`.

Runs the programs that both have, with the tape in arrays behind one cache with one port
(`baseline` on `salam`), over their cache sizes, and compares trends: miss rates over
cache sizes, the size behind which most of the misses are gone, and the order of
programs. Sizes and sources of the programs differ, so ranks are compared, not values.
What is saved is saved under `save-all`, which is nearer to theirs.
"""

import argparse
import csv
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from hwmodel import Machine, override, preset
from tapeflow.backend.gradient import GradientResult
from tapeflow.tools.bench.cases import program_cases
from tapeflow.tools.pipelines.on_machine import fit_pipeline

RESULTS = Path(__file__).with_name("data") / "tapeflow_authors.csv"
PROGRAMS = {
    "logsumexp": "logsum",
    "matdescent": "matd",
    "mttkrp": "mttkrp",
    "nn": "nn",
    "gravity": "gravity",
    "pathfinder": "pathfinder",
    "somier": "somier",
    "sddmm": "sddmm",
    "lenet": "alexnet",
}
"""Our name to theirs; lenet is another network, sddmm's rows of theirs are doubtful."""

SALAM = preset("salam")
POLICY = "policy=save-all as-written=true"
"""Their programs keep tapes that our minimum cut would not save."""
CACHE_BYTES = 16384

MIXED_FROM = {"gravity": 65536, "matd": 65536, "sddmm": 65536}
"""Cache sizes from which their rows mix configurations."""


@dataclass(frozen=True)
class Point:
    """One program at one cache size."""

    accesses: int
    misses: int
    cycles: int

    @property
    def miss_rate(self) -> float:
        """Misses per access."""
        return self.misses / self.accesses


Series = Mapping[int, Point]
"""By cache size in bytes."""


def authors_series(chosen: str, arm: str) -> Mapping[str, Series]:
    """One arm of one set of their runs, by their program names."""
    series: dict[str, dict[int, Point]] = {}
    with RESULTS.open() as file:
        for row in csv.DictReader(file):
            size, name = int(row["cache_bytes"]), row["benchmark"]
            is_mixed = size >= MIXED_FROM.get(name, size + 1)
            if row["set"] == chosen and row["arm"] == arm and not is_mixed:
                accesses = int(row["fwd_cache_accesses"])
                accesses += int(row["rev_cache_accesses"])
                points = series.setdefault(name, {})
                misses, cycles = int(row["cache_misses"]), int(row["total_cycles"])
                points[size] = Point(accesses, misses, cycles)
    return series


def one_cache(size: int) -> Machine:
    """`salam` with one cache of that size, one port, and nothing else on chip."""
    machine = SALAM
    for change in ("scratchpad.capacity_bytes=0", "scratchpad.ports=0"):
        machine = override(machine, change)
    machine = override(machine, "cache.ports=1")
    return override(machine, f"cache.capacity_bytes={size}")


def our_series(name: str, size: str, cache_sizes: Sequence[int]) -> Series:
    """The same of one of our programs."""
    (case,) = program_cases((name,), size, 0)
    request = case.request
    gradient = request.compile(fit_pipeline(f"baseline{{{POLICY}}}", SALAM))
    points: dict[int, Point] = {}
    for cache_size in cache_sizes:
        run = gradient.run(request.inputs, machine=one_cache(cache_size))
        points[cache_size] = point_of(run)
    return points


def point_of(run: GradientResult) -> Point:
    """What the comparison uses of a run."""
    counters = run.counters
    assert counters is not None
    return Point(counters.cache_accesses, counters.cache_misses, counters.cycles)


def our_streams(name: str, size: str) -> Point:
    """Streamed on `salam`: a port and 15 KB of cache, a port and 1 KB of scratchpad."""
    (case,) = program_cases((name,), size, 0)
    return point_of(
        case.request.run(
            fit_pipeline(f"streams{{places=stream {POLICY}}}", SALAM), "compiled"
        )
    )


def ranks(values: Sequence[float]) -> list[float]:
    """Places from the smallest on; equal values share the middle one."""
    return [
        (sum(v < value for v in values) + sum(v <= value for v in values) + 1) / 2
        for value in values
    ]


def spearman(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Rank correlation; 0 where one side has all values equal."""
    try:
        return statistics.correlation(ranks(ours), ranks(theirs))
    except statistics.StatisticsError:
        return 0.0


def knee(series: Series) -> int:
    """The smallest cache that removes half of the misses that the largest removes."""
    rates = {size: point.miss_rate for size, point in sorted(series.items())}
    middle = (max(rates.values()) + min(rates.values())) / 2
    return next(size for size, rate in rates.items() if rate <= middle)


def trend_rows(
    ours: Mapping[str, Series], theirs: Mapping[str, Series]
) -> Iterator[list[str]]:
    """Per program: both miss rates over cache sizes, their rank correlation, knees."""
    for name, series in ours.items():
        other = theirs[PROGRAMS[name]]
        both = [[s[size].miss_rate for size in other] for s in (series, other)]
        pairs = [f"{100 * a:.1f}/{100 * b:.1f}" for a, b in zip(*both, strict=True)]
        pairs += [""] * (len(series) - len(other))
        knees = f"{knee({k: series[k] for k in other})}/{knee(other)}"
        yield [name, *pairs, f"{spearman(*both):.2f}", knees]


def order_lines(
    ours: Mapping[str, Series], theirs: Mapping[str, Series]
) -> Iterator[str]:
    """How far the programs come in the same order."""
    for size in (1024, 4096, 16384, 32768):
        rates = [
            [series[name][size].miss_rate for name in names]
            for series, names in (
                (ours, ours),
                (theirs, [PROGRAMS[name] for name in ours]),
            )
        ]
        yield f"order by miss rate at {size} bytes: Spearman {spearman(*rates):.2f}"
    accesses = [
        [series[CACHE_BYTES].accesses for series in ours.values()],
        [theirs[PROGRAMS[name]][CACHE_BYTES].accesses for name in ours],
    ]
    yield f"order by cache accesses: Spearman {spearman(*accesses):.2f}"
    for name, mine, other in zip(ours, *accesses, strict=True):
        yield f"  {name}: {mine:,} accesses here, {other:,} there"


def streaming_lines(
    ours: Mapping[str, Series], options: argparse.Namespace
) -> Iterator[str]:
    """What a second port and streaming take away, beside one cache of 16 KB."""
    arms = [authors_series(options.set, arm) for arm in ("enzyme", "tapeflow")]
    figures: list[tuple[float, ...]] = []
    for name, series in ours.items():
        before, after = series[CACHE_BYTES], our_streams(name, options.size)
        other = [arm[PROGRAMS[name]][CACHE_BYTES] for arm in arms]
        figures.append(
            (
                before.accesses / after.accesses,
                other[0].accesses / other[1].accesses,
                before.cycles / after.cycles,
                other[0].cycles / other[1].cycles,
            )
        )
        texts = "accesses {:.2f} ours, {:.2f} theirs; cycles {:.2f}, {:.2f}"
        yield f"  {name}: {texts.format(*figures[-1])}"
    columns = list(zip(*figures, strict=True))
    yield f"order by accesses: Spearman {spearman(columns[0], columns[1]):.2f}"
    yield f"order by cycles: Spearman {spearman(columns[2], columns[3]):.2f}"
    of_cycles = [spearman(columns[k], columns[k + 2]) for k in (0, 1)]
    texts = "accesses against cycles: Spearman {:.2f} ours, {:.2f} theirs"
    yield texts.format(*of_cycles)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", default="paper", help="of our programs")
    parser.add_argument("--set", default="sweep", choices=("sweep", "mini", "8ILP"))
    options = parser.parse_args()
    theirs = authors_series(options.set, "enzyme")
    sizes = sorted({size for series in theirs.values() for size in series})
    ours = {name: our_series(name, options.size, sizes) for name in PROGRAMS}
    table = Table("program", title="misses per 100 accesses, ours/theirs")
    for size in sizes:
        table.add_column(f"{size // 1024} KB" if size >= 1024 else f"{size} B")
    table.add_column("Spearman")
    table.add_column("knee, bytes")
    for row in trend_rows(ours, theirs):
        table.add_row(*row)
    console = Console(width=150)
    console.print(table)
    for line in order_lines(ours, theirs):
        console.print(line, highlight=False)
    console.print("One cache and one port over streaming with a port beside it:")
    for line in streaming_lines(ours, options):
        console.print(line, highlight=False)


if __name__ == "__main__":
    main()
