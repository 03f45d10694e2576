"""What a gradient costs, for every program: `python benchmarks/gradient_cost.py`.

A table, or JSON for each program: the operations that the machine executes for the
function and for its gradient at the first pipeline that takes it, their ratio, the
bytes of tape, the largest error of any gradient at any pipeline against an independent
reference, and which pipelines take the program; the reasons of the others follow.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from xdsl.utils.exceptions import DiagnosticException

from hwmodel import Machine, load_machine
from tapeflow.backend.execute import execute
from tapeflow.backend.gradient import GradientResult
from tapeflow.backend.runtime.execution_error import ExecutionError
from tapeflow.programs import PROGRAMS
from tapeflow.tools.bench.cases import Case, program_cases
from tapeflow.tools.diagnostics import failure_message
from tapeflow.tools.pipelines.on_machine import fit_pipeline
from tapeflow.tools.result_row import max_relative_error
from tapeflow.transforms.pipelines import PIPELINES


@dataclass(frozen=True)
class Cost:
    """The figures of one program; None where no pipeline takes it."""

    program: str
    size: str
    primal_operations: int
    gradient_operations: int | None
    operations_ratio: float | None
    tape_bytes: int | None
    gradient_max_relative_error: float | None
    """|g - r| over max(1, |r|), the largest."""
    pipelines: tuple[str, ...]
    """Those that take the program."""
    refusals: Mapping[str, str]
    """Pipeline to the reason why not."""


def primal_operations(case: Case, machine: Machine) -> int:
    """Operations of one run of the function itself, all memory behind the cache."""
    request = case.request
    arguments = [argument.copy() for argument in request.arguments]
    function = request.signature.function
    run = execute(request.module, function, arguments, machine.without_scratchpad())
    assert run.counters is not None
    return run.counters.operations


def cost_of(case: Case, size: str, machine: Machine, pipelines: Sequence[str]) -> Cost:
    """Run one program at every pipeline."""
    assert case.reference is not None
    results: dict[str, GradientResult] = {}
    refusals: dict[str, str] = {}
    for name in pipelines:
        try:
            results[name] = case.request.run(fit_pipeline(name, machine), "compiled")
        except (DiagnosticException, ExecutionError) as error:
            refusals[name] = failure_message(error)
    primal = primal_operations(case, machine)
    first = next(iter(results.values()), None)
    counters = None if first is None else first.counters
    operations = None if counters is None else counters.operations
    errors = [
        max_relative_error(result.gradients, case.reference[1])
        for result in results.values()
    ]
    return Cost(
        program=case.program,
        size=size,
        primal_operations=primal,
        gradient_operations=operations,
        operations_ratio=None if operations is None else operations / primal,
        tape_bytes=None if first is None else first.tape_bytes,
        gradient_max_relative_error=max(errors, default=None),
        pipelines=tuple(results),
        refusals=refusals,
    )


def table_of(costs: Sequence[Cost], pipelines: Sequence[str]) -> Table:
    """One row a program."""
    table = Table()
    table.add_column("program", no_wrap=True)
    for heading in (
        "primal\noperations",
        "gradient\noperations",
        "ratio",
        "tape\nbytes",
        "largest\nerror",
    ):
        table.add_column(heading, justify="right")
    for pipeline in pipelines:
        table.add_column(pipeline, justify="center")
    for cost in costs:
        takes = ("yes" if name in cost.pipelines else "no" for name in pipelines)
        table.add_row(cost.program, *_figures(cost), *takes)
    return table


def _figures(cost: Cost) -> Iterator[str]:
    """The numbers of one row; a dash where none is known."""
    figures = (
        (cost.primal_operations, ","),
        (cost.gradient_operations, ","),
        (cost.operations_ratio, ".2f"),
        (cost.tape_bytes, ","),
        (cost.gradient_max_relative_error, ".1e"),
    )
    for figure, layout in figures:
        yield "-" if figure is None else format(figure, layout)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    names = [program.name for program in PROGRAMS]
    parser.add_argument("programs", nargs="*", default=names, help="all by default")
    parser.add_argument("--size", default="small")
    parser.add_argument("--machine", default="fair", help="a preset or a TOML file")
    parser.add_argument(
        "--pipelines", nargs="+", choices=PIPELINES, default=list(PIPELINES)
    )
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args()
    machine = load_machine(options.machine)
    costs: list[Cost] = []
    for case in program_cases(tuple(options.programs), options.size, seed=0):
        costs.append(cost_of(case, options.size, machine, options.pipelines))
        print(f"{case.program} done", file=sys.stderr)
    console = Console(width=120)
    console.print(table_of(costs, options.pipelines))
    for cost in costs:
        for pipeline, reason in cost.refusals.items():
            console.print(f"{cost.program} at {pipeline}: {reason}", highlight=False)
    if options.json is not None:
        options.json.write_text(f"{json.dumps([*map(asdict, costs)], indent=1)}\n")


if __name__ == "__main__":
    main()
