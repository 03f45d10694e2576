"""What compiling costs, stage by stage: `python benchmarks/compile_speed.py --help`.

Modules of several sizes and shapes are parsed, verified, taken through every pass of
every pipeline and printed. A table for each shape shows the operations that entered a
stage, its seconds and operations per second at each size, and how many times longer
an operation takes in the largest module than in the smallest: 1 is linear.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import TypeVar

from rich.console import Console
from rich.table import Table
from synthetic_modules import SHAPES
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.printer import Printer
from xdsl.universe import Universe
from xdsl.utils.exceptions import DiagnosticException

from tapeflow.analysis.verification.dominance import verify_dominance
from tapeflow.frontend.reader import parse_module
from tapeflow.tools.pipelines.building import build_passes
from tapeflow.transforms.pipelines import PIPELINES
from tapeflow.universe import full_context

SCRATCHPAD_BYTES = 1 << 30
"""Enough for the tapes of the largest modules."""
SLOW = 2.0
"""Times longer per operation at which a stage is highlighted."""

T = TypeVar("T")


@dataclass(frozen=True)
class Sample:
    """One stage at one size."""

    operations: int
    """In the module that entered the stage."""
    seconds: float

    @property
    def per_second(self) -> float:
        """Operations in a second."""
        return self.operations / self.seconds


def count_operations(module: ModuleOp) -> int:
    """The operations of a module."""
    return sum(1 for _ in module.walk())


def timed(action: Callable[[], T]) -> tuple[float, T]:
    """The processor's seconds for an action, and what it gives."""
    started = time.process_time()
    result = action()
    return time.process_time() - started, result


def stages_of(pipeline: str) -> tuple[ModulePass, ...]:
    """The passes of a pipeline, with a large scratchpad where one is used."""
    takes_bytes = "capacity_bytes" in PIPELINES[pipeline].__dataclass_fields__
    options = f"{{capacity-bytes={SCRATCHPAD_BYTES}}}" if takes_bytes else ""
    factories = Universe.get_multiverse().all_passes
    return build_passes(f"{pipeline}{options}", factories)


class Stopwatch:
    """Takes one text through all stages and keeps what each took."""

    def __init__(self, console: Console) -> None:
        self.samples: dict[str, Sample] = {}
        self._console = console

    def run(self, text: str, pipelines: Sequence[str]) -> None:
        """Parse, verify, lower by each pipeline, print."""
        context = full_context()
        seconds, module = timed(lambda: parse_module(text, "module", context))
        self._keep("parse", count_operations(module), seconds)
        for pipeline in pipelines:
            self._lower(module.clone(), pipeline, context)

    def _lower(self, module: ModuleOp, pipeline: str, context: Context) -> None:
        self._check(module, "source")
        for pass_ in stages_of(pipeline):
            operations = count_operations(module)
            try:
                seconds, _ = timed(lambda p=pass_: p.apply(context, module))
            except DiagnosticException as error:
                reason = str(error).splitlines()[0]
                self._console.print(f"{pipeline} stops at {pass_.name}: {reason}")
                return
            is_shared = pass_ in SHARED_PASSES
            stage = pass_.name if is_shared else f"{pipeline} {pass_.name}"
            self._keep(stage, operations, seconds)
        self._check(module, pipeline)
        operations = count_operations(module)
        seconds, _ = timed(lambda: Printer(stream=StringIO()).print_op(module))
        self._keep(f"{pipeline} print", operations, seconds)

    def _check(self, module: ModuleOp, level: str) -> None:
        operations = count_operations(module)
        checks: dict[str, Callable[[], None]] = {
            "verify": module.verify,
            "dominance": lambda: verify_dominance(module),
        }
        for name, check in checks.items():
            seconds, _ = timed(check)
            self._keep(f"{level} {name}", operations, seconds)

    def _keep(self, stage: str, operations: int, seconds: float) -> None:
        """Keep the quickest of several."""
        before = self.samples.get(stage)
        if before is None or seconds < before.seconds:
            self.samples[stage] = Sample(operations, seconds)


def shared_passes() -> list[ModulePass]:
    """The passes with which all pipelines begin."""
    by_position = zip(*map(stages_of, PIPELINES), strict=False)
    return [first for first, *rest in by_position if all(p == first for p in rest)]


SHARED_PASSES = shared_passes()


def table_of(shape: str, by_size: dict[int, dict[str, Sample]]) -> Table:
    """One row a stage; the stages of the largest module that all sizes reached."""
    table = Table(title=shape, title_justify="left")
    table.add_column("stage")
    for size in by_size:
        table.add_column(f"{size:,}\noperations", justify="right")
        table.add_column("\ns", justify="right")
        table.add_column("\noperations/s", justify="right")
    table.add_column("time per operation\nlargest / smallest", justify="right")
    smallest, largest = by_size[min(by_size)], by_size[max(by_size)]
    for stage in largest:
        if any(stage not in samples for samples in by_size.values()):
            continue
        cells: list[str] = []
        for samples in by_size.values():
            sample = samples[stage]
            cells += [f"{sample.operations:,}", f"{sample.seconds:.3f}"]
            cells.append(f"{sample.per_second:,.0f}")
        ratio = smallest[stage].per_second / largest[stage].per_second
        style = "bold red" if ratio >= SLOW else ""
        table.add_row(stage, *cells, f"{ratio:.2f}", style=style)
    return table


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    sizes = [1_000, 10_000, 50_000]
    parser.add_argument("--operations", type=int, nargs="+", default=sizes)
    parser.add_argument("--shapes", nargs="+", choices=SHAPES, default=list(SHAPES))
    parser.add_argument(
        "--pipelines", nargs="+", choices=PIPELINES, default=list(PIPELINES)
    )
    options = parser.parse_args()
    console = Console(width=140)
    started = time.perf_counter()
    Stopwatch(console).run(SHAPES["many-functions"](100), options.pipelines)  # imports
    for shape in options.shapes:
        by_size: dict[int, dict[str, Sample]] = {}
        for size in sorted(options.operations):
            stopwatch = Stopwatch(console)
            stopwatch.run(SHAPES[shape](size), options.pipelines)
            by_size[size] = stopwatch.samples
        console.print(table_of(shape, by_size))
    console.print(f"{time.perf_counter() - started:.0f} s in all")


if __name__ == "__main__":
    main()
