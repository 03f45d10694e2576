"""Spoil thousands of inputs: `python -m tests.input_fuzz --count 10000 --jobs 2`.

Writes each input that shows a new fault to a file, and prints what is wrong with it.
"""

import sys
from collections import Counter
from pathlib import Path

import click

from .judge import FAULTS, Verdict, load, make_case
from .workers import verdicts


@click.command()
@click.option("--count", default=1000, show_default=True, help="How many inputs.")
@click.option("--seed", default=0, show_default=True, help="The first one's seed.")
@click.option("--jobs", default=1, show_default=True, help="Processes.")
@click.option("--seconds", default=20.0, show_default=True, help="Limit of a stage.")
@click.option("--output", type=click.Path(path_type=Path), default=Path())
def main(count: int, seed: int, jobs: int, seconds: float, output: Path) -> None:
    """Spoil inputs and check that each runs or ends in one message with a place."""
    outcomes, faults = Counter[str](), Counter[str]()
    load()
    output.mkdir(parents=True, exist_ok=True)
    found = verdicts(range(seed, seed + count), jobs, seconds)
    # No progress bar with a thread: processes are forked.
    with click.progressbar(found, length=count) as progress:
        for number, verdict in progress:
            outcomes[verdict.outcome] += 1
            if verdict.outcome not in FAULTS:
                continue
            faults[verdict.origin] += 1
            if faults[verdict.origin] == 1 or verdict.outcome in ("hang", "crash"):
                click.echo(_save(number, verdict, output))
    for outcome, times in [*outcomes.most_common(), *faults.most_common()]:
        click.echo(f"{times:6d}  {outcome}")
    sys.exit(bool(faults))


def _save(seed: int, verdict: Verdict, output: Path) -> str:
    case = make_case(seed)
    path = output / case.file_name
    path.write_bytes(case.data)
    through = f" through '{case.pipeline}'" if case.pipeline else ""
    message = verdict.message[:500]
    return f"\n{path} ({case.name}{through}): {verdict.outcome}: {message}\n"


if __name__ == "__main__":
    main()
