"""Runs every case at every pipeline and shows how far it has got."""

import time
from collections.abc import Sequence
from dataclasses import replace
from statistics import median

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from tapeflow.backend.execute import Engine
from tapeflow.backend.gradient import GradientResult
from tapeflow.tools.bench_cases import Case
from tapeflow.tools.bench_record import Record, failed_record, record_of
from tapeflow.tools.failures import CommandError, failure_message
from tapeflow.tools.pipeline_on_machine import FittedPipeline

MEASURED_SECONDS = 0.5
"""Runs are repeated until this much time has passed."""


def measure_all(
    cases: Sequence[Case], pipelines: Sequence[FittedPipeline], engine: Engine
) -> list[Record]:
    """A record for each case and pipeline, in order; a refused run has its reason.

    Progress goes to standard error: a bar on a terminal, a line a run elsewhere.

    Raises:
        CommandError: not a single run was possible; it tells each reason once.
    """
    console = Console(stderr=True)
    records: list[Record] = []
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as progress:
        task = progress.add_task("", total=len(cases) * len(pipelines))
        for case in cases:
            for pipeline in pipelines:
                label = f"{case.program} {pipeline.name}"
                progress.update(task, description=label)
                started = time.perf_counter()
                records.append(measure(case, pipeline, engine))
                progress.advance(task)
                if not console.is_terminal:
                    elapsed = time.perf_counter() - started
                    line = f"{label}: {elapsed:.1f} s"
                    console.print(line, highlight=False, markup=False, soft_wrap=True)
    if all(record["error"] is not None for record in records):
        reasons = dict.fromkeys(record["error"] for record in records)
        raise CommandError("\n".join(reasons))
    return records


def measured_run(
    case: Case, pipeline: FittedPipeline, engine: Engine
) -> GradientResult:
    """One compilation, and runs until their time can be trusted: the median."""
    compiled = case.request.compile(pipeline)
    results: list[GradientResult] = []
    started = time.perf_counter()
    while not results or time.perf_counter() - started < MEASURED_SECONDS:
        results.append(
            compiled.run(
                case.request.inputs,
                case.request.seeds,
                machine=pipeline.machine,
                engine=engine,
            )
        )
    seconds = median(result.run_seconds for result in results)
    return replace(results[0], run_seconds=seconds)


def measure(case: Case, pipeline: FittedPipeline, engine: Engine) -> Record:
    """The record of one case at one pipeline."""
    identity = {
        "program": case.program,
        "size": case.size,
        "pipeline": pipeline.name,
        "engine": engine,
    }
    try:
        result = measured_run(case, pipeline, engine)
    except Exception as error:
        return failed_record(identity, pipeline.machine, failure_message(error))
    return record_of(identity, pipeline.machine, result, case.reference)
