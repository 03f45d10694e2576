"""`tapeflow machine`: a machine as a file to start from."""

import click

from hwmodel import values_of
from tapeflow.tools.command_line import Command, NameOrFile
from tapeflow.tools.gradient_request import read_machine
from tapeflow.tools.options import set_option


@click.command("machine", cls=Command)
@click.argument(
    "machine",
    metavar="PRESET|FILE.toml",
    type=NameOrFile("name a preset or a file ending in .toml"),
)
@set_option
def command(machine: str, overrides: tuple[str, ...]) -> None:
    """Print every field of a machine as TOML, for --machine FILE.toml.

    \b
    tapeflow machine fair > mine.toml
    tapeflow machine fair --set cache.ways=8 > ways.toml

    A file may also say base = "fair" and no more than the fields that differ.
    """
    import tomli_w

    described = read_machine(machine, overrides, given_by=None)
    click.echo(tomli_w.dumps(values_of(described)), nl=False)
