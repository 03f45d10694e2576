"""Runs a program behind every pass of a pipeline and compares the bits.

In front of `differentiate` the function itself runs, from there on its gradient. What
cannot run yet, such as affine loops, is compared as soon as it can.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich import box
from rich.table import Table

from tapeflow.backend.execute import Engine
from tapeflow.backend.gradient import PassStep
from tapeflow.backend.outputs import (
    Outputs,
    first_beyond_rounding,
    first_difference,
    outputs_of,
    run_primal,
)
from tapeflow.backend.runtime.execution_error import ExecutionError
from tapeflow.backend.signature import find_function
from tapeflow.tools.gradient_request import GradientRequest
from tapeflow.tools.pipelines.fitted import FittedPipeline
from tapeflow.tools.result_row import Row
from tapeflow.transforms.scheduling.reorder_loops import ReorderLoopsPass

SAME = "same bits"
ROUNDED = "same but for rounding"
DIFFERENT = "DIFFERENT"
NOT_YET = "cannot run yet"


@dataclass(frozen=True)
class PassVerdict:
    """What came of one pass."""

    name: str
    operations: int
    """Of the function that ran."""
    seconds: float
    """In the pass, verification included."""
    verdict: str
    difference: str | None = None
    """What is different; None where nothing is."""

    def row(self) -> Row:
        """The verdict for JSON."""
        return {
            "pass": self.name,
            "operations": self.operations,
            "seconds": self.seconds,
            "verdict": self.verdict,
            "difference": self.difference,
        }


def check_each_pass(
    request: GradientRequest, pipeline: FittedPipeline, engine: Engine
) -> Iterator[PassVerdict]:
    """A verdict on each pass in turn, by the bits before it and behind it.

    Raises:
        DiagnosticException: a pass does not take the program.
        ExecutionError: the program cannot run at all.
    """
    before: Outputs = {}
    error: ExecutionError | None = None
    try:
        before = _run(request, None, engine)
    except ExecutionError as caught:
        error = caught
    for step in request.steps(pipeline, verify_each=True):
        name = step.pass_.name
        size = _size(request, step)
        try:
            after = _run(request, step, engine)
        except ExecutionError as caught:
            error = caught
            if before:
                why = f"it ran before and cannot any more: {caught}"
                yield PassVerdict(name, size, step.seconds, DIFFERENT, why)
            else:
                yield PassVerdict(name, size, step.seconds, NOT_YET)
            continue
        compare, same = first_difference, SAME
        if isinstance(step.pass_, ReorderLoopsPass):
            compare, same = first_beyond_rounding, ROUNDED
        difference = compare(before, after)
        verdict = same if difference is None else DIFFERENT
        yield PassVerdict(name, size, step.seconds, verdict, difference)
        before = after
    if not before and error is not None:
        raise error


def _run(request: GradientRequest, step: PassStep | None, engine: Engine) -> Outputs:
    """What the program gives at this level; as it was written without a step."""
    if step is not None and step.gradient is not None:
        result = step.gradient.run(request.inputs, request.seeds, engine=engine)
        return outputs_of(result)
    module = request.module if step is None else step.module
    return run_primal(module, request.signature, request.arguments, engine)


def _size(request: GradientRequest, step: PassStep) -> int:
    gradient = step.gradient
    name = request.signature.function if gradient is None else gradient.function
    return sum(1 for _ in find_function(step.module, name).walk())


def verdict_table(verdicts: Sequence[PassVerdict]) -> Table:
    """One row a pass."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 2, 0, 0))
    table.add_column("after pass", no_wrap=True)
    table.add_column("operations", justify="right")
    table.add_column("seconds", justify="right")
    table.add_column("verdict", no_wrap=True)
    for verdict in verdicts:
        style = "red" if verdict.verdict == DIFFERENT else ""
        table.add_row(
            verdict.name,
            f"{verdict.operations:,}",
            f"{verdict.seconds:.2f}",
            verdict.verdict,
            style=style,
        )
    return table


def conclusion(verdicts: Sequence[PassVerdict], engine: Engine) -> tuple[str, bool]:
    """What all verdicts say in a sentence, and whether it is good."""
    changing = [verdict for verdict in verdicts if verdict.difference is not None]
    if changing:
        first = changing[0]
        also = f" (so do {len(changing) - 1} later ones)" if changing[1:] else ""
        return f"'{first.name}' CHANGES bits{also}: {first.difference}", False
    count = len(verdicts)
    if any(verdict.verdict == ROUNDED for verdict in verdicts):
        all_but = f"All {count} passes but reorder-loops keep every bit"
        return f"{all_but}, and that one rounds sums (engine {engine}).", True
    return f"All {count} passes keep every bit (engine {engine}).", True
