"""How a command of `tapeflow` ends that cannot do what it is asked for."""

from typing import IO, Any

import click


class CommandError(click.ClickException):
    """The end of a command; its message is complete."""

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the message and nothing more."""
        click.echo(self.message, file=file, err=file is None)
