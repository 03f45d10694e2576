"""What goes wrong with a gradient, and when two failures are of one kind."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from traceback import extract_tb

import numpy as np

from tapeflow.backend.execute import Engine
from tapeflow.backend.runtime.array_type import Array
from tapeflow.tools.check.command import random_seeds
from tapeflow.tools.check.each_pass import check_each_pass
from tapeflow.tools.check.gradient_check import Verdict, compare
from tapeflow.tools.diagnostics import failure_message
from tapeflow.tools.gradient_request import GradientRequest, read_request
from tapeflow.tools.pipelines.fitted import FittedPipeline

DIRECTIONS = 3


@dataclass(frozen=True)
class Failure:
    """What went wrong, and what has to be alike in a failure of the same kind."""

    kind: str
    text: str

    def is_like(self, other: "Failure | None") -> bool:
        """Whether both are of one kind."""
        return other is not None and self.kind == other.kind


def failure_of(error: BaseException) -> Failure:
    """The failure that an exception is.

    Messages are alike if they differ in names and numbers, internal errors if they
    come from the same place in tapeflow.
    """
    message = failure_message(error).splitlines()[0]
    _, _, text = message.partition("error: ")
    kind = re.sub(r"[%@][\w.$-]+|'[^']*'|-?\d[\w.+-]*", "_", text or message)
    if "internal error" in message:
        frames = [
            f for f in extract_tb(error.__traceback__) if "tapeflow" in f.filename
        ]
        place = f"{Path(frames[-1].filename).name}: {frames[-1].name}" if frames else ""
        kind = f"internal error: {type(error).__name__} in {place}"
    return Failure(kind, text or message)


@dataclass(frozen=True)
class Probe:
    """How to ask a program for its failure."""

    function: str
    wrt: tuple[int, ...]
    inputs: Mapping[str, Array]
    seeds: Mapping[str, Array] | None
    pipeline: FittedPipeline
    engine: Engine
    stage: str = "run"
    """The one of `STAGES` that fails."""

    def failure(self, path: Path) -> Failure | None:
        """What goes wrong at this probe's stage; None if nothing does."""
        try:
            request = read_request(path, self.function, self.wrt, self.inputs)
            rng = np.random.default_rng(0)
            given = self.seeds
            seeds = random_seeds(request, rng) if given is None else given
            request = request.with_seeds(seeds)
            return STAGES[self.stage](request, self.pipeline, self.engine)
        except Exception as error:
            return failure_of(error)

    def at(self, stage: str) -> "Probe":
        """The same for another stage."""
        return replace(self, stage=stage)


def _run(request: GradientRequest, fitted: FittedPipeline, engine: Engine) -> None:
    request.run(fitted, engine, measured=False)


def _measure(request: GradientRequest, fitted: FittedPipeline, engine: Engine) -> None:
    request.run(fitted, engine)


def _passes(
    request: GradientRequest, fitted: FittedPipeline, engine: Engine
) -> Failure | None:
    for verdict in check_each_pass(request, fitted, engine):
        if verdict.difference is not None:
            text = f"'{verdict.name}' changes bits: {verdict.difference}"
            return Failure(f"'{verdict.name}' changes bits", text)
    return None


def _check(
    request: GradientRequest, fitted: FittedPipeline, engine: Engine
) -> Failure | None:
    rng = np.random.default_rng(0)
    gradients = request.run(fitted, engine, measured=False).gradients
    for comparison in compare(request, gradients, DIRECTIONS, rng, engine):
        if comparison.verdict is Verdict.DISAGREES:
            return Failure(
                "gradient disagrees with differences",
                f"the gradient of argument {comparison.position} gives "
                f"{comparison.from_gradient:.9g} in a direction, differences "
                f"{comparison.difference.derivative:.9g}",
            )
    return None


STAGES: dict[
    str, Callable[[GradientRequest, FittedPipeline, Engine], Failure | None]
] = {"run": _run, "passes": _passes, "check": _check, "measure": _measure}
"""What can be wrong, in the order in which it is looked for."""
