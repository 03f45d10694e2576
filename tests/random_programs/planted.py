"""What the random programs can find: `python -m tests.random_programs.planted`.

Plants one known fault after the other in a copy of the product and counts how many
programs are needed until one fails.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from multiprocessing.pool import ThreadPool
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from .fault import Fault
from .planted_faults import FAULTS

ROOT = Path(__file__).parent.parent.parent
PACKAGES = ("tapeflow", "hwmodel", "tests/random_programs")
WIDTH = 80


@dataclass(frozen=True)
class Search:
    """What came of the programs that were run against one fault."""

    name: str
    """The fault's."""
    programs: int
    """How many were drawn; if the fault was found, with the one that failed."""
    symptom: str
    """How that failed; empty if none did."""

    @property
    def text(self) -> str:
        """The answer in words."""
        words = "found after" if self.symptom else "not found in"
        return f"{words} {self.programs:3}"


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
        options = json.dumps([seed, count, fault.levels, fault.needs])
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.random_programs.until_failure", options],
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
            return Search(fault.name, len(output.split()), "")
    *numbers, last = output.splitlines() or [""]
    if last == "none failed":
        return Search(fault.name, len(numbers), "")
    if last.startswith("failed "):
        return Search(fault.name, len(numbers), last.removeprefix("failed "))
    if process.returncode >= 0:
        raise RuntimeError(f"the search for '{fault.name}' broke: {errors}")
    return Search(fault.name, int(last), f"exit code {process.returncode}")


@click.command()
@click.option("--count", default=300, show_default=True, help="Most programs a fault.")
@click.option(
    "--seconds", default=120.0, show_default=True, help="Longest for a fault."
)
@click.option("--seed", default=0, show_default=True, help="The first program's seed.")
@click.option(
    "--jobs", default=os.cpu_count() or 1, help="Processes; by default one a core."
)
@click.option("--only", default="", help="Only faults with this in name or path.")
@click.option(
    "--record",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A file that gets each answer; what is in it is not searched for again.",
)
def main(
    count: int, seconds: float, seed: int, jobs: int, only: str, record: Path | None
) -> None:
    """Tell after how many programs each planted fault is found."""
    console = Console(width=WIDTH)
    chosen = [fault for fault in FAULTS if only in f"{fault.name} {fault.path}"]
    known = _recorded(record)

    def searched(fault: Fault) -> Search:
        if fault.name in known:
            return known[fault.name]
        one = search(fault, count, seed, seconds)
        if record is not None:
            with record.open("a") as file:
                file.write(json.dumps(vars(one)) + "\n")
        return one

    searches: list[Search] = []
    with ThreadPool(jobs) as pool, console.status("searching") as status:
        for one in pool.imap(searched, chosen):
            searches.append(one)
            status.update(escape(f"{len(searches)} of {len(chosen)}: {one.name}"))
    console.print(_table(searches))
    missed = sum(not one.symptom for one in searches)
    console.print(f"found {len(searches) - missed} of {len(searches)}")
    sys.exit(bool(missed))


def _recorded(record: Path | None) -> Mapping[str, Search]:
    """By fault what an earlier run of this command has written."""
    if record is None or not record.exists():
        return {}
    searches = [Search(**json.loads(line)) for line in record.read_text().splitlines()]
    return {one.name: one for one in searches}


def _table(searches: Iterable[Search]) -> Table:
    table = Table("fault", "programs", box=None, padding=(0, 1))
    table.columns[1].no_wrap = True
    for one in searches:
        table.add_row(escape(one.name), one.text)
    return table


if __name__ == "__main__":
    main()
