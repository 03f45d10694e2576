"""Options that several commands share, and what their texts mean."""

from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, fields
from functools import wraps
from pathlib import Path
from typing import Any, TypeAlias, get_args

import click
from xdsl.dialects.builtin import LocationAttr

from hwmodel import MachineError
from tapeflow.analysis.verification.between_passes import verify_each
from tapeflow.backend.execute import DEFAULT_ENGINE, Engine
from tapeflow.backend.runtime.array_type import RequestError
from tapeflow.tools.array_files import ArrayFileError
from tapeflow.tools.command_line import FileName, MachineChange, OutputFile
from tapeflow.tools.pipelines.text import PipelineError
from tapeflow.transforms.pipelines import PIPELINES


class OptionMisuse(Exception):
    """What an option says cannot be; the message begins with the option.

    `location` is where in the program, if one place of it is at fault.
    """

    def __init__(self, message: str, location: LocationAttr | None = None):
        super().__init__(message)
        self.location = location


_MISUSES = (ArrayFileError, MachineError, PipelineError, RequestError)


@contextmanager
def blaming(
    option: str, kinds: tuple[type[Exception], ...] = _MISUSES
) -> Generator[None]:
    """Name the option, and its file if it has one, that an error is about.

    Raises:
        OptionMisuse: for what is wrong with a machine, a pipeline, an array or a name;
            other errors, and those not among `kinds`, pass.
    """
    try:
        yield
    except kinds as error:
        location = error.location if isinstance(error, RequestError) else None
        raise OptionMisuse(f"{option}: {error}", location) from error


FILE, OUTPUT = FileName(), OutputFile()
Function: TypeAlias = Callable[..., None]
"""What decorators make a command of."""


# Generic from click 8.4 on.
class ArgumentNumbers(click.ParamType):  # pyright: ignore[reportMissingTypeArgument]
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
                    f"'{word}' is not an argument number; give numbers such as 0,2, "
                    "counted from 0",
                    param,
                    ctx,
                )
        numbers = tuple(map(int, words))
        for number in numbers:
            if numbers.count(number) > 1:
                self.fail(f"names argument {number} twice", param, ctx)
        return tuple(sorted(numbers))


_WRT_HELP = "Arguments to differentiate for, by number from 0: --wrt 0,2."
_INPUTS_HELP = (
    "Arrays arg0, arg1, ... by argument number, of the arguments' types; 0-d for "
    "scalars."
)
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
    type=MachineChange(),
    help="Change one figure of the machine, such as cache.capacity_bytes=4096, or 4k.",
)
engine_option = click.option(
    "--engine",
    type=click.Choice(get_args(Engine)),
    default=DEFAULT_ENGINE,
    show_default=True,
    help="What runs the program; both give the same figures.",
)
VERIFY_EACH_HELP = (
    "Verify the program behind every pass, not only behind the last; so does the "
    "environment variable TAPEFLOW_VERIFY_EACH=1."
)


def _verify_each(
    context: click.Context, parameter: click.Parameter, is_given: bool
) -> None:
    if is_given:
        verify_each()


verify_each_option = click.option(
    "--verify-each",
    is_flag=True,
    expose_value=False,
    callback=_verify_each,
    help=VERIFY_EACH_HELP,
)
explain_option = click.option(
    "--explain",
    is_flag=True,
    help="Tell where each tape region goes, on standard error, and by which scores: "
    "they rank the places, in cycles, and predict no run.",
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
pipeline_option = click.option(
    "--pipeline", default="streams", show_default=True, help=PIPELINE_HELP
)


@dataclass(frozen=True)
class GradientOptions:
    """The options that say which gradient is asked for, at what, and what runs it."""

    file: Path
    function: str | None
    wrt: tuple[int, ...] | None
    inputs: Path | None
    seeds: Path | None
    pipeline: str
    machine: str
    overrides: tuple[str, ...]
    engine: Engine

    @property
    def files(self) -> tuple[Path, ...]:
        """What is read."""
        files = (self.file, self.inputs, self.seeds)
        return tuple(path for path in files if path is not None)


def gradient_options(*, required: bool = True) -> Callable[[Function], Function]:
    """FILE.mlir and the options down to `--pipeline`, for a command of one gradient.

    With `machine_options` below the command's own, all of them reach the command as
    its first argument, a `GradientOptions`.

    Args:
        required: whether `--wrt` and `--inputs` have to be given.
    """

    def decorate(command: Function) -> Function:
        @wraps(command)
        def bundled(**given: Any) -> None:
            names = (field.name for field in fields(GradientOptions))
            asked = GradientOptions(**{name: given.pop(name) for name in names})
            command(asked, **given)

        return _chain(
            click.argument("file", type=FILE, metavar="FILE.mlir"),
            function_option,
            wrt_option if required else optional_wrt_option,
            inputs_option if required else optional_inputs_option,
            seeds_option,
            pipeline_option,
        )(bundled)

    return decorate


def machine_options(command: Function) -> Function:
    """The machine and the engine, which stand last, and how passes are verified."""
    return _chain(machine_option, set_option, engine_option, verify_each_option)(
        command
    )


def _chain(
    *decorators: Callable[[Function], Function],
) -> Callable[[Function], Function]:
    """Decorators in the order in which `--help` is to show them."""

    def decorate(command: Function) -> Function:
        for decorator in reversed(decorators):
            command = decorator(command)
        return command

    return decorate


def warn(warnings: Iterable[str]) -> None:
    """Print warnings on standard error."""
    for warning in warnings:
        click.echo(f"warning: {warning}", err=True)
