"""`tapeflow bench`: every program at every pipeline on the machine, in one table."""

from collections.abc import Sequence
from pathlib import Path

import click
from click.core import ParameterSource
from rich.console import Console

from tapeflow.backend.execute import Engine
from tapeflow.tools.bench.arms import (
    ARMS,
    FAIR_BASELINE,
    KNOWN_ARMS,
    Arm,
    PrefetcherChoice,
    make_arm,
)
from tapeflow.tools.bench.cases import (
    CaseSource,
    file_source,
    is_file,
    load_case,
    program_sources,
)
from tapeflow.tools.bench.kept_runs import KeptRuns
from tapeflow.tools.bench.level_commands import level_commands
from tapeflow.tools.bench.notes import notes_on
from tapeflow.tools.bench.runs import Measured, available_cores, measure_all
from tapeflow.tools.bench.table import EVERYTHING, VIEWS, means_table, runs_table
from tapeflow.tools.command_error import CommandError
from tapeflow.tools.command_line import STANDARD_INPUT, ByteCount, Command, NameOrFile
from tapeflow.tools.gradient_request import read_target
from tapeflow.tools.interruption import exit_code_of
from tapeflow.tools.options import (
    FILE,
    OUTPUT,
    PIPELINE_HELP,
    blaming,
    engine_option,
    explain_option,
    function_option,
    machine_option,
    optional_inputs_option,
    optional_wrt_option,
    seeds_option,
    set_option,
    tape_report_option,
    verify_each_option,
    warn,
)
from tapeflow.tools.output_files import Writer, check_outputs, write_outputs
from tapeflow.tools.pipelines.on_machine import (
    Prefetcher,
    Target,
    separate_pipelines,
)
from tapeflow.tools.pipelines.sram_budget import SramBudget
from tapeflow.tools.pipelines.text import PipelineError, parse_pipeline
from tapeflow.tools.result_row import Row, write_csv, write_json
from tapeflow.tools.tables import show
from tapeflow.tools.tape.table import show_tapes


@click.command("bench", cls=Command)
@click.argument(
    "programs",
    nargs=-1,
    metavar="[PROGRAM ... | FILE.mlir]",
    type=NameOrFile(STANDARD_INPUT),
)
@function_option
@optional_wrt_option
@optional_inputs_option
@seeds_option
@click.option(
    "--pipeline",
    "pipelines",
    multiple=True,
    help=f"{FAIR_BASELINE} (the best of all layouts behind the cache, with and without "
    f"prefetcher), {PIPELINE_HELP} An option with a dot is a field of the machine, as "
    "in 'baseline{cache.prefetcher=stride}'. May be repeated; by default all named "
    "ones.",
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
@click.option(
    "--sram-bytes",
    type=ByteCount(least=1),
    help="SRAM of every arm in all: cache alone, or split between cache and "
    "scratchpad, by rule or by --set scratchpad.capacity_bytes=N. 16k is "
    "16384, 1M 1024k.",
)
@click.option(
    "--ports",
    type=click.IntRange(min=1),
    help="Memory ports of every arm in all; half of them the scratchpad's, if there "
    "is one, or by --set scratchpad.ports=N.",
)
@click.option(
    "--prefetcher",
    type=PrefetcherChoice(),
    default=(),
    help="Prefetcher of every arm that does not choose its own: none, next-line, "
    "stride or markov, with a degree as in stride:4; or best, of none and stride with "
    "several degrees.",
)
@click.option(
    "--belady",
    is_flag=True,
    help="Also replay the accesses of each arm under LRU and optimal replacement.",
)
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    help="Processes that run at a time; by default one for each core.",
)
@click.option(
    "--keep",
    type=FILE,
    metavar="DIRECTORY",
    help="Keep each finished run here: the same command goes on where it was ended. "
    "Runs of other sources of tapeflow are not used.",
)
@click.option("--json", "json_path", type=OUTPUT, help="Write the rows here.")
@click.option("--csv", "csv_path", type=OUTPUT, help="Write the rows here.")
@click.option(
    "--view",
    type=click.Choice(tuple(VIEWS)),
    help="The columns of the table: a summary, words and bytes that move, or energy by "
    "component; by default summary, with --belady traffic.",
)
@click.option("--wide", is_flag=True, help="Show all columns, however wide.")
@explain_option
@tape_report_option
@engine_option
@verify_each_option
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
    sram_bytes: int | None,
    ports: int | None,
    prefetcher: tuple[Prefetcher, ...],
    belady: bool,
    jobs: int | None,
    keep: Path | None,
    json_path: Path | None,
    csv_path: Path | None,
    view: str | None,
    wide: bool,
    explain: bool,
    tape_report: bool,
    engine: Engine,
    show_commands: bool,
) -> None:
    """Compare pipelines on benchmark programs, or on a function of your own.

    Without PROGRAM four of them run. PROGRAM `all` is the sixteen that means are over;
    `networks` and `simulations` are more. A FILE.mlir needs --wrt and --inputs. Every
    arm has the same SRAM and ports in all. The exit status is 1 if a pipeline refuses a
    program, or if two pipelines disagree in a bit of a value or a gradient.
    """
    read = tuple(path for path in (inputs, seeds) if path is not None)
    check_outputs({"--json": json_path, "--csv": csv_path}, read)
    target = read_target(machine, overrides, SramBudget(sram_bytes, ports))
    with blaming("--pipeline", (PipelineError,)):
        arms = _arms(pipelines, target, prefetcher)
    sources = _sources(programs, size, seed, (function, wrt, inputs, seeds))
    for source in sources:
        warn(load_case(source).request.warnings())
    fitted = [pipeline for arm in arms for pipeline in arm.pipelines]
    if show_commands:
        for source in sources:
            click.echo("\n".join(level_commands(load_case(source).request, fitted)))
        return
    measured = measure_all(
        sources,
        arms,
        engine,
        jobs=jobs or available_cores(),
        kept=KeptRuns(keep),
        with_optimal=belady,
    )
    if not (rows := measured.rows):
        raise _end_early(measured, keep)
    _save(rows, json_path, csv_path)
    columns = VIEWS[view or ("traffic" if belady else "summary")]
    tables = [runs_table(rows, EVERYTHING if wide else columns), means_table(rows)]
    notes, is_sound = notes_on(
        rows,
        arms,
        engine,
        target.machine,
        shows_leakage=wide or view == "energy",
        is_complete=measured.stopped is None,
    )
    show(Console(), [table for table in tables if table is not None], notes)
    if measured.stopped is not None:
        raise _end_early(measured, keep)
    if explain:
        _explain(sources, arms)
    if tape_report:
        for source in sources:
            show_tapes(Console(), load_case(source).request, fitted, engine)
    if not is_sound:
        raise click.exceptions.Exit(1)


