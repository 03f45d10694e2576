"""What goes on the tape changes neither value nor gradient in any bit."""

from typing import get_args

import pytest

from tapeflow.analysis.tape_policy import PolicyName
from tapeflow.backend.gradient import GradientResult, compile_gradient
from tapeflow.frontend.reader import read_module
from tapeflow.programs import PROGRAMS, Program
from tapeflow.transforms import DifferentiatePass
from tapeflow.universe import full_context


def gradient(program: Program, policy: PolicyName) -> GradientResult:
    context = full_context()
    module = read_module(program.source_path, context)
    passes = (DifferentiatePass(policy=policy),)
    compiled = compile_gradient(module, program.function, program.wrt, passes, context)
    return compiled.run(program.make_inputs("tiny"), engine="reference")


def bits(result: GradientResult) -> list[bytes]:
    arrays = (*result.values, *result.gradients.values(), *result.buffers.values())
    return [array.tobytes() for array in arrays]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_same_bits(program: Program) -> None:
    expected = bits(gradient(program, "save-all"))
    for policy in get_args(PolicyName):
        assert bits(gradient(program, policy)) == expected
