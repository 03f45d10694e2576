"""`tapeflow check`: a gradient against differences of the function, or pass by pass."""

from collections.abc import Sequence
from pathlib import Path

import click
import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from tapeflow.backend.execute import Engine
from tapeflow.tools.array_files import Array
from tapeflow.tools.check.each_pass import (
    PassVerdict,
    check_each_pass,
    conclusion,
    verdict_table,
)
from tapeflow.tools.check.gradient_check import (
    Comparison,
    Verdict,
    compare,
    require_finite,
)
from tapeflow.tools.command_line import Command
from tapeflow.tools.gradient_request import GradientRequest, read_asked
from tapeflow.tools.options import (
    OUTPUT,
    GradientOptions,
    blaming,
    gradient_options,
    machine_options,
    warn,
)
from tapeflow.tools.output_files import check_outputs, write_outputs
from tapeflow.tools.pipelines.fitted import FittedPipeline
from tapeflow.tools.result_row import Row, write_json
from tapeflow.tools.tables import show

KINK = (
    "At a kink (a maximum, an absolute value, a branch that switches here) the slopes "
    "on the two sides differ, and the gradient is one of them or between: try other "
    "inputs. Where the function hardly changes, rounding hides the slope, and where it "
    "is not finite there is none."
)


@click.command("check", cls=Command)
@gradient_options()
@click.option(
    "--directions",
    default=3,
    show_default=True,
    type=click.IntRange(min=1),
    help="Random directions for each argument; a single number has one.",
)
@click.option(
    "--seed",
    default=0,
    show_default=True,
    type=click.IntRange(min=0),
    help="Seed of the directions.",
)
@click.option(
    "--each-pass",
    is_flag=True,
    help="Compare nothing with differences; instead run the program behind every pass "
    "of the pipeline, and compare the bits of values, gradients and final buffers.",
)
@click.option("--json", "json_path", type=OUTPUT, help="Write the figures here, too.")
@machine_options
def command(
    asked: GradientOptions,
    directions: int,
    seed: int,
    each_pass: bool,
    json_path: Path | None,
) -> None:
    """Compare a gradient with differences of the function, direction by direction.

    Several results, or objectives in memory, are weighed by random seeds unless
    --seeds gives some. The exit status is 1 if a direction disagrees, or if none
    could be decided; with --each-pass, if a pass changes a bit.
    """
    check_outputs({"--json": json_path}, asked.files)
    rng, engine = np.random.default_rng(seed), asked.engine
    fitted, request = read_asked(asked)
    if asked.seeds is None:
        request = request.with_seeds(random_seeds(request, rng))
    warn(request.warnings())
    if each_pass:
        rows, is_good = _check_passes(request, fitted, engine)
    else:
        result = request.run(fitted, engine, measured=False)
        with blaming(f"--inputs {asked.inputs}"):
            require_finite(request, result)
        comparisons = compare(request, result.gradients, directions, rng, engine)
        verdict, is_good = summary(comparisons)
        show(Console(), [comparison_table(request, comparisons)], verdict)
        rows = [comparison.row() for comparison in comparisons]
    if json_path is not None:
        what = {"passes" if each_pass else "directions": rows, "agrees": is_good}
        about = {"program": asked.file.stem, "function": request.signature.function}
        about |= {"pipeline": asked.pipeline, "engine": engine}
        write_outputs({json_path: lambda out: write_json(out, about | what)})
    if not is_good:
        raise click.exceptions.Exit(1)


def _check_passes(
    request: GradientRequest, fitted: FittedPipeline, engine: Engine
) -> tuple[list[Row], bool]:
    """Check pass by pass and show it, also if one of them refuses the program."""
    verdicts: list[PassVerdict] = []
    names = [pass_.name for pass_ in fitted.passes]
    console = Console(stderr=True)
    try:
        with console.status("runs the program") as status:
            for verdict in check_each_pass(request, fitted, engine):
                verdicts.append(verdict)
                following = names[len(verdicts) - 1 : len(verdicts)]
                done = f"{len(verdicts)} of {len(names) + 1} passes compared"
                status.update(", now ".join([done, *following]))
    finally:
        if verdicts:
            show(Console(), [verdict_table(verdicts)], [])
    text, is_good = conclusion(verdicts, engine)
    click.echo(text)
    return [verdict.row() for verdict in verdicts], is_good


def random_seeds(
    request: GradientRequest, rng: np.random.Generator
) -> dict[str, Array]:
    """Seeds that weigh several results, or without results all buffers of floats.

    A single float result needs none.
    """
    signature = request.signature
    if len(signature.float_results) == 1:
        return {}
    if signature.float_results:
        return {
            f"seed{i}": _drawn(rng, seed) for i, seed in request.seeding.results.items()
        }
    return {
        f"seed_{parameter.key}": _drawn(rng, request.arguments[parameter.position])
        for parameter in signature.parameters
        if parameter.is_buffer and parameter.is_differentiable
    }


def _drawn(rng: np.random.Generator, like: Array) -> Array:
    return np.asarray(rng.standard_normal(like.shape), like.dtype)


def comparison_table(
    request: GradientRequest, comparisons: Sequence[Comparison]
) -> Table:
    """One row a direction, in 80 columns unless names are long."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=0)
    table.add_column("argument")
    for heading in ("gradient\n. v", "difference", "error", "left", "right"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    for comparison in comparisons:
        parameter = request.signature.parameters[comparison.position]
        difference = comparison.difference
        table.add_row(
            f"{parameter.position} %{parameter.name}"
            if parameter.name
            else str(parameter.position),
            f"{comparison.from_gradient:.7g}",
            f"{difference.derivative:.7g}",
            f"{comparison.relative_error:.1e}",
            f"{difference.left:.4g}",
            f"{difference.right:.4g}",
            comparison.verdict.value,
        )
    return table


def summary(comparisons: Sequence[Comparison]) -> tuple[list[str], bool]:
    """The verdict over all directions in sentences, and whether it is a good one."""
    by_verdict = {
        verdict: [c for c in comparisons if c.verdict is verdict] for verdict in Verdict
    }
    wrong = by_verdict[Verdict.DISAGREES]
    agreeing = len(by_verdict[Verdict.AGREES])
    counted = f"{agreeing} of {len(comparisons)} directions agree"
    if wrong:
        arguments = ", ".join(str(i) for i in sorted({c.position for c in wrong}))
        return [
            f"The gradient is WRONG, or the function jumps: argument {arguments} "
            f"disagrees with its differences ({counted})."
        ], False
    sentences = [f"The gradient agrees with the differences: {counted}."]
    if not agreeing:
        sentences = [f"Nothing could be decided: {counted}."]
    if by_verdict[Verdict.UNDECIDED]:
        sentences.append(KINK)
    return sentences, agreeing > 0
