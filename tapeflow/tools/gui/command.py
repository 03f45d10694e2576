"""`tapeflow-gui`: xDSL's terminal application with our passes and pipelines.

It takes packages that nothing else needs: the extra `gui`.
"""

from pathlib import Path

import click

from tapeflow.frontend.reader import decode, read_bytes
from tapeflow.tools.command_error import CommandError
from tapeflow.tools.command_line import Command
from tapeflow.tools.diagnostics import failure_message
from tapeflow.tools.gui.choices import all_choices, chosen_passes
from tapeflow.tools.options import FILE

_EXTRA = {"pyclip", "textual"}


@click.command(
    "tapeflow-gui",
    cls=Command,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.argument("file", type=FILE, metavar="[FILE.mlir]", required=False)
@click.option(
    "-p",
    "--passes",
    default="",
    metavar="PIPELINE",
    help="Passes and pipelines to begin with, as for tapeflow-opt.",
)
@click.version_option(package_name="tapeflow", prog_name="tapeflow-gui")
def main(file: Path | None, passes: str) -> None:
    """Apply passes to a program step by step, in the terminal.

    Without a file there is a small program to begin with.
    """
    try:
        run(file, passes)
    except click.ClickException:
        raise
    except Exception as error:
        raise CommandError(failure_message(error)) from None


def run(file: Path | None, passes: str) -> None:
    """Open the application; returns when the user leaves it.

    Raises:
        CommandError: a package of the extra `gui` is missing.
        InputError: the file cannot be read.
        PipelineError: `passes` is not a pipeline.
    """
    try:
        from tapeflow.tools.gui.application import TapeflowApp
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _EXTRA:
            raise
        text = (
            f"{error.name} is not installed: pip install -e '.[gui]' where tapeflow "
            "was cloned"
        )
        raise CommandError(f"tapeflow-gui: error: {text}") from None
    text = None if file is None else decode(read_bytes(file), str(file))
    name = None if file is None else str(file)
    chosen = chosen_passes(passes)
    TapeflowApp(*all_choices(), name, text, chosen).run()
