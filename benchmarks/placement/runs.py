"""Measures the experiments on all cores; what is finished can be kept on disk."""

from collections.abc import Sequence
from typing import cast

from arms import Experiment, Setting

from hwmodel import MachineError, Work
from tapeflow.tools.bench.arms import FAIR_PREFETCHERS, Arm, make_arm
from tapeflow.tools.bench.cases import ProgramSource
from tapeflow.tools.bench.compare import compare
from tapeflow.tools.bench.kept_runs import KeptRuns
from tapeflow.tools.bench.runs import run_all
from tapeflow.tools.bench.tasks import Answer, Task
from tapeflow.tools.pipelines.text import parse_pipeline
from tapeflow.tools.result_row import Row, failed_row


def measure_experiments(
    experiments: Sequence[Experiment], size: str, jobs: int, kept: KeptRuns
) -> dict[Experiment, Row]:
    """The row of each experiment, with its ratio to the bound of its program.

    Progress goes to standard error. A refused run has its reason in its row.
    """
    arms: dict[Experiment, Arm] = {}
    results: dict[Experiment, Row] = {}
    for experiment in experiments:
        try:
            target = experiment.target
            pipeline = parse_pipeline(experiment.text)
            arms[experiment] = make_arm(pipeline, target, FAIR_PREFETCHERS)
        except MachineError as error:
            results[experiment] = _refused(experiment, size, str(error))
    # Two labels may ask for the same run.
    by_text = {
        (e.program, e.setting, e.text): _task(e, size, a) for e, a in arms.items()
    }
    tasks = {e: by_text[e.program, e.setting, e.text] for e in arms}
    bounds = {(e.program, e.setting.machine): _task(e, size, None) for e in arms}
    answers = _answers([*bounds.values(), *by_text.values()], jobs, kept)
    groups: dict[tuple[str, Setting], list[Experiment]] = {}
    for experiment in tasks:
        key = (experiment.program, experiment.setting)
        groups.setdefault(key, []).append(experiment)
    for (program, setting), group in groups.items():
        work = answers[id(bounds[program, setting.machine])]
        rows = compare(
            [cast(Row, answers[id(tasks[e])]) for e in group],
            [arms[e].machine for e in group],
            [work if isinstance(work, Work) else None] * len(group),
        )
        for experiment, row in zip(group, rows, strict=True):
            results[experiment] = row | {"arm": experiment.label}
    return results


def _answers(
    tasks: Sequence[Task], jobs: int, kept: KeptRuns
) -> dict[int, Answer | None]:
    """The answer of each task by its identity, from what is kept where it can be."""
    # A program after the other: a process keeps what it has compiled of the last two.
    tasks = sorted(tasks, key=lambda task: task.source.program)
    answers = run_all(tasks, jobs, kept)
    return {id(task): answer for task, answer in zip(tasks, answers, strict=True)}


def _task(experiment: Experiment, size: str, arm: Arm | None) -> Task:
    source = ProgramSource(experiment.program, size, seed=0)
    # What bounds a program does not depend on the SRAM.
    target = experiment.target if arm else Setting(experiment.setting.machine).target
    return Task(source, arm, target, "compiled", 0.0, with_optimal=False)


def _refused(experiment: Experiment, size: str, message: str) -> Row:
    identity = {
        "program": experiment.program,
        "size": size,
        "pipeline": experiment.text,
        "arm": experiment.label,
    }
    return failed_row(identity, experiment.target.machine, message)
