"""Compare thousands of random programs: `python -m tests.random_programs`.

Prints the seed of a program that fails and writes it, reduced, to a file.
"""

import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import cast

import click
from rich.console import Console
from rich.progress import Progress
from xdsl.dialects.builtin import ModuleOp

from tapeflow.backend.execute import Engine
from tapeflow.frontend.reader import parse_module
from tapeflow.tools.smaller_programs import Reducer, text_of

from .compare import CONTEXT, compare
from .generate import FUNCTION, Case, generate

ENGINES = ("reference", "compiled")


@click.command()
@click.option("--count", default=1000, show_default=True, help="How many programs.")
@click.option("--seed", default=0, show_default=True, help="The first one's seed.")
@click.option(
    "--levels-every",
    default=20,
    show_default=True,
    help="Run one program in so many after every pass; 0: none.",
)
@click.option("--engine", type=click.Choice(ENGINES), default=ENGINES[0])
@click.option("--output", type=click.Path(path_type=Path), default=Path())
def main(count: int, seed: int, levels_every: int, engine: str, output: Path) -> None:
    """Differentiate random programs and compare them with forward mode."""
    console, found = Console(), Counter[str]()
    failed: list[int] = []
    with Progress(console=console) as progress:
        for number in progress.track(range(seed, seed + count), description="programs"):
            levels = levels_every > 0 and number % levels_every == 0
            case = generate(number)
            error = _failure(case, levels, cast(Engine, engine), found)
            if error is None:
                continue
            failed.append(number)
            console.print(f"seed {number}: {_title(error)}", markup=False)
            path = output / f"random-program-{number}.mlir"
            path.write_text(_reduced(case, error, levels, cast(Engine, engine)))
            console.print(f"reduced program: {path}", markup=False)
    for what, times in found.most_common():
        console.print(f"{times:6d}  {what}", markup=False)
    console.print(f"{len(failed):6d}  failed {failed or ''}", markup=False)
    sys.exit(bool(failed))


def _failure(
    case: Case, levels: bool, engine: Engine, found: Counter[str] | None = None
) -> Exception | None:
    try:
        outcome = compare(case, levels=levels, engine=engine)
    except Exception as error:  # a crash of the product is a finding, too
        return error
    if found is not None:
        found.update([outcome.status, *outcome.reasons, *outcome.rings])
    return None


def _reduced(case: Case, error: Exception, levels: bool, engine: Engine) -> str:
    """The text of a small program that fails alike; arguments stay as they are."""

    def fails(candidate: ModuleOp) -> bool:
        smaller = replace(case, text=text_of(candidate))
        return type(_failure(smaller, levels, engine)) is type(error)

    module = parse_module(case.text, "program.mlir", CONTEXT)
    return text_of(Reducer(module, fails, (FUNCTION,)).run())


def _title(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error)[:300]}"


if __name__ == "__main__":
    main()
