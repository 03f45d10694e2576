"""`tapeflow bench`: every program at every pipeline on the machine, in one table."""

from collections.abc import Sequence
from pathlib import Path

import click
from click.core import ParameterSource
from rich.console import Console

from tapeflow.backend.execute import Engine
from tapeflow.tools.bench_cases import file_case, is_file, program_cases
from tapeflow.tools.bench_notes import notes_on
from tapeflow.tools.bench_record import Record, write_csv, write_json
from tapeflow.tools.bench_runs import measure_all
from tapeflow.tools.bench_table import means_table, runs_table, show
from tapeflow.tools.gradient_request import read_machine
from tapeflow.tools.level_commands import level_commands
from tapeflow.tools.options import (
    FILE,
    PIPELINE_HELP,
    engine_option,
    function_option,
    machine_option,
    optional_inputs_option,
    optional_wrt_option,
    seeds_option,
    set_option,
    tape_report_option,
    warn,
)
from tapeflow.tools.output_files import Writer, check_outputs, write_outputs
from tapeflow.tools.pipeline_on_machine import fit_pipeline, separate_pipelines
from tapeflow.tools.tape_table import show_tapes
from tapeflow.transforms.pipelines import PIPELINES


@click.command("bench")
@click.argument("programs", nargs=-1, metavar="[PROGRAM ... | FILE.mlir]")
@function_option
@optional_wrt_option
@optional_inputs_option
@seeds_option
@click.option(
    "--pipeline",
    "pipelines",
    multiple=True,
    help=f"{PIPELINE_HELP} May be repeated; by default all named ones.",
)
@click.option(
    "--size",
    default="paper",
    show_default=True,
    help="tiny, small, paper, large or peer.",
)
@click.option(
    "--seed",
    default=0,
    show_default=True,
    type=click.IntRange(min=0),
    help="Seed of the inputs.",
)
@machine_option
@set_option
@click.option("--json", "json_path", type=FILE, help="Write the records here.")
@click.option("--csv", "csv_path", type=FILE, help="Write the records here.")
@tape_report_option
@engine_option
@click.option(
    "--show-commands",
    is_flag=True,
    help="Print the tapeflow-opt commands that show each level instead of running.",
)
def command(
    programs: tuple[str, ...],
    function: str | None,
    wrt: tuple[int, ...] | None,
    inputs: Path | None,
    seeds: Path | None,
    pipelines: tuple[str, ...],
    size: str,
    seed: int,
    machine: str,
    overrides: tuple[str, ...],
    json_path: Path | None,
    csv_path: Path | None,
    tape_report: bool,
    engine: Engine,
    show_commands: bool,
) -> None:
    """Compare pipelines on benchmark programs, or on a function of your own.

    Without PROGRAM four of them run. A FILE.mlir needs --wrt and --inputs.
    The exit status is 1 if a pipeline refuses a program, or if two pipelines disagree
    in a bit of a value or a gradient.
    """
    read = tuple(path for path in (inputs, seeds) if path is not None)
    check_outputs({"--json": json_path, "--csv": csv_path}, read)
    chosen = read_machine(machine, overrides)
    texts = [one for text in pipelines for one in separate_pipelines(text)]
    fitted = [fit_pipeline(text, chosen) for text in dict.fromkeys(texts or PIPELINES)]
    own = (function, wrt, inputs, seeds)
    files = [word for word in programs if is_file(word)]
    if files and len(programs) > 1:
        raise click.UsageError("give one file alone, or names of benchmark programs")
    if files:
        _refuse_given("is of a benchmark program, not of a file", "size", "seed")
        cases = [file_case(Path(files[0]), *own)]
    else:
        _refuse_given("needs a FILE.mlir", "function", "wrt", "inputs", "seeds")
        cases = program_cases(programs, size, seed)
    for case in cases:
        warn(case.request)
    if show_commands:
        for case in cases:
            click.echo("\n".join(level_commands(case.request, fitted)))
        return
    records = measure_all(cases, fitted, engine)
    _save(records, json_path, csv_path)
    tables = [runs_table(records), means_table(records)]
    notes, is_sound = notes_on(records, fitted, engine)
    show(Console(), [table for table in tables if table is not None], notes)
    if tape_report:
        for case in cases:
            show_tapes(Console(), case.request, fitted, engine)
    if not is_sound:
        raise click.exceptions.Exit(1)


def _refuse_given(reason: str, *names: str) -> None:
    """Refuse options of the command line that mean nothing here."""
    context = click.get_current_context()
    for name in names:
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"--{name} {reason}")


def _save(
    records: Sequence[Record], json_path: Path | None, csv_path: Path | None
) -> None:
    writers: dict[Path, Writer] = {}
    if json_path is not None:
        writers[json_path] = lambda file: write_json(file, records)
    if csv_path is not None:
        writers[csv_path] = lambda file: write_csv(file, records)
    write_outputs(writers)
