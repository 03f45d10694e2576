"""What goes on the tape changes neither value nor gradient in any bit."""

from typing import get_args

import numpy as np
import pytest
from xdsl.dialects.builtin import ModuleOp
from xdsl.utils.exceptions import DiagnosticException

from tapeflow.analysis.differentiation.policy import PolicyName
from tapeflow.backend.gradient import GradientResult, compile_gradient
from tapeflow.dialects.tape import StackOp
from tapeflow.frontend.reader import parse_module, read_module
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


def scaled_twice(function: str = "", first: str = "", second: str = "") -> str:
    """x <- x exp(w), twice; attributes of the function and of the two loops."""
    loop = """
    scf.for %i = %c0 to %n step %c1 {{
      %wi = memref.load %w[%i] : memref<?xf64>
      %xi = memref.load %x[%i] : memref<?xf64>
      %e = math.exp %wi : f64
      %scaled = arith.mulf %xi, %e : f64
      memref.store %scaled, %x[%i] : memref<?xf64>
    }} {attributes}"""
    return f"""
  func.func @scaled(%x: memref<?xf64>, %w: memref<?xf64>) {function} {{
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %n = memref.dim %x, %c0 : memref<?xf64>
    {loop.format(attributes=first)}
    {loop.format(attributes=second)}
    func.return
  }}
  func.func @outer(%x: memref<?xf64>, %w: memref<?xf64>) {{
    func.call @scaled(%x, %w) : (memref<?xf64>, memref<?xf64>) -> ()
    func.return
  }}"""


RECOMPUTE = '{tape.policy = "recompute"}'
SAVE_ALL = '{tape.policy = "save-all"}'


@pytest.mark.parametrize("called", ["scaled", "outer"])
@pytest.mark.parametrize(
    ("asked", "option", "saved"),
    [
        ({}, "save-all", 2),
        ({}, "recompute", 0),
        ({"first": RECOMPUTE}, "save-all", 1),
        ({"second": SAVE_ALL}, "recompute", 1),
        ({"function": f"attributes {RECOMPUTE}"}, "save-all", 0),
        ({"function": f"attributes {RECOMPUTE}", "first": SAVE_ALL}, "save-all", 1),
    ],
)
def test_functions_and_loops_ask_themselves(
    called: str, asked: dict[str, str], option: PolicyName, saved: int
) -> None:
    context, n = full_context(), 5
    module = parse_module(scaled_twice(**asked), "scaled.mlir", context)
    passes = (DifferentiatePass(policy=option),)
    compiled = compile_gradient(module, called, (0,), passes, context, seeded=(0,))
    x, w = np.linspace(0.5, 1.5, n), np.linspace(-1.0, 1.0, n)
    result = compiled.run(
        {"arg0": x, "arg1": w}, {"seed_arg0": np.ones(n)}, engine="reference"
    )
    assert result.tape_bytes == 8 * n * saved
    np.testing.assert_allclose(result.gradients[0], np.exp(2 * w), rtol=1e-14)


def requested(asked: str, **others: str) -> ModuleOp:
    """A module with a request that asks for a policy itself."""
    request = f"ad.gradient @gradient of @scaled wrt [0] {asked}"
    text = f"{scaled_twice(**others)}\n{request}"
    return parse_module(text, "scaled.mlir", full_context())


@pytest.mark.parametrize("function", ["", f"attributes {RECOMPUTE}"])
def test_a_request_asks_itself(function: str) -> None:
    module = requested(SAVE_ALL, function=function)
    DifferentiatePass(policy="recompute").apply(full_context(), module)
    assert sum(isinstance(op, StackOp) for op in module.walk()) == 2


def test_a_policy_of_a_request_that_does_not_exist() -> None:
    module = requested('{tape.policy = "all"}')
    with pytest.raises(DiagnosticException, match="the policies are 'min-cut'"):
        DifferentiatePass().apply(full_context(), module)
