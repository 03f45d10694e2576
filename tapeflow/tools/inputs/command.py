"""`tapeflow inputs`: the seeded inputs of a benchmark program, as a file."""

from pathlib import Path

import click

from tapeflow.programs import get_program
from tapeflow.tools.array_files import write_arrays
from tapeflow.tools.command_line import Command, OutputFile
from tapeflow.tools.output_files import check_outputs, write_outputs


@click.command("inputs", cls=Command)
@click.argument("program")
@click.option("--size", default="small", show_default=True, help="Size of the inputs.")
@click.option(
    "--seed",
    default=0,
    show_default=True,
    type=click.IntRange(min=0),
    help="Seed of the generator.",
)
@click.option(
    "-o",
    "--output",
    type=OutputFile(),
    required=True,
    help="The .npz file to write, with arrays arg0, arg1, ...",
)
def command(program: str, size: str, seed: int, output: Path) -> None:
    """Write the inputs of PROGRAM, and say how to differentiate it on them.

    Equal seeds give equal inputs.
    """
    check_outputs({"--output": output}, ())
    chosen = get_program(program)
    inputs = chosen.make_inputs(size, seed)
    write_outputs({output: lambda file: write_arrays(file, inputs)})
    wrt = ",".join(map(str, chosen.wrt))
    click.echo(
        f"tapeflow grad {chosen.source_path} --function {chosen.function} "
        f"--wrt {wrt} --inputs {output} --output gradient.npz"
    )
