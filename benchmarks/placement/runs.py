"""Measures the experiments on all cores; what is finished can be kept on disk.

A kept run is one JSON file, named after a digest of everything it depends on: program,
size, passes, machines, and every source file of the compiler and the machine model. A
run of other sources is therefore never taken for one of these.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import TypeAlias, cast

from arms import Experiment, Setting

import hwmodel
import tapeflow
from hwmodel import MachineError, Work
from tapeflow.tools.bench.arms import FAIR_PREFETCHERS, Arm, make_arm
from tapeflow.tools.bench.cases import ProgramSource
from tapeflow.tools.bench.compare import compare
from tapeflow.tools.bench.runs import Task, run_all
from tapeflow.tools.output_files import write_outputs
from tapeflow.tools.pipelines.text import parse_pipeline
from tapeflow.tools.result_row import Row, failed_row, write_json

Answer: TypeAlias = Row | Work | None
SUFFIXES = (".py", ".mlir", ".csv")


@cache
def sources_digest() -> str:
    """SHA-256 over the sources of the compiler and the machine model."""
    digest = hashlib.sha256()
    for package in (tapeflow, hwmodel):
        root = Path(package.__path__[0])
        for path in sorted(p for p in root.rglob("*") if p.suffix in SUFFIXES):
            digest.update(str(path.relative_to(root)).encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


class KeptRuns:
    """Finished runs in a directory, which is made; None keeps nothing."""

    def __init__(self, directory: Path | None):
        self._directory = directory
        if directory is not None:
            directory.mkdir(parents=True, exist_ok=True)

    def find(self, task: Task) -> tuple[Answer] | None:
        """The answer of a finished run, in a tuple; None if it has to be run."""
        path = self._path(task)
        if path is None or not path.exists():
            return None
        answer = json.loads(path.read_text(encoding="utf-8"))
        if task.arm is not None:
            return (answer,)
        return (Work(**answer) if answer else None,)

    def keep(self, task: Task, answer: Answer) -> None:
        """Write down a finished run, whole or not at all."""
        path = self._path(task)
        if path is not None:
            content = asdict(answer) if isinstance(answer, Work) else answer or {}
            write_outputs({path: lambda file: write_json(file, content)})

    def _path(self, task: Task) -> Path | None:
        if self._directory is None:
            return None
        identity = repr((task.source, task.arm, task.target, task.engine))
        digest = hashlib.sha256(f"{sources_digest()} {identity}".encode()).hexdigest()
        return self._directory / f"{task.source.program}-{digest[:24]}.json"


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
) -> dict[int, Row | Work | None]:
    """The answer of each task by its identity, from what is kept where it can be."""
    answers: dict[int, Answer] = {}
    missing: list[Task] = []
    # A program after the other: a process keeps what it has compiled of the last two.
    for task in sorted(tasks, key=lambda task: task.source.program):
        found = kept.find(task)
        if found is None:
            missing.append(task)
        else:
            answers[id(task)] = found[0]
    if missing:
        new = run_all(missing, jobs, kept.keep)
        answers |= {id(task): answer for task, answer in zip(missing, new, strict=True)}
    return answers


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
