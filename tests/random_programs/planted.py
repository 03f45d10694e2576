"""What the random programs can find: `python -m tests.random_programs.planted`.

Plants one known fault after the other in a copy of the product and counts how many
programs are needed until one fails.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.pool import ThreadPool
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from .fault import Fault
from .planted_faults import FAULTS

ROOT = Path(__file__).parent.parent.parent
PACKAGES = ("tapeflow", "hwmodel", "tests/random_programs")


@dataclass(frozen=True)
class Search:
    """What came of the programs that were run against one fault."""

    fault: Fault
    programs: int | None
    """How many it took; None if none failed."""
    symptom: str


class NotPlanted(ValueError):
    """The text of a fault is not exactly once in the product."""


def planted(fault: Fault, source: Path = ROOT) -> str:
    """The file of a fault with the fault in it.

    Raises:
        NotPlanted: the product has changed there.
    """
    text = (source / "tapeflow" / fault.path).read_text()
    if (times := text.count(fault.right)) != 1:
        raise NotPlanted(
            f"'{fault.name}' is at {times} places of {fault.path}; write it anew in "
            "planted_faults.py, or take it out if it became impossible"
        )
    return text.replace(fault.right, fault.wrong)


def search(fault: Fault, count: int, seed: int, seconds: float = 600) -> Search:
    """Run programs against a fault until one fails, ends the process or hangs."""
    with tempfile.TemporaryDirectory() as directory:
        copy = Path(directory)
        for package in PACKAGES:
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / package, copy / package, ignore=ignored)
        (copy / "tapeflow" / fault.path).write_text(planted(fault))
        numbers = (str(number) for number in (seed, count, int(fault.levels)))
        command = [sys.executable, "-m", "tests.random_programs.until_failure"]
        process = subprocess.Popen(
            [*command, *numbers, fault.needs],
            cwd=copy,
            env={**os.environ, "PYTHONPATH": directory},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            output, errors = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            output, errors = process.communicate()
            return Search(fault, None, f"stopped after {len(output.split())} programs")
    *numbers, last = output.splitlines() or [""]
    if last == "none failed":
        return Search(fault, None, "")
    if last.startswith("failed "):
        return Search(fault, len(numbers), last.removeprefix("failed ")[:60])
    if process.returncode >= 0:
        raise RuntimeError(f"the search for '{fault.name}' broke: {errors}")
    return Search(fault, int(last), f"ended with exit code {process.returncode}")


@click.command()
@click.option("--count", default=300, show_default=True, help="Programs tried a fault.")
@click.option(
    "--levels-count",
    default=40,
    show_default=True,
    help="The same, of faults between passes.",
)
@click.option("--seed", default=0, show_default=True, help="The first program's seed.")
@click.option(
    "--jobs", default=os.cpu_count() or 1, help="Processes; by default one a core."
)
@click.option("--only", default="", help="Only faults with this in name or path.")
def main(count: int, levels_count: int, seed: int, jobs: int, only: str) -> None:
    """Tell after how many programs each planted fault is found."""
    console = Console(soft_wrap=True)
    chosen = [fault for fault in FAULTS if only in f"{fault.name} {fault.path}"]
    searches: list[Search] = []

    def searched(fault: Fault) -> Search:
        return search(fault, levels_count if fault.levels else count, seed)

    with ThreadPool(jobs) as pool:
        for one in pool.imap(searched, chosen):
            searches.append(one)
            console.print(_row(one), markup=False)
    console.print(_table(searches))
    missed = [one.fault.name for one in searches if one.programs is None]
    console.print(f"found {len(searches) - len(missed)} of {len(searches)}")
    sys.exit(bool(missed))


def _row(one: Search) -> str:
    return f"{one.programs or 'not found':>9}  {one.fault.name}  {one.symptom}"


def _table(searches: Sequence[Search]) -> Table:
    table = Table("fault", "file", "programs", "as", box=None)
    for one in searches:
        programs = "not found" if one.programs is None else str(one.programs)
        table.add_row(one.fault.name, one.fault.path, programs, one.symptom)
    return table


if __name__ == "__main__":
    main()
