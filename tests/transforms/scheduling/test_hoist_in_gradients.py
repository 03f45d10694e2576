"""Value and gradient keep their bits when what loops do alike is done once."""

import random
from collections.abc import Sequence
from typing import get_args

import pytest
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import DiagnosticException

from hwmodel import preset
from tapeflow.analysis.differentiation.policy import PolicyName
from tapeflow.analysis.verification.dominance import verify_dominance
from tapeflow.backend.execute import Engine
from tapeflow.backend.gradient import GradientResult, gradient_steps, last_gradient
from tapeflow.frontend.reader import parse_module, read_module
from tapeflow.programs import PROGRAMS, get_program
from tapeflow.tools.pipelines.on_machine import fit_pipeline
from tapeflow.transforms import (
    AssignScratchpadPass,
    DifferentiatePass,
    FormLayersPass,
    FormRegionsPass,
    FormStreamsPass,
    HoistInvariantsPass,
    LowerSourcePass,
    LowerTapeToMemrefPass,
)
from tapeflow.universe import full_context
from tests.random_programs.generate import generate
from tests.random_programs.levels import FRONT
from tests.random_programs.requests import answer, requests
from tests.sizes import sized

CONTEXT = full_context()
HOIST = HoistInvariantsPass()
ENGINES: tuple[Engine, ...] = get_args(Engine)
MACHINE = preset("fair")
PASSES = {name: fit_pipeline(name, MACHINE).passes for name in ("baseline", "streams")}

SEEDS = range(5000, sized(5020, 5200))
GROUP = 20
"""Random programs a test."""
BASELINE = (FormRegionsPass("soa"), LowerTapeToMemrefPass())
STREAMS = (
    FormRegionsPass("aos"),
    FormLayersPass(4096, 2),
    AssignScratchpadPass(4096, 2),
    FormStreamsPass(),
    LowerTapeToMemrefPass(),
)


def _bits(result: GradientResult) -> list[bytes]:
    arrays = (*result.values, *result.gradients.values(), *result.buffers.values())
    return [array.tobytes() for array in arrays]


@pytest.mark.parametrize("pipeline", PASSES)
@pytest.mark.parametrize("name", [program.name for program in PROGRAMS])
def test_programs(name: str, pipeline: str) -> None:
    program = get_program(name)
    module = read_module(program.source_path, CONTEXT)
    inputs = program.make_inputs("tiny")
    request = (module, program.function, program.wrt)
    *_, plain = gradient_steps(*request, PASSES[pipeline], CONTEXT)
    plain = plain.copy()
    passes = [*PASSES[pipeline], HOIST]
    hoisted = last_gradient(gradient_steps(*request, passes, CONTEXT, behind=plain))
    assert plain.gradient is not None
    expected = plain.gradient.run(inputs, engine="reference")
    for engine in ENGINES:
        found = hoisted.run(inputs, engine=engine)
        assert _bits(found) == _bits(expected), engine


@pytest.mark.parametrize("first", SEEDS[::GROUP])
def test_random_programs(first: int) -> None:
    compared = sum(map(_compare, range(first, first + GROUP)))
    assert compared >= GROUP // 2


def _compare(seed: int) -> bool:
    """Whether a random program could be differentiated; its bits stay the same.

    One in ten runs on the compiled engine, too, one in four streams.
    """
    choose = random.Random(seed)
    case = generate(seed)
    module = parse_module(case.text, "program.mlir", CONTEXT)
    asked = requests(case, module)
    LowerSourcePass().apply(CONTEXT, module)
    module.body.block.add_ops([request.op() for request in asked])
    policy = choose.choice(get_args(PolicyName))
    passes = STREAMS if seed % 4 == 0 else BASELINE
    try:
        _apply(module, (DifferentiatePass(policy), *FRONT, *passes))
    except DiagnosticException:
        return False
    hoisted = module.clone()
    _apply(hoisted, (HOIST,))
    hoisted.verify()
    verify_dominance(hoisted)

    def run(module: ModuleOp, engine: Engine) -> list[bytes]:
        answers = (answer(module, case, request, engine) for request in asked)
        return [part for given in answers for part in given.bits()]

    expected = run(module, "reference")
    for engine in ENGINES if seed % 10 == 0 else ENGINES[:1]:
        assert run(hoisted, engine) == expected, (seed, engine)
    return True


def _apply(module: ModuleOp, passes: Sequence[ModulePass]) -> None:
    for pass_ in passes:
        pass_.apply(CONTEXT, module)
