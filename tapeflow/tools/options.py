"""Options that several commands share, and what their texts mean."""

from collections.abc import Iterable
from pathlib import Path
from typing import get_args

import click

from tapeflow.backend.execute import DEFAULT_ENGINE, Engine
from tapeflow.transforms.pipelines import PIPELINES

FILE = click.Path(path_type=Path)


class ArgumentNumbers(click.ParamType[tuple[int, ...]]):
    """Argument numbers separated by commas, ascending when converted."""

    name = "N,N,..."

    def convert(
        self,
        value: str | tuple[int, ...],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> tuple[int, ...]:
        """`"2,0"` becomes `(0, 2)`; fails on anything but distinct whole numbers."""
        if isinstance(value, tuple):
            return value
        words = [word.strip() for word in value.split(",")]
        if words == [""]:
            self.fail("names no argument; give numbers such as 0,2", param, ctx)
        for word in words:
            if not (word.isascii() and word.isdigit()):
                self.fail(
                    f"'{word}' is not an argument number; give numbers such as 0,2",
                    param,
                    ctx,
                )
        numbers = tuple(map(int, words))
        for number in numbers:
            if numbers.count(number) > 1:
                self.fail(f"names argument {number} twice", param, ctx)
        return tuple(sorted(numbers))


_WRT_HELP = "Arguments to differentiate for, by number from 0: --wrt 0,2."
_INPUTS_HELP = "Arrays arg0, arg1, ...; 0-d for scalars."
_NUMBERS = ArgumentNumbers()

wrt_option = click.option("--wrt", type=_NUMBERS, required=True, help=_WRT_HELP)
optional_wrt_option = click.option("--wrt", type=_NUMBERS, help=_WRT_HELP)
function_option = click.option(
    "--function",
    metavar="NAME",
    help="The function; may be left out where the file has only one.",
)
inputs_option = click.option(
    "--inputs", type=FILE, required=True, metavar="IN.npz", help=_INPUTS_HELP
)
optional_inputs_option = click.option(
    "--inputs", type=FILE, metavar="IN.npz", help=_INPUTS_HELP
)
seeds_option = click.option(
    "--seeds",
    type=FILE,
    metavar="SEEDS.npz",
    help="Arrays seed0 (for result 0) and seed_arg1 (for the final contents of "
    "buffer argument 1). A single float result has 1 by default, all else 0.",
)
machine_option = click.option(
    "--machine",
    default="fair",
    show_default=True,
    metavar="PRESET|FILE.toml",
    help="The accelerator.",
)
set_option = click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    help="Change one figure of the machine, such as cache.capacity_bytes=4096.",
)
engine_option = click.option(
    "--engine",
    type=click.Choice(get_args(Engine)),
    default=DEFAULT_ENGINE,
    show_default=True,
    help="What runs the program; both give the same figures.",
)
explain_option = click.option(
    "--explain",
    is_flag=True,
    help="Tell where each tape region goes and what it was estimated to cost there and "
    "elsewhere, on standard error.",
)
tape_report_option = click.option(
    "--tape-report",
    is_flag=True,
    help="Also print what is on the tape and why, as 'tapeflow tape' does.",
)
PIPELINE_HELP = (
    f"{', '.join(PIPELINES)}, with options as in 'streams{{slots=4}}', or passes as "
    "tapeflow-opt takes them."
)


def warn(warnings: Iterable[str]) -> None:
    """Print warnings on standard error."""
    for warning in warnings:
        click.echo(f"warning: {warning}", err=True)
