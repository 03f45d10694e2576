"""Compare thousands of random programs: `python -m tests.random_programs`.

Prints the seed of a program that fails and writes it, reduced, to a file.
"""

import os
import signal
import sys
from contextlib import closing
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from tapeflow.backend.execute import Engine

from .report import Report
from .report_tables import show
from .runner import Finding, Runner

ENGINES: tuple[Engine, ...] = ("reference", "compiled")


@click.command()
@click.option("--count", default=1000, show_default=True, help="How many programs.")
@click.option("--seed", default=0, show_default=True, help="The first one's seed.")
@click.option(
    "--jobs", default=os.cpu_count() or 1, help="Processes; by default one a core."
)
@click.option(
    "--levels-every",
    default=20,
    show_default=True,
    help="Run one program in so many after every pass; 0: none.",
)
@click.option(
    "--seconds", default=60.0, show_default=True, help="How long a program may take."
)
@click.option(
    "--engine",
    type=click.Choice(ENGINES),
    default=ENGINES[0],
    show_default=True,
    help="How programs are run.",
)
@click.option(
    "--reduce-tries",
    default=400,
    show_default=True,
    help="Smaller programs to try for each failure; 0: none.",
)
@click.option("--stop-at-first", is_flag=True, help="End with the first failure.")
@click.option(
    "--apart",
    multiple=True,
    help="A construct whose programs may fail; they are listed apart.",
)
@click.option(
    "--output",
    type=click.Path(exists=True, file_okay=False, writable=True, path_type=Path),
    default=Path(),
    help="Directory for the failing programs, reduced.",
)
def main(
    count: int,
    seed: int,
    jobs: int,
    levels_every: int,
    seconds: float,
    engine: Engine,
    reduce_tries: int,
    stop_at_first: bool,
    apart: tuple[str, ...],
    output: Path,
) -> None:
    """Differentiate random programs and compare them with forward mode."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # As Ctrl-C, it tells.
    console, report = Console(), Report(apart)
    runner = Runner(seed, count, jobs, engine, levels_every, seconds, reduce_tries)
    interrupted = False
    with Progress(console=console) as progress, closing(runner.run()) as findings:
        task = progress.add_task("programs", total=count)
        try:
            for finding in findings:
                report.add(finding)
                progress.advance(task)
                if finding.failure is not None:
                    _tell(console, finding, output)
                    if stop_at_first:
                        break
        except KeyboardInterrupt:
            interrupted = True
    show(console, report)
    if (first := report.next_seed(seed)) < seed + count:
        left = seed + count - first
        console.print(f"go on with: --seed {first} --count {left}")
    if interrupted:
        sys.exit(130)
    sys.exit(1 if report.failed else 0 if report.passes_enough else 2)


def _tell(console: Console, finding: Finding, output: Path) -> None:
    assert finding.failure is not None
    lines = [f"seed {finding.seed}: {finding.failure.title}"]
    if finding.reduced is not None:
        path = output / f"random-program-{finding.seed}.mlir"
        path.write_text(finding.reduced)
        lines.append(f"reduced program: {path}")
    console.print("\n".join(lines), markup=False, soft_wrap=True)


if __name__ == "__main__":
    main()
