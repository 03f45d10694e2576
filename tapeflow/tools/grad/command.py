"""`tapeflow grad`: value and gradient of a function, and what they cost."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import click

from tapeflow.backend.gradient import GradientResult
from tapeflow.tools.array_files import Array, write_arrays
from tapeflow.tools.command_line import Command
from tapeflow.tools.grad.trace_files import TraceRequest, trace_options
from tapeflow.tools.gradient_request import read_asked
from tapeflow.tools.line_breaks import in_lines
from tapeflow.tools.options import (
    OUTPUT,
    GradientOptions,
    explain_option,
    gradient_options,
    machine_options,
    tape_report_option,
    warn,
)
from tapeflow.tools.output_files import Writer, check_outputs, write_outputs
from tapeflow.tools.pipelines.fitted import places_of
from tapeflow.tools.result_row import Row, row_of, write_json
from tapeflow.tools.tape.compression_error import (
    compression_error as error_of_compression,
)


@click.command("grad", cls=Command)
@gradient_options()
@click.option(
    "-o",
    "--output",
    type=OUTPUT,
    required=True,
    metavar="OUT.npz",
    help="Where to write value (value0, value1, ... of several results) and grad0, "
    "grad2, ... by argument number.",
)
@click.option("--json", "json_path", type=OUTPUT, help="Write every counter here.")
@click.option(
    "--buffers",
    is_flag=True,
    help="Also write the final contents of buffer arguments, as arg0, arg1, ...",
)
@click.option(
    "--compression-error",
    is_flag=True,
    help="Also print how far a compressed tape takes the gradient: measured, and "
    "estimated to first order. It runs the gradient once more for each region.",
)
@explain_option
@tape_report_option
@trace_options
@machine_options
def command(
    asked: GradientOptions,
    output: Path,
    json_path: Path | None,
    buffers: bool,
    compression_error: bool,
    explain: bool,
    tape_report: bool,
    timeline: Path | None,
    dram_trace: Path | None,
    trace_cycles: tuple[int, int | None],
    trace_events: int,
) -> None:
    """Differentiate a function of FILE.mlir and run its gradient on the accelerator.

    Nothing is written unless everything succeeds.
    """
    traces = TraceRequest(timeline, dram_trace, trace_cycles, trace_events)
    outputs = {"--output": output, "--json": json_path, **traces.outputs}
    check_outputs(outputs, asked.files)
    engine = asked.engine
    fitted, request = read_asked(asked)
    warn(request.warnings())
    compiled = request.compile(fitted.explaining() if explain else fitted)
    used = fitted.machine_of(compiled)
    result = compiled.run(
        request.inputs, request.seeds, machine=used, engine=engine, watch=traces.watch
    )

    arrays = output_arrays(result, with_buffers=buffers)
    writers: dict[Path, Writer] = {output: lambda out: write_arrays(out, arrays)}
    if json_path is not None:
        identity = {
            "program": asked.file.stem,
            "function": request.signature.function,
            "pipeline": asked.pipeline,
            "engine": engine,
            "sram_split": fitted.sram_split,
            "reordered": fitted.reorders_sums,
        }
        statistics = row_of(identity, used, result, None)
        statistics["places"] = places_of(compiled)
        statistics = every_counter(statistics, result)
        writers[json_path] = lambda out: write_json(out, statistics)
    writers |= traces.writers(result.log)
    write_outputs(writers)
    others = [path for path in writers if path != output]
    for line in report_lines(arrays, output, others):
        click.echo(line)
    if compression_error:
        for line in error_of_compression(request, fitted, engine).in_words():
            click.echo(in_lines(line, width=80))
    warn(traces.warnings(result.log))
    if tape_report:
        # Imported late: tables take long to import, and few runs show one.
        from rich.console import Console

        from tapeflow.tools.tape.table import show_tapes

        show_tapes(Console(stderr=True), request, [fitted], engine)


def output_arrays(result: GradientResult, *, with_buffers: bool) -> dict[str, Array]:
    """The arrays of OUT.npz by name."""
    several = len(result.values) > 1
    arrays = {
        f"value{number}" if several else "value": value
        for number, value in enumerate(result.values)
    }
    arrays |= {f"grad{i}": gradient for i, gradient in result.gradients.items()}
    if with_buffers:
        arrays |= {f"arg{i}": contents for i, contents in result.buffers.items()}
    return arrays


def report_lines(
    arrays: Mapping[str, Array], output: Path, others: Sequence[Path]
) -> Iterator[str]:
    """The values and which file holds what; only a name makes a line longer than 80."""
    values = [f"{n} = {a[()]}" for n, a in arrays.items() if n.startswith("value")]
    if values:
        yield in_lines(", ".join(values), width=80)
    yield in_lines(f"{output}: {', '.join(arrays)}", width=80)
    if others:
        yield in_lines(f"also written: {', '.join(map(str, others))}", width=80)


def every_counter(row: Row, result: GradientResult) -> Row:
    """A row of `bench` with the counters that it leaves out."""
    counters = result.counters
    counts = None if counters is None else dict(counters.operation_counts)
    return row | result.figures() | {"operation_counts": counts}
