"""`Command`: what all commands of `tapeflow` have in common, and types of options."""

import sys
from collections import Counter
from contextlib import AbstractContextManager, nullcontext, redirect_stdout
from pathlib import Path
from typing import Any

import click

from tapeflow.tools.byte_count import EXAMPLES, bytes_of
from tapeflow.tools.command_error import usage_told_in_lines
from tapeflow.tools.compilation_notice import compilation_told
from tapeflow.tools.output_files import is_standard_output

STANDARD_INPUT = "standard input is /dev/stdin"


class Command(click.Command):
    """A command as all of them are: what is said holds for each.

    An option is taken once only; long compilations are told; where a file that is
    written is standard output, everything else is printed on standard error.
    """

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        """Read its command line."""
        with usage_told_in_lines():
            return super().make_context(*args, **extra)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Refuse an option given twice: click would drop the first value silently."""
        if not ctx.resilient_parsing:
            try:
                _, _, given = self.make_parser(ctx).parse_args(list(args))
            except click.NoSuchOption as error:
                near = self._beginning_with(error.option_name)
                if error.possibilities or not near:
                    raise
                hint = f"{error.message} Did you mean {' or '.join(near)}?"
                raise click.UsageError(hint, ctx) from None
            for option, times in Counter(given).items():
                if times > 1 and _is_single(option):
                    raise click.UsageError(f"{option.opts[-1]} is given twice", ctx)
        return super().parse_args(ctx, args)

    def _beginning_with(self, option: str) -> list[str]:
        """The long options with the first letter of one that there is not."""
        start = f"--{option.lstrip('-')[:1]}"
        names = (name for param in self.params for name in param.opts)
        return sorted(name for name in names if name.startswith(start))

    def invoke(self, ctx: click.Context) -> Any:
        """Run it."""
        with compilation_told(), usage_told_in_lines(), self._printing(ctx):
            return super().invoke(ctx)

    def _printing(self, ctx: click.Context) -> AbstractContextManager[Any]:
        """Within, nothing is printed between the records on standard output."""
        outputs = {p.name for p in self.params if isinstance(p.type, OutputFile)}
        written = [path for name, path in ctx.params.items() if name in outputs]
        if any(path is not None and is_standard_output(path) for path in written):
            return redirect_stdout(sys.stderr)
        return nullcontext()


def _is_single(param: click.Parameter) -> bool:
    """Whether it is an option of which a second value replaces the first."""
    return isinstance(param, click.Option) and not (
        param.multiple or param.count or param.is_flag
    )


class FileName(click.Path):
    """A file to read, or to write. `-` is refused, here for all commands."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Any:
        """The path; fails on `-`, which names a file only as `./-`."""
        if value == "-":
            self.fail(
                f"- is no file name here; {STANDARD_INPUT}, standard output "
                "/dev/stdout",
                param,
                ctx,
            )
        return super().convert(value, param, ctx)


class NameOrFile(click.ParamType):  # pyright: ignore[reportMissingTypeArgument]
    """The name of something known, or a file. `-` is refused as for files."""

    name = "text"

    def __init__(self, instead: str):
        self._instead = instead

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> str:
        """The word as it is; fails on `-`, and says what to write instead."""
        if value == "-":
            self.fail(f"- is no file name here; {self._instead}", param, ctx)
        return value


class OutputFile(FileName):
    """A file to write."""


class ByteCount(click.ParamType):  # pyright: ignore[reportMissingTypeArgument]
    """A number of bytes, with a suffix or without."""

    name = "BYTES"

    def __init__(self, least: int):
        self._least = least

    def convert(
        self,
        value: str | int,
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> int:
        """`"16k"` becomes 16384; fails on what is no number or below the least."""
        number = value if isinstance(value, int) else bytes_of(value)
        if number is None:
            text = f"'{value}' is not a number of bytes such as {EXAMPLES}; k is 1024"
            self.fail(text, param, ctx)
        if number < self._least:
            self.fail(f"{value} is less than {self._least}", param, ctx)
        return number


class MachineChange(click.ParamType):  # pyright: ignore[reportMissingTypeArgument]
    """`KEY=VALUE`; in fields of bytes the value may be as in a `ByteCount`."""

    name = "KEY=VALUE"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> str:
        """`"cache.capacity_bytes=4k"` becomes `"cache.capacity_bytes=4096"`."""
        key, equals, text = value.partition("=")
        number = bytes_of(text) if key.strip().endswith("_bytes") else None
        return value if number is None else f"{key}{equals}{number}"
