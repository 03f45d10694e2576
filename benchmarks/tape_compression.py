"""What a compressed tape saves of bytes, traffic and energy, and costs in accuracy.

`python benchmarks/tape_compression.py [--size paper] [--pipeline baseline] [PROGRAM
...]` runs the gradients of all programs at a pipeline with each codec. Beside the exact
tape it prints bytes of tape, of DRAM traffic, energy and cycles, and the error of the
gradient: measured against the exact tape, and estimated to first order.
"""

import argparse
from collections.abc import Iterator

from rich.console import Console
from rich.table import Table

from hwmodel import load_machine
from tapeflow.analysis.tape.codecs import CODECS, NO_CODEC
from tapeflow.programs import PROGRAMS
from tapeflow.tools.bench.cases import Case, program_cases
from tapeflow.tools.pipelines.on_machine import fit
from tapeflow.tools.pipelines.text import Pipeline, parse_pipeline
from tapeflow.tools.tape.compression_error import compression_error

COLUMNS = ("tape B", "DRAM B", "nJ", "cycles", "error", "estimate")


def compressed(pipeline: Pipeline, codec: str) -> Pipeline:
    """The same pipeline with a codec."""
    node = pipeline.only_pass
    assert node is not None, "a named pipeline has a codec"
    options = {**node.spec.parameters, "compress": (codec,)}
    return Pipeline.of(node.saying(node.spec.name, options))


def rows(case: Case, pipeline: Pipeline, machine: str) -> Iterator[tuple[str, ...]]:
    """A row for each codec that compresses anything, the exact tape first."""
    for codec in (NO_CODEC, *CODECS):
        fitted = fit(compressed(pipeline, codec), load_machine(machine))
        error = compression_error(case.request, fitted, "compiled")
        if not error.regions and codec != NO_CODEC:
            continue
        result = case.request.run(fitted, "compiled")
        counters, energy = result.counters, result.energy
        assert counters is not None and energy is not None
        dram_bytes = counters.dram_read_bytes + counters.dram_write_bytes
        errors = (error.measured, error.estimated)
        yield (
            case.program,
            codec,
            f"{result.tape_bytes:,}",
            f"{dram_bytes:,}",
            f"{energy.total_energy_pj / 1000:,.0f}",
            f"{counters.cycles:,}",
            *(f"{each:.0e}" if error.regions else "" for each in errors),
        )


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("programs", nargs="*")
    parser.add_argument("--size", default="paper")
    parser.add_argument("--machine", default="fair")
    parser.add_argument("--pipeline", default="baseline{layout=aos}")
    options = parser.parse_args()
    names = tuple(options.programs or (program.name for program in PROGRAMS))
    pipeline = parse_pipeline(options.pipeline)
    table = Table(
        title=f"{options.pipeline} at size {options.size}",
        box=None,
        padding=(0, 1, 0, 0),
    )
    for heading in ("program", "codec", *COLUMNS):
        table.add_column(
            heading, justify="right" if heading in COLUMNS else "left", no_wrap=True
        )
    for case in program_cases(names, options.size, 0):
        for row in rows(case, pipeline, options.machine):
            table.add_row(*row)
    Console().print(table)


if __name__ == "__main__":
    main()
