"""Speed of both engines, side by side: `python benchmarks/engine_speed.py --help`.

For each program and pipeline: the gradient's IR operations, the seconds to compile it
(nothing kept from before) and to start it again from the cache, then per engine the
operations of the machine it simulates in a second. Runs are repeated to half a second
of work and the fastest counts. The reference engine runs at its own, smaller size.
"""

import argparse
import math
import os
import tempfile
import time
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.table import Table

from hwmodel import preset
from tapeflow.backend.compiled.run import machine_code
from tapeflow.backend.execute import Engine
from tapeflow.backend.gradient import CompiledGradient, GradientResult, compile_gradient
from tapeflow.backend.signature import find_function
from tapeflow.frontend.reader import read_module
from tapeflow.programs import get_program
from tapeflow.tools.bench.cases import DEFAULT_PROGRAMS
from tapeflow.tools.pipelines.fitted import FittedPipeline
from tapeflow.tools.pipelines.on_machine import fit_pipeline
from tapeflow.universe import full_context

LEAST_SECONDS = 0.5

COLUMNS = (
    "program",
    "pipeline",
    "IR operations",
    "compile s",
    "cached s",
    "operations",
    "compiled Mop/s",
    "values only Mop/s",
    "reference Mop/s",
    "ratio",
)


def compiled_gradient(name: str, pipeline: FittedPipeline) -> CompiledGradient:
    """The gradient of a program at the end of a pipeline."""
    program = get_program(name)
    context = full_context()
    module = read_module(program.source_path, context)
    return compile_gradient(
        module, program.function, program.wrt, pipeline.passes, context
    )


def operations_per_second(
    run: Callable[[], GradientResult], operations: int | None = None
) -> tuple[float, GradientResult]:
    """Simulated operations in a second of the fastest run, and the last result."""
    fastest, spent = math.inf, 0.0
    while True:
        result = run()
        fastest = min(fastest, result.run_seconds)
        spent += result.run_seconds
        if spent >= LEAST_SECONDS:
            if operations is None:
                assert result.counters is not None
                operations = result.counters.operations
            return operations / fastest, result


def engine_compile_seconds(
    gradient: CompiledGradient, run: Callable[[], GradientResult]
) -> float:
    """Seconds that the engine takes to prepare, without the passes."""
    machine_code.cache_clear()
    return run().compile_seconds - gradient.compile_seconds


def row(name: str, pipeline_name: str, sizes: tuple[str, str]) -> Iterator[str]:
    """The cells of one program at one pipeline."""
    pipeline = fit_pipeline(pipeline_name, preset("fair"))
    gradient = compiled_gradient(name, pipeline)
    size, reference_size = sizes
    inputs, small = (get_program(name).make_inputs(s) for s in (size, reference_size))
    machine = pipeline.machine

    def timed(engine: Engine, small_size: bool = False) -> GradientResult:
        chosen = small if small_size else inputs
        return gradient.run(chosen, machine=machine, engine=engine)

    timed("compiled", True)  # loads the machine model itself
    with tempfile.TemporaryDirectory() as directory:
        os.environ["TAPEFLOW_CACHE_DIR"] = directory
        fresh = engine_compile_seconds(gradient, lambda: timed("compiled", True))
        cached = engine_compile_seconds(gradient, lambda: timed("compiled", True))
    speed, result = operations_per_second(lambda: timed("compiled"))
    assert result.counters is not None
    values_speed, _ = operations_per_second(
        lambda: gradient.run(inputs, engine="compiled"), result.counters.operations
    )
    reference_speed, _ = operations_per_second(lambda: timed("reference", True))
    function = find_function(gradient.module, gradient.function)
    yield from (name, pipeline_name, str(sum(1 for _ in function.walk())))
    yield from (f"{fresh:.2f}", f"{cached:.3f}", f"{result.counters.operations:,}")
    yield from (f"{speed / 1e6:.1f}", f"{values_speed / 1e6:.0f}")
    yield from (f"{reference_speed / 1e6:.3f}", f"{speed / reference_speed:.0f}")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("programs", nargs="*", default=DEFAULT_PROGRAMS)
    parser.add_argument(
        "--pipelines", default="baseline,regions,layers,streams{places=stream}"
    )
    parser.add_argument("--size", default="paper", help="size for the compiled engine")
    parser.add_argument("--reference-size", default="tiny")
    options = parser.parse_args()
    table = Table(*COLUMNS)
    started = time.perf_counter()
    for name in options.programs:
        for pipeline in options.pipelines.split(","):
            sizes = (options.size, options.reference_size)
            table.add_row(*row(name, pipeline, sizes))
    console = Console(width=140)
    console.print(table)
    console.print(f"{time.perf_counter() - started:.0f} s in all")


if __name__ == "__main__":
    main()
