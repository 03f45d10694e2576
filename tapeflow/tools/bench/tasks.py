"""What one process of a comparison is handed: a case at an arm, or what bounds it."""

import time
from collections.abc import Set
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeAlias

from hwmodel import MachineError, Work
from tapeflow.backend.execute import Engine
from tapeflow.tools.bench.arms import Arm
from tapeflow.tools.bench.cases import CaseSource, load_case
from tapeflow.tools.bench.measure import WORK_PIPELINE, measure, work_of
from tapeflow.tools.bench.shared_passes import Passes
from tapeflow.tools.pipelines.fitted import FittedPipeline
from tapeflow.tools.pipelines.on_machine import Target, fit
from tapeflow.tools.result_row import Row

Answer: TypeAlias = Row | Work
"""The row of a case at an arm, or its work."""
Timed: TypeAlias = tuple[Answer | None, float]
"""What a task gives, None if its work is not known, and the seconds it took."""


@dataclass(frozen=True)
class Task:
    """One case at one arm, or without an arm what bounds it on a machine."""

    source: CaseSource
    arm: Arm | None
    target: Target
    engine: Engine
    seconds: float
    with_optimal: bool

    @property
    def label(self) -> str:
        """What is said of it while it runs."""
        return f"{self.source.program} {self.arm.name if self.arm else 'bounds'}"

    @property
    def pipelines(self) -> tuple[FittedPipeline, ...]:
        """What is compiled for it."""
        if self.arm is not None:
            return self.arm.pipelines
        with suppress(MachineError):  # which the task itself answers
            return (fit(WORK_PIPELINE, self.target),)
        return ()


def run_task(task: Task, forks: Set[Passes]) -> Timed:
    """Carry out a task; top-level, so that another process can.

    Args:
        forks: passes that it shares with other tasks, as of `forks_of`.
    """
    started = time.perf_counter()
    case = load_case(task.source)
    case.gradients.forks = forks
    if task.arm is None:
        answer = work_of(case, task.target)
    else:
        answer = measure(
            case, task.arm, task.engine, task.seconds, with_optimal=task.with_optimal
        )
    return answer, time.perf_counter() - started
