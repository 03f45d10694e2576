"""The programs and their gradients with short loops unrolled and outer loops jammed."""

from functools import cache

import pytest
from xdsl.dialects import scf
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from hwmodel import preset
from tapeflow.backend.gradient import GradientResult, compile_gradient
from tapeflow.frontend.reader import read_module
from tapeflow.programs import get_program
from tapeflow.tools.bench.cases import DEFAULT_PROGRAMS
from tapeflow.tools.pipelines.on_machine import fit_pipeline
from tapeflow.transforms import JamLoopsPass, UnrollLoopsPass
from tapeflow.universe import full_context

MACHINE = preset("fair")
PIPELINES = ("baseline", "streams{places=stream}")
SCHEDULING: dict[str, tuple[ModulePass, ...]] = {
    "jammed": (UnrollLoopsPass(), JamLoopsPass()),
    "by two": (UnrollLoopsPass(), JamLoopsPass(2)),
    "by eight, loops as they are": (JamLoopsPass(8),),
}
JAMMED = {
    "matdescent",
    "mttkrp",
    "nn",
    "lenet",
    "gravity",
    "somier",
    "sddmm",
    "gmm",
} | {"reaction_diffusion"}
"""Programs with nests that are worth it."""


def tape_passes(pipeline: str) -> tuple[ModulePass, ...]:
    """The passes of a pipeline to the end of the tape's way."""
    passes = fit_pipeline(pipeline, MACHINE).passes
    names = [pass_.name for pass_ in passes]
    last = max(n for n, name in enumerate(names) if name == "lower-tape-to-memref")
    return tuple(passes[: last + 1])


@cache
def compiled(name: str, pipeline: str, scheduling: tuple[ModulePass, ...] = ()):
    program = get_program(name)
    module = read_module(program.source_path, full_context())
    passes = (*tape_passes(pipeline), *scheduling)
    return compile_gradient(
        module, program.function, program.wrt, passes, full_context()
    )


def bits(result: GradientResult) -> list[bytes]:
    arrays = (*result.values, *result.gradients.values(), *result.buffers.values())
    return [array.tobytes() for array in arrays]


def loops(module: ModuleOp) -> int:
    return sum(isinstance(op, scf.ForOp) for op in module.walk())


@pytest.mark.parametrize("scheduling", SCHEDULING)
@pytest.mark.parametrize("pipeline", PIPELINES)
@pytest.mark.parametrize("name", DEFAULT_PROGRAMS)
def test_no_bit_changes(name: str, pipeline: str, scheduling: str):
    inputs = get_program(name).make_inputs("tiny")
    plain = compiled(name, pipeline).run(inputs)
    scheduled = compiled(name, pipeline, SCHEDULING[scheduling]).run(inputs)
    assert bits(scheduled) == bits(plain)


@pytest.mark.parametrize("name", DEFAULT_PROGRAMS)
def test_nests_that_are_worth_it_are_jammed(name: str):
    plain, jammed = (
        loops(compiled(name, "baseline", passes).module)
        for passes in ((), SCHEDULING["jammed"])
    )
    assert (jammed > plain) == (name in JAMMED)


@pytest.mark.parametrize("name", sorted(JAMMED - {"gmm"}))
def test_fewer_operations(name: str):
    inputs = get_program(name).make_inputs("small")
    counted = [
        compiled(name, "baseline", passes).run(inputs, machine=MACHINE).counters
        for passes in ((), SCHEDULING["jammed"])
    ]
    plain, jammed = (sum(c.operation_counts.values()) for c in counted if c)
    assert jammed < plain
