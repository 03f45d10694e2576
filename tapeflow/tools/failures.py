"""The one message with which a command of `tapeflow` ends when it cannot go on."""

from typing import IO, Any

import click

from tapeflow.backend.runtime.execution_error import ExecutionError
from tapeflow.tools.diagnostics import Message, message_of


class CommandError(click.ClickException):
    """The end of a command; its message is complete."""

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the message and nothing more."""
        click.echo(self.message, file=file, err=file is None)


def failure_message(error: BaseException) -> str:
    """`PLACE: error: WHAT`, or `tapeflow: error: WHAT` where there is no place."""
    if isinstance(error, ExecutionError):
        message = Message(error.message, error.location)
    else:
        message = message_of(error)
    text = message.render("tapeflow")
    if message.is_internal:
        text += (
            "\nThis is a bug in tapeflow; 'tapeflow --traceback ...' shows where, and "
            "'tapeflow reduce' makes the program small."
        )
    return text
