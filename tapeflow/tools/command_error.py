"""How a command of `tapeflow` ends that cannot do what it is asked for."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import IO, Any

import click

from tapeflow.tools.line_breaks import in_lines


class CommandError(click.ClickException):
    """The end of a command; its message is complete."""

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the message and nothing more."""
        click.echo(self.message, file=file, err=file is None)


@contextmanager
def usage_told_in_lines() -> Generator[None]:
    """Within, what click says of a wrong usage comes in lines that fit the terminal."""
    try:
        yield
    except click.UsageError as error:
        if type(error).show is not click.UsageError.show:  # shows help
            raise
        text = in_lines(error.format_message(), behind="Error: ")
        raise click.UsageError(text, error.ctx) from None
