"""Every program after every pass of every pipeline: the same bits, the right numbers.

Levels above the lowest run for their values only; where a pipeline ends, the machine
is on as well, and must change nothing.
"""

from functools import cache
from typing import get_args

import numpy as np
import pytest

from hwmodel import WorkMeter, preset
from tapeflow.backend.compiled.event_consumer import metering
from tapeflow.backend.execute import Engine, execute
from tapeflow.backend.gradient import GradientResult, gradient_steps
from tapeflow.dialects.tape_types import LAYOUTS
from tapeflow.frontend.reader import read_module
from tapeflow.programs import get_program
from tapeflow.tools.bench.cases import DEFAULT_PROGRAMS
from tapeflow.tools.bench.measure import WORK_PIPELINE
from tapeflow.tools.pipelines.on_machine import fit, fit_pipeline
from tapeflow.transforms.pipelines import PIPELINES
from tapeflow.universe import full_context

ENGINES = get_args(Engine)
MACHINE = preset("fair")
FORCED = (
    "streams{places=stream}",
    "streams{places=scratchpad}",
    "baseline{layout=aos loop-stages=4}",
    "streams{places=stream loop-stages=2}",
)
ARMS = (*PIPELINES, *FORCED)
PASSES = {name: fit_pipeline(name, MACHINE).passes for name in ARMS}
STAGES = {
    passes[:count]: f"{name}-{count}-{passes[count - 1].name}"
    for name, passes in PASSES.items()
    for count in range(1, len(passes) + 1)
    if any(pass_.name == "differentiate" for pass_ in passes[:count])
}
"""Every differentiating beginning of every pipeline once, with a name for it."""
NAMES = DEFAULT_PROGRAMS


@cache
def inputs(name: str):
    return get_program(name).make_inputs("tiny")


@cache
def program_module(name: str):
    return read_module(get_program(name).source_path, full_context())


@cache
def step(name: str, passes):
    """What the last of the passes leaves; those before it run once for all tests."""
    program = get_program(name)
    behind = step(name, passes[:-1]) if passes else None
    return next(
        gradient_steps(
            program_module(name),
            program.function,
            program.wrt,
            passes,
            full_context(),
            behind=behind,
        )
    )


def compiled(name: str, passes):
    gradient = step(name, passes).gradient
    assert gradient is not None
    return gradient


def bits(result: GradientResult) -> list[bytes]:
    arrays = (*result.values, *result.gradients.values(), *result.buffers.values())
    return [array.tobytes() for array in arrays]


@cache
def first_tape_level(name: str) -> GradientResult:
    """The result straight after `differentiate`."""
    names = [pass_.name for pass_ in PASSES["baseline"]]
    passes = PASSES["baseline"][: names.index("differentiate") + 1]
    return compiled(name, passes).run(inputs(name), engine="reference")


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", NAMES)
def test_source_level_against_reference(name, engine):
    program = get_program(name)
    arguments = [array.copy() for array in inputs(name).values()]
    execution = execute(program_module(name), program.function, arguments, None, engine)
    expected, _ = program.reference(inputs(name))
    np.testing.assert_allclose(execution.results[0], expected, rtol=1e-9)
    value = first_tape_level(name).values[0]
    assert np.float64(execution.results[0]).tobytes() == value.tobytes()


@pytest.mark.parametrize("name", NAMES)
def test_first_tape_level_against_reference(name):
    program = get_program(name)
    value, gradients = program.reference(inputs(name))
    result = first_tape_level(name)
    np.testing.assert_allclose(result.values[0], value, rtol=1e-9)
    assert set(result.gradients) == set(program.wrt)
    for position, expected in gradients.items():
        assert result.gradients[position].shape == inputs(name)[f"arg{position}"].shape
        scale = max(1.0, np.max(np.abs(expected)))
        error = np.max(np.abs(result.gradients[position] - expected)) / scale
        assert error <= 1e-9


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("passes", STAGES, ids=STAGES.values())
@pytest.mark.parametrize("name", NAMES)
def test_every_pass_keeps_every_bit(name, passes, engine):
    result = compiled(name, passes).run(inputs(name), engine=engine)
    assert bits(result) == bits(first_tape_level(name))


@pytest.mark.parametrize("pipeline", ARMS)
@pytest.mark.parametrize("name", NAMES)
def test_machine_changes_no_bit_and_engines_count_alike(name, pipeline):
    fitted = fit_pipeline(pipeline, MACHINE)
    gradient = compiled(name, fitted.passes)
    results = [
        gradient.run(inputs(name), machine=fitted.machine_of(gradient), engine=engine)
        for engine in ENGINES
    ]
    for result in results:
        assert bits(result) == bits(first_tape_level(name))
        assert result.counters == results[0].counters
        assert result.energy == results[0].energy
        assert result.tape_bytes == results[0].tape_bytes


@pytest.mark.parametrize("name", NAMES)
def test_tape_bytes_by_layout(name):
    """Only record padding tells the layouts apart; tiles and slots change nothing."""
    pushed = {}
    for pipeline in ARMS:
        fitted = fit_pipeline(pipeline, MACHINE)
        gradient = compiled(name, fitted.passes)
        result = gradient.run(inputs(name), machine=fitted.machine_of(gradient))
        pushed[pipeline] = result.tape_bytes
    assert all(pushed["regions"] == pushed[name] for name in ("layers", *FORCED))
    assert 0 <= pushed["baseline"] <= pushed["streams"] <= pushed["regions"]


@pytest.mark.parametrize("name", NAMES)
def test_layouts_change_no_bit(name):
    plain, *others = (
        compiled(name, fit_pipeline(f"baseline{{layout={layout}}}", MACHINE).passes)
        for layout in LAYOUTS
    )
    expected = plain.run(inputs(name))
    for other in others:
        assert bits(other.run(inputs(name))) == bits(expected)


@pytest.mark.parametrize("name", NAMES)
def test_work_is_what_a_run_without_tape_counts(name):
    """Both engines waive alike, and bounds are taken from what they count."""
    fitted = fit(WORK_PIPELINE, MACHINE)
    gradient = compiled(name, fitted.passes)
    results = [
        gradient.run(inputs(name), machine=fitted.machine_of(gradient), engine=engine)
        for engine in ENGINES
    ]
    counters = results[0].counters
    assert counters is not None
    assert counters == results[1].counters
    assert bits(results[0]) == bits(results[1]) == bits(first_tape_level(name))
    meter = WorkMeter(fitted.machine)
    gradient.observe(inputs(name), {}, metering(meter))
    work = meter.finish(0)
    assert work.counts == dict(counters.operation_counts)
    assert work.words == counters.cache_accesses
    assert work.path_cycles <= counters.cycles
