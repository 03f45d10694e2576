"""How far `hwmodel` is from the event-driven model, for every program.

`python -m tests.independent.event_model --help`
"""

from collections.abc import Iterator, Sequence
from statistics import median

import click
from rich.console import Console
from rich.table import Table
from xdsl.utils.exceptions import DiagnosticException

from hwmodel import Machine, MachineError
from tapeflow.programs import PROGRAMS, ProgramError
from tapeflow.tools.diagnostics import failure_message
from tapeflow.tools.gradient_request import read_machine

from .compare import Comparison, compare

COUNTERS = ("cycles", "cache_misses", "write_backs")
ROW_MISSES = ("dram_read_row_misses", "dram_write_row_misses")


@click.command()
@click.argument("programs", nargs=-1)
@click.option("--size", default="tiny", show_default=True)
@click.option("--machine", "machines", default="fair,salam", show_default=True)
@click.option(
    "--pipeline",
    "pipelines",
    default="baseline{as-written=true},streams{places=stream as-written=true}",
    show_default=True,
)
@click.option("--set", "changes", multiple=True, help="Override, as for `bench`.")
def main(
    programs: Sequence[str],
    size: str,
    machines: str,
    pipelines: str,
    changes: tuple[str, ...],
) -> None:
    """Counts of `hwmodel` over those of the event-driven model, and their errors."""
    console = Console(width=130)
    names = programs or [program.name for program in PROGRAMS]
    try:
        for name in machines.split(","):
            machine = read_machine(name, changes)
            rows = list(_rows(console, names, size, pipelines.split(","), machine))
            console.print(_table(f"{name}, size {size} {' '.join(changes)}", rows))
            console.print(_summary(rows))
    except (MachineError, ProgramError) as error:
        raise click.ClickException(str(error)) from error


def _rows(
    console: Console,
    programs: Sequence[str],
    size: str,
    pipelines: Sequence[str],
    machine: Machine,
) -> Iterator[Comparison]:
    for program in programs:
        for pipeline in pipelines:
            try:
                yield compare(program, size, pipeline, machine)
            except DiagnosticException as error:
                reason = failure_message(error).splitlines()[0]
                console.print(f"{program} {pipeline}: {reason}", soft_wrap=True)


def _table(title: str, rows: Sequence[Comparison]) -> Table:
    table = Table(
        "program", "pipeline", "operations", title=title, title_justify="left"
    )
    for counter in COUNTERS:
        table.add_column(counter.replace("_", " "), justify="right")
        table.add_column("error", justify="right")
    table.add_column("row misses", justify="right")
    for row in rows:
        cells = [row.program, row.pipeline, f"{row.compiled['operations']:,}"]
        for counter in COUNTERS:
            both = [counts.get(counter, 0) for counts in row.counts]
            cells += ["{:,} / {:,}".format(*both), f"{row.error(counter):+.1%}"]
        misses = [sum(c.get(n, 0) for n in ROW_MISSES) for c in row.counts]
        table.add_row(*cells, "{:,} / {:,}".format(*misses))
    return table


def _summary(rows: Sequence[Comparison]) -> str:
    lines: list[str] = []
    for counter in COUNTERS:
        errors = sorted(abs(row.error(counter)) for row in rows)
        worst = max(rows, key=lambda row: abs(row.error(counter)))
        lines.append(
            f"{counter}: median |error| {median(errors):.2%}, largest "
            f"{worst.error(counter):+.2%} ({worst.program} {worst.pipeline})"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
