"""The command `tapeflow`; each subcommand is loaded when it is called."""

import importlib
from typing import Any

import click

from tapeflow.near_names import did_you_mean
from tapeflow.tools.garbage import collect_rarely
from tapeflow.tools.interruption import exit_code_of, signals_raised

COMMANDS = {
    "grad": "Value and gradient of a function in an MLIR file.",
    "bench": "Compare the pipelines on the accelerator model, in one table.",
    "tape": "What a gradient saves, how much of it, and why.",
    "check": "Check a gradient against differences, or a pipeline pass by pass.",
    "reduce": "Shrink a program that fails to a small one that fails alike.",
    "machine": "Print a machine as a TOML file to start from.",
    "list": "List programs, machines, pipelines, policies, places, passes.",
    "inputs": "Write the inputs of a benchmark program to a file.",
}
"""Each subcommand and its sentence; `tapeflow.tools.NAME.command` defines it."""


class LazyGroup(click.Group):
    """A group that imports a subcommand's module only to run it or show its help."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        return importlib.import_module(f"tapeflow.tools.{cmd_name}.command").command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the subcommand; a name that there is not is told with near ones."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            hint = did_you_mean(args[0], COMMANDS)
            raise click.UsageError(f"{error.message}{hint}", ctx) from None

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> Any:
        """Run the subcommand; what it cannot do is told in one message."""
        collect_rarely()
        try:
            with signals_raised():
                return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except KeyboardInterrupt as interrupt:
            click.echo("tapeflow: interrupted", err=True)
            ctx.exit(exit_code_of(interrupt))
        except (SystemExit, BrokenPipeError):
            raise
        except BaseException as error:
            if ctx.params["traceback"]:
                raise
            from tapeflow.tools.command_error import CommandError
            from tapeflow.tools.diagnostics import failure_message

            raise CommandError(failure_message(error)) from None


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="tapeflow", prog_name="tapeflow")
@click.option(
    "--traceback", is_flag=True, help="Show where in tapeflow an error arose."
)
def main(traceback: bool) -> None:
    """Gradients of loop programs whose tape streams through a scratchpad.

    tapeflow-opt runs the passes one by one on MLIR text.
    """
