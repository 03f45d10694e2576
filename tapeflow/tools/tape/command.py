"""`tapeflow tape`: what a gradient saves, how much of it, and why."""

from pathlib import Path
from typing import get_args

import click
from rich.console import Console
from xdsl.utils.arg_spec import ArgSpec, ParameterListType

from hwmodel import preset
from tapeflow.analysis.differentiation.policy import PolicyName, TapePolicy
from tapeflow.backend.execute import Engine
from tapeflow.backend.seeds import seeds_from
from tapeflow.tools.array_files import Array, read_arrays
from tapeflow.tools.command_line import ByteCount, Command
from tapeflow.tools.gradient_request import (
    read_machine,
    read_program,
    require_differentiable,
)
from tapeflow.tools.options import (
    FILE,
    OUTPUT,
    blaming,
    engine_option,
    function_option,
    machine_option,
    optional_inputs_option,
    seeds_option,
    set_option,
    wrt_option,
)
from tapeflow.tools.output_files import check_outputs, write_outputs
from tapeflow.tools.pipelines.on_machine import fit
from tapeflow.tools.pipelines.text import pipeline_of
from tapeflow.tools.result_row import write_json
from tapeflow.tools.tape.bill_json import bill_for_json
from tapeflow.tools.tape.report import (
    Subject,
    abstract_tape_passes,
    bill_for,
    check_limit,
    report_for,
)
from tapeflow.tools.tape.table import beside_machine, show_tape, warnings_on
from tapeflow.transforms.pipelines import BaselinePipeline


@click.command("tape", cls=Command)
@click.argument("file", type=FILE, metavar="FILE.mlir")
@function_option
@wrt_option
@optional_inputs_option
@seeds_option
@click.option(
    "--policy",
    type=click.Choice(get_args(PolicyName)),
    default="min-cut",
    show_default=True,
    help="What goes on the tape.",
)
@click.option(
    "--operations-per-byte",
    type=click.FloatRange(min=0),
    default=TapePolicy.operations_per_byte,
    show_default=True,
    help="Additions that are worth as much as a byte of tape written and read.",
)
@click.option(
    "--assumed-trips",
    type=click.IntRange(min=1),
    default=TapePolicy.assumed_trips,
    show_default=True,
    help="Iterations assumed of a loop whose trip count is not a constant.",
)
@machine_option
@set_option
@click.option("--json", "json_path", type=OUTPUT, help="Write the bill here.")
@click.option(
    "--fail-if-tape-exceeds",
    "limit_bytes",
    type=ByteCount(least=0),
    help="Exit with an error, before anything runs, if the tape is larger. A size that "
    "is not known counts as larger; where data decides it, --inputs are run. 16k is "
    "16384 bytes, 1M 1024k.",
)
@engine_option
def command(
    file: Path,
    function: str | None,
    wrt: tuple[int, ...],
    inputs: Path | None,
    seeds: Path | None,
    policy: PolicyName,
    operations_per_byte: float,
    assumed_trips: int,
    machine: str,
    overrides: tuple[str, ...],
    json_path: Path | None,
    limit_bytes: int | None,
    engine: Engine,
) -> None:
    """Show what the gradient of a function in FILE.mlir saves on its tape.

    Sizes are formulas of the function's sizes; with --inputs also numbers, and how
    long each value lives, both counted by running the gradient.
    """
    read = tuple(path for path in (file, inputs, seeds) if path is not None)
    check_outputs({"--json": json_path}, read)
    accelerator = read_machine(machine, overrides)
    tape_policy = TapePolicy(policy, operations_per_byte, assumed_trips)
    subject = _subject(file, function, wrt, tape_policy, inputs, seeds)
    chosen = bill_for(subject)
    if limit_bytes is not None:
        check_limit(subject, chosen, limit_bytes, engine)
    report = report_for(subject, chosen, engine)
    if json_path is not None:
        bill = bill_for_json(report, str(file))
        write_outputs({json_path: lambda out: write_json(out, bill)})
    console = Console()
    show_tape(console, report)
    place = beside_machine(report.chosen, accelerator)
    if place is not None:
        console.print(place, highlight=False, markup=False)
    for warning in warnings_on(report.chosen):
        click.echo(f"warning: {warning}", err=True)


def _subject(
    file: Path,
    function: str | None,
    wrt: tuple[int, ...],
    policy: TapePolicy,
    inputs: Path | None,
    seeds: Path | None,
) -> Subject:
    if seeds is not None and inputs is None:
        raise click.UsageError("--seeds needs --inputs: seeds are for a run")
    context, module, signature = read_program(file, function)
    require_differentiable(signature, wrt)
    arrays, seed_arrays = None, dict[str, Array]()
    arguments: tuple[Array, ...] = ()
    if inputs is not None:
        with blaming(f"--inputs {inputs}"):
            arrays = read_arrays(inputs)
            arguments = signature.fitted_arguments(arrays)
    if seeds is not None:
        with blaming(f"--seeds {seeds}"):
            seed_arrays = read_arrays(seeds)
            seeded = tuple(seeds_from(signature, seed_arrays, arguments).buffers)
    elif signature.float_results:
        seeded = ()
    else:
        signature.require_objective()
        # The objective is in memory: any buffer may hold it.
        buffers = (p for p in signature.parameters if p.is_buffer)
        seeded = tuple(p.position for p in buffers if p.is_differentiable)
    options: dict[str, ParameterListType] = {
        "policy": (policy.name,),
        "operations-per-byte": (policy.operations_per_byte,),
        "assumed-trips": (policy.assumed_trips,),
    }
    pipeline = pipeline_of(ArgSpec(BaselinePipeline.name, options))
    passes = abstract_tape_passes(fit(pipeline, preset("fair")).passes)
    return Subject(module, context, signature, wrt, seeded, passes, arrays, seed_arrays)
