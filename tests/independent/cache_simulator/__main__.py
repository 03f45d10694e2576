"""Compare with pycachesim: `python -m tests.independent.cache_simulator --help`."""

import sys
from importlib.util import find_spec

import click
from rich.console import Console
from rich.table import Table

from .address_traces import all_traces
from .count import SHAPES, Counts, count_here, count_there, keep

COLUMNS = ("trace", "accesses", "sets x ways", "hits", "misses", "write-backs", "")


@click.command()
@click.option("--keep", "is_kept", is_flag=True, help="Write counts.csv.")
def main(is_kept: bool) -> None:
    """Hits, misses and write-backs of every trace, by both simulators."""
    if find_spec("cachesim") is None:
        raise click.ClickException(
            "pycachesim is not installed; with a C compiler at hand, run "
            "'.venv/bin/pip install -e .[simulators]'"
        )
    table, theirs = Table(*COLUMNS), dict[tuple[str, str], Counts]()
    different = 0
    for name, make in all_traces():
        trace = make()
        for shape in SHAPES:
            here, there = count_here(trace, shape), count_there(trace, shape)
            theirs[name, str(shape)] = there
            different += here != there
            cells = [f"{here.hits:,}", f"{here.misses:,}", f"{here.write_backs:,}"]
            verdict = "equal" if here == there else f"pycachesim: {there}"
            table.add_row(name, f"{len(trace):,}", str(shape), *cells, verdict)
    console = Console(width=110)
    console.print(table)
    console.print(f"{different} of {len(theirs)} comparisons differ")
    if is_kept:
        keep(theirs)
    sys.exit(bool(different))


if __name__ == "__main__":
    main()