def _end_early(measured: Measured, keep: Path | None) -> Exception:
    """What ends a comparison of which some rows are missing; tells how many."""
    finished = f"{len(measured.rows)} of {measured.asked} rows are finished"
    if keep is not None:
        finished += f"; the same command goes on with what is kept in {keep}"
    if isinstance(measured.stopped, CommandError):
        return CommandError(f"{measured.stopped.message}\n{finished}")
    assert measured.stopped is not None
    click.echo(f"tapeflow: interrupted; {finished}", err=True)
    return click.exceptions.Exit(exit_code_of(measured.stopped))


def _explain(sources: Sequence[CaseSource], arms: Sequence[Arm]) -> None:
    """What the compiler chooses in the first candidate of each arm that decides."""
    fitted = [arm.candidates for arm in arms]
    deciding = [[c.pipeline for c in some if c.pipeline.decides] for some in fitted]
    for source in sources:
        for pipeline in (pipelines[0] for pipelines in deciding if pipelines):
            click.echo(f"{load_case(source).program} at {pipeline.name}:", err=True)
            load_case(source).request.compile(pipeline.explaining())


def _arms(
    pipelines: Sequence[str], target: Target, prefetchers: tuple[Prefetcher, ...]
) -> list[Arm]:
    """The arms asked for, each once."""
    asked = [one for text in pipelines for one in separate_pipelines(text, KNOWN_ARMS)]
    unique = {one.name: one for one in asked or map(parse_pipeline, ARMS)}
    return [make_arm(one, target, prefetchers) for one in unique.values()]


def _sources(
    programs: tuple[str, ...],
    size: str,
    seed: int,
    own: tuple[str | None, tuple[int, ...] | None, Path | None, Path | None],
) -> list[CaseSource]:
    """What is to be run: one file, or benchmark programs."""
    files = [word for word in programs if is_file(word)]
    if files and len(programs) > 1:
        raise click.UsageError("give one file alone, or names of benchmark programs")
    if files:
        _refuse_given("is of a benchmark program, not of a file", "size", "seed")
        return [file_source(Path(files[0]), *own)]
    _refuse_given("needs a FILE.mlir", "function", "wrt", "inputs", "seeds")
    return list(program_sources(programs, size, seed))


def _refuse_given(reason: str, *names: str) -> None:
    """Refuse options of the command line that mean nothing here."""
    context = click.get_current_context()
    for name in names:
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"--{name} {reason}")


def _save(rows: Sequence[Row], json_path: Path | None, csv_path: Path | None) -> None:
    writers: dict[Path, Writer] = {}
    if json_path is not None:
        writers[json_path] = lambda file: write_json(file, rows)
    if csv_path is not None:
        writers[csv_path] = lambda file: write_csv(file, rows)
    write_outputs(writers)
