"""The sheets of the table of tape placements, for terminal and markdown."""

from collections.abc import Sequence
from dataclasses import dataclass

from arms import (
    ATTRIBUTION,
    BASELINE,
    FAIR,
    FREE,
    IDEAL,
    LIFTS,
    POLICIES,
    STAGES,
)
from figures import (
    CYCLES,
    DRAM,
    ENERGY,
    Results,
    arithmetic_mean,
    distance_covered,
    factor,
    factors,
    geometric_mean,
    hidden_share,
    losers,
    loss,
)
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tapeflow.tools.bench.table import prefetcher
from tapeflow.tools.result_row import Row
from tapeflow.tools.tables import ratio

FIGURES = {"cycles": CYCLES, "DRAM bytes": DRAM, "on-chip energy": ENERGY}


@dataclass(frozen=True)
class Sheet:
    """A table with what a reader has to know of it above and below."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = ()

    def show(self, console: Console) -> None:
        """Print it, no cell cut."""
        console.print(f"\n{self.title}", highlight=False, markup=False)
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
        for number, column in enumerate(self.columns):
            justify = "left" if number < 2 else "right"
            table.add_column(column, justify=justify, overflow="fold")
        for row in self.rows:
            table.add_row(*map(escape, row))
        console.print(table)
        for note in self.notes:
            console.print(note, highlight=False, markup=False, soft_wrap=True)

    def markdown(self) -> str:
        """The same as a section of a markdown file."""
        lines = [f"## {self.title}", ""]
        body = [self.columns, ["---"] * len(self.columns), *self.rows]
        lines += [f"| {' | '.join(_cell(text) for text in row)} |" for row in body]
        lines += [line for note in self.notes for line in ("", note)]
        return "\n".join([*lines, ""])


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", ", ")


def percent(share: float | None) -> str:
    """A share in per cent, or a dash."""
    return "-" if share is None else f"{100 * share:.0f}%"


def speed_sheet(results: Results) -> Sheet:
    """One row a program: how much faster each arm is than fair-baseline."""
    arms = (BASELINE, *STAGES, IDEAL, FREE)
    rows: list[list[str]] = []
    for program in results.programs:
        fair = results.ran(program, FAIR)
        cells = ["no tape"] if fair is not None else ["refused"]
        if results.tape_bytes(program):
            gains = (factor(fair, results.ran(program, a), CYCLES) for a in arms)
            cells = [f"{fair['cycles']:,}" if fair else "-", *map(_factor, gains)]
        blank = [""] * (len(arms) + 1 - len(cells))
        rows.append([program, f"{results.tape_bytes(program):,}", *cells, *blank])
    return Sheet(
        f"Cycles of fair-baseline over the arm's ({results.setting.heading})",
        ("program", "tape bytes", FAIR, *arms),
        rows,
        ["Above 1 the arm is faster. The column fair-baseline has its cycles."],
    )


def _factor(number: float | None) -> str:
    return "-" if number is None else f"{number:.3f}"


COLUMNS = (
    *("cycles", "baseline/", "fair/", "DRAM bytes", "baseline/", "fair/"),
    *("on-chip nJ", "baseline/", "fair/", "over bound", "DMA hidden"),
    *("cache + scratchpad", "ports", "places"),
)


def details_sheet(results: Results) -> Sheet:
    """One row a program and arm with all figures."""
    rows: list[list[str]] = []
    for program in results.with_tape():
        bases = [results.ran(program, base) for base in (BASELINE, FAIR)]
        for arm in (BASELINE, FAIR, *STAGES, IDEAL, FREE):
            row = results.ran(program, arm)
            cells = ["-"] * len(COLUMNS) if row is None else _details(row, bases)
            rows.append([program, arm, *cells])
    return Sheet(
        f"Every arm ({results.setting.heading})",
        ("program", "arm", *COLUMNS),
        rows,
        [
            "baseline/ and fair/: the figure of baseline and of fair-baseline over the "
            "arm's, above 1 the arm is better. Over bound: cycles over the largest "
            "lower bound of the program without its tape on the arm's own ports. DMA "
            "hidden: share of the cycles of DMA in which nothing else was held up."
        ],
    )


def _details(row: Row, bases: Sequence[Row | None]) -> list[str]:
    energy = row["onchip_energy_pj"]
    totals = (
        f"{row['cycles']:,}",
        f"{row['dram_read_bytes'] + row['dram_write_bytes']:,}",
        "-" if energy is None else f"{energy / 1000:,.1f}",
    )
    cells: list[str] = []
    for total, keys in zip(totals, FIGURES.values(), strict=True):
        cells += [total, *(_factor(factor(base, row, keys)) for base in bases)]
    chosen = str(row["places"] or row["chosen_layout"] or "")
    return [
        *cells,
        ratio(row["cycles_over_bound"]),
        percent(hidden_share(row)),
        f"{row['cache_bytes']:,} + {row['scratchpad_bytes']:,}",
        f"{row['cache_ports']} + {row['scratchpad_ports']}",
        ", ".join(word for word in (chosen, prefetcher(row)) if word),
    ]


def means_sheet(results: Results) -> Sheet:
    """Means over all programs with a tape, and over those whose tape is large."""
    groups = _groups(results, results.setting.sram_bytes or 0)
    rows = [
        [
            arm,
            name,
            str(len(factors(results, programs, arm, CYCLES, FAIR))),
            *(
                _factor(mean(factors(results, programs, arm, keys, FAIR)))
                for keys in FIGURES.values()
                for mean in (geometric_mean, arithmetic_mean)
            ),
            percent(distance_covered(results, programs, arm)),
        ]
        for name, programs in groups.items()
        for arm in (BASELINE, *STAGES, IDEAL, FREE)
    ]
    means = [f"{name} {kind}" for name in FIGURES for kind in ("geom.", "arith.")]
    return Sheet(
        f"fair-baseline over the arm, means ({results.setting.heading})",
        ("arm", "programs", "number", *means, "of the way to free-tape"),
        rows,
        [
            f"{name}: {', '.join(programs) or 'none'}."
            for name, programs in groups.items()
        ],
    )


def _groups(results: Results, large: int) -> dict[str, list[str]]:
    groups = {
        "with tape": results.with_tape(),
        f"tape > {large:,}": results.with_tape(large),
    }
    return {name: programs for name, programs in groups.items() if programs}


def attribution_sheet(results: Results) -> Sheet:
    """What each part of `streams` does, as geometric means."""
    groups = _groups(results, results.setting.sram_bytes or 0)
    rows = [
        [label, name, str(len(gains[0])), *(_factor(geometric_mean(g)) for g in gains)]
        for name, programs in groups.items()
        for label in ATTRIBUTION
        for gains in (
            [factors(results, programs, label, k, FAIR) for k in FIGURES.values()],
        )
    ]
    return Sheet(
        "Attribution: fair-baseline over the arm, geometric means "
        f"({results.setting.heading})",
        ("arm", "programs", "number", *FIGURES),
        rows,
    )


def losers_sheet(results: Results) -> Sheet:
    """Who loses against fair-baseline, and which restriction it loses by."""
    rows = [
        [
            program,
            arm,
            f"{found.speed_up:.3f}",
            f"{found.more_operations:+.1%}",
            *(percent(found.regained[lift]) for lift in LIFTS),
            found.reason,
        ]
        for program, arm in losers(results)
        for found in (loss(results, program, arm),)
    ]
    return Sheet(
        f"Losers: below 0.98 of fair-baseline ({results.setting.heading})",
        ("program", "arm", "speed-up", "operations", *LIFTS, "reason"),
        rows,
        [
            "Per cent of the loss that are gone when one restriction is lifted from "
            "the same placement: as many ports for cache and scratchpad each as in "
            "all; the cache of the full total; a scratchpad of 1 MB; a DMA set-up of "
            "0 cycles."
        ],
    )


def unequal_sheet(results: Results) -> Sheet:
    """A cache with one port alone against the same with a scratchpad beside it."""
    comparisons = [
        (f"{arm}, {policy}", f"cache, {policy}", policy)
        for policy in POLICIES
        for arm in ("streamed", "decided")
    ]
    comparisons.append(("streamed, min-cut", "cache, save-all", "save-all"))
    rows: list[list[str]] = []
    notes: list[str] = []
    for arm, base, policy in comparisons:
        tapes = {p: results.ran(p, f"cache, {policy}") for p in results.programs}
        sizes = {p: row["tape_bytes"] if row else 0 for p, row in tapes.items()}
        large = [program for program in sizes if sizes[program] > 16384]
        for name, programs in (("all", results.programs), ("tape > 16,384", large)):
            gains = [
                factors(results, programs, arm, keys, base) for keys in FIGURES.values()
            ]
            means = (_factor(geometric_mean(each)) for each in gains)
            rows.append([arm, base, name, str(len(gains[0])), *means])
        note = f"tape > 16,384 under {policy}: {', '.join(large) or 'none'}."
        notes += [note] if note not in notes else []
    notes.append(
        "The authors' raw data give 1.46 in cycles for this comparison at 16 KB."
    )
    return Sheet(
        "Unequal ports: a cache of 16,384 bytes with 1 port alone over the same beside "
        "a scratchpad of 1,024 bytes with another port, geometric means "
        f"({results.setting.heading})",
        ("arm", "base", "programs", "number", *FIGURES),
        rows,
        notes,
    )


def refusals_sheet(all_results: Sequence[Results]) -> Sheet | None:
    """What was refused and why; None where nothing was."""
    rows = [
        [program, arm, results.setting.heading, reason]
        for results in all_results
        for program, arm, reason in results.refusals()
    ]
    columns = ("program", "arm", "setting", "reason")
    return Sheet("Refused", columns, rows) if rows else None
