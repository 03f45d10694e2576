"""A compiled gradient is generated once, and gives the same figures in every run."""

from dataclasses import replace

import numpy as np
import pytest
from xdsl.dialects import arith
from xdsl.dialects.builtin import FloatAttr, f64

from hwmodel import override, preset
from tapeflow.backend.compiled import function_programs
from tapeflow.backend.execute import execute
from tapeflow.backend.gradient import CompiledGradient, compile_gradient
from tapeflow.frontend.reader import parse_module
from tapeflow.transforms import DifferentiatePass
from tapeflow.universe import full_context

CONTEXT = full_context()
TEXT = """\
func.func @f(%x: f64) -> f64 {
  %c = arith.constant 3.0 : f64
  %0 = arith.mulf %x, %c : f64
  func.return %0 : f64
}
"""
INPUTS = {"arg0": np.array(2.0)}


@pytest.fixture
def generated(monkeypatch) -> list[bool]:
    """For each program that is generated whether it is timed."""
    calls: list[bool] = []
    generate = function_programs.generate

    def counting(function, rings, shared, timed):
        calls.append(timed)
        return generate(function, rings, shared, timed)

    monkeypatch.setattr(function_programs, "generate", counting)
    return calls


def compiled() -> CompiledGradient:
    module = parse_module(TEXT, "f.mlir", CONTEXT)
    return compile_gradient(module, "f", [0], [DifferentiatePass()], CONTEXT)


def with_factor(module, factor: float) -> None:
    for op in [*module.walk()]:
        if isinstance(op, arith.ConstantOp) and isinstance(op.value, FloatAttr):
            op.properties["value"] = FloatAttr(factor, f64)


def test_runs_share_a_program_with_and_one_without_a_machine(generated):
    gradient = compiled()
    machine = preset("fair")
    timed = [gradient.run(INPUTS, machine=machine) for _ in range(3)]
    plain = [gradient.run(INPUTS) for _ in range(3)]
    slower = gradient.run(INPUTS, machine=override(machine, "cache.ports=1"))
    assert generated == [True, False]
    assert len({run.figures()["cycles"] for run in timed}) == 1
    assert timed[0].counters == timed[2].counters
    assert slower.counters is not None
    runs = [*timed, *plain, slower]
    assert {float(run.gradients[0]) for run in runs} == {3.0}


def test_the_reference_engine_needs_no_program(generated):
    compiled().run(INPUTS, machine=preset("fair"), engine="reference")
    assert generated == []


def test_a_gradient_of_another_module_has_its_own_program(generated):
    gradient = compiled()
    gradient.run(INPUTS)
    changed = gradient.module.clone()
    with_factor(changed, 5.0)
    other = replace(gradient, module=changed)
    assert float(other.run(INPUTS).gradients[0]) != 3.0
    assert float(gradient.run(INPUTS).gradients[0]) == 3.0
    assert generated == [False, False]


def test_execute_sees_changes_of_the_module():
    module = parse_module(TEXT, "f.mlir", CONTEXT)
    assert execute(module, "f", [2.0]).results == (6.0,)
    with_factor(module, 5.0)
    assert execute(module, "f", [2.0]).results == (10.0,)
