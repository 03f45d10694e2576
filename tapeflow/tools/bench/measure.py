"""Measures one arm of one case: its runs, the best of them, and what bounds it."""

import tempfile
import time
from dataclasses import replace
from pathlib import Path
from statistics import median

from hwmodel import (
    AccessTrace,
    Machine,
    Work,
    WorkMeter,
    replay_lru,
    replay_optimal,
)
from tapeflow.backend.compiled.event_consumer import metering, tracing
from tapeflow.backend.execute import Engine
from tapeflow.backend.gradient import CompiledGradient, GradientResult
from tapeflow.tools.bench.arms import Arm, Candidate
from tapeflow.tools.bench.cases import Case
from tapeflow.tools.command_error import CommandError
from tapeflow.tools.diagnostics import failure_message
from tapeflow.tools.pipelines.fitted import places_of
from tapeflow.tools.pipelines.on_machine import Target, fit
from tapeflow.tools.pipelines.text import parse_pipeline
from tapeflow.tools.result_row import (
    Row,
    failed_row,
    gradient_sha256,
    row_of,
)

WORK_PIPELINE = parse_pipeline(
    "baseline{as-written=true},waive-tape{addresses=true},waive-addresses"
)
"""What bounds are taken from: the program as written, without tape and addresses."""


def measure(
    case: Case, arm: Arm, engine: Engine, seconds: float, *, with_optimal: bool
) -> Row:
    """The row of one case at one arm; a refused one has its reason.

    Args:
        seconds: a single candidate runs again until so much time has passed.
        with_optimal: also replay its accesses under LRU and optimal replacement.
    """
    identity = {
        "program": case.program,
        "size": case.size,
        "seed": case.seed,
        "pipeline": arm.name,
        "arm": arm.name,
        "engine": engine,
        "sram_split": arm.sram_split,
        "reordered": arm.reorders_sums,
    }
    try:
        chosen, compiled, result = _best(case, arm, engine, seconds)
        machine = chosen.pipeline.machine_of(compiled)
        places = places_of(compiled)
        if machine is chosen.pipeline.unsplit and places is None:
            identity["sram_split"] = "all cache: no tape"
        row = row_of(identity, machine, result, case.reference)
        if with_optimal and machine.cache.capacity_bytes:
            row |= _replayed(case, compiled, machine)
    except Exception as error:
        return failed_row(identity, arm.machine, failure_message(error))
    row["chosen_layout"] = chosen.layout
    row["places"] = places
    if len(arm.candidates) > 1:
        row["chosen_prefetcher"] = machine.cache.prefetcher
    return row


def work_of(case: Case, target: Target) -> Work | None:
    """What a case asks of a machine besides its tape; None if it is refused."""
    try:
        pipeline = fit(WORK_PIPELINE, target)
        compiled = case.gradients.compile(pipeline)
        meter = WorkMeter(pipeline.machine)
        inputs, seeds = case.request.inputs, case.request.seeds
        results_bytes = compiled.observe(inputs, seeds, metering(meter))
    except Exception:
        return None  # the arm `baseline` tells the reason
    return meter.finish(results_bytes)


def _best(
    case: Case, arm: Arm, engine: Engine, seconds: float
) -> tuple[Candidate, CompiledGradient, GradientResult]:
    """The candidate with the fewest cycles, the first of equals."""
    if len(arm.candidates) > 1:
        seconds = 0.0
    how = (engine, seconds)
    runs = [
        (candidate, _run(case, compiled, pipeline.machine_of(compiled), *how))
        for candidate in arm.candidates
        for pipeline in (candidate.pipeline,)
        for compiled in (case.gradients.compile(pipeline),)
    ]
    digests = {gradient_sha256(result.gradients) for _, result in runs}
    if len(digests) > 1:
        raise CommandError("the candidates disagree in a bit of a gradient")
    chosen, result = min(runs, key=lambda run: _cycles(run[1]))
    return chosen, case.gradients.compile(chosen.pipeline), result


def _cycles(result: GradientResult) -> int:
    assert result.counters is not None
    return result.counters.cycles


def _run(
    case: Case,
    compiled: CompiledGradient,
    machine: Machine,
    engine: Engine,
    seconds: float,
) -> GradientResult:
    """Runs until their time can be trusted: the median."""
    results: list[GradientResult] = []
    started = time.perf_counter()
    while not results or time.perf_counter() - started < seconds:
        inputs, seeds = case.request.inputs, case.request.seeds
        results.append(compiled.run(inputs, seeds, machine=machine, engine=engine))
    run_seconds = median(result.run_seconds for result in results)
    return replace(results[0], run_seconds=run_seconds)


def _replayed(case: Case, compiled: CompiledGradient, machine: Machine) -> Row:
    """Misses of the accesses to the cache under LRU and optimal replacement."""
    with tempfile.TemporaryDirectory() as directory:
        trace = AccessTrace(Path(directory) / "accesses", machine.cache.line_bytes)
        compiled.observe(case.request.inputs, case.request.seeds, tracing(trace))
        entries = trace.read()
        lru, optimal = (
            replay(entries, machine.cache) for replay in (replay_lru, replay_optimal)
        )
        del entries
    return {
        "lru_misses": lru.misses,
        "lru_write_backs": lru.write_backs,
        "optimal_misses": optimal.misses,
        "optimal_write_backs": optimal.write_backs,
    }
