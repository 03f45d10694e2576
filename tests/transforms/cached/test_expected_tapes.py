"""Tapes that no machine holds are refused before they fill its memory, as a whole."""

import numpy as np
import pytest
from xdsl.universe import Universe

from tapeflow.backend.gradient import CompiledGradient, compile_gradient
from tapeflow.backend.runtime.execution_error import ExecutionError
from tapeflow.frontend.reader import parse_module
from tapeflow.tools.pipelines.building import build_passes
from tapeflow.universe import full_context

ENGINES = ["reference", "compiled"]
# How often the inner loop runs is known when it begins, and no sooner.
CARRIED = """
func.func @f(%x: f64, %n: index) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %r, %k = scf.for %i = %c0 to %c2 step %c1 iter_args(%a = %x, %m = %n)
      -> (f64, index) {
    %q = scf.for %j = %c0 to %m step %c1 iter_args(%b = %a) -> (f64) {
      %s = math.sin %b : f64
      scf.yield %s : f64
    }
    %o = arith.xori %m, %i : index
    scf.yield %q, %o : f64, index
  }
  func.return %r : f64
}
"""
TWO_VALUES = """
func.func @f(%x: f64, %n: index) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r, %t = scf.for %i = %c0 to %n step %c1 iter_args(%a = %x, %b = %x) -> (f64, f64) {
    %s = math.sin %b : f64
    %p = math.cos %a : f64
    scf.yield %s, %p : f64, f64
  }
  func.return %r : f64
}
"""


def gradient_of(text: str, pipeline: str) -> CompiledGradient:
    context = full_context()
    module = parse_module(text, "f.mlir", context)
    passes = build_passes(pipeline, Universe.get_multiverse().all_passes)
    return compile_gradient(module, "f", [0], passes, context)


def run(compiled: CompiledGradient, n: int, engine: str) -> float:
    inputs = {"arg0": np.asarray(0.5), "arg1": np.asarray(n)}
    return float(compiled.run(inputs, engine=engine).gradients[0])  # pyright: ignore


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "pipeline", ["baseline", "regions", "layers", "streams{places=stream}"]
)
def test_what_grows_is_refused_where_its_number_is_known(
    pipeline: str, engine: str
) -> None:
    compiled = gradient_of(CARRIED, pipeline)
    with pytest.raises(ExecutionError, match=r"this tape .*needs .* bytes of mem"):
        run(compiled, 2**62, engine)
    inner = np.sin(0.5)
    steps = [np.cos(0.5)]
    for _ in range(5):
        steps.append(np.cos(inner))
        inner = np.sin(inner)
    assert run(compiled, 3, engine) == pytest.approx(np.prod(steps), rel=1e-14)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("layout", ["soa", "padded-soa", "aos", "aosoa"])
def test_the_bytes_of_a_tape_are_those_of_all_its_values(
    layout: str, engine: str
) -> None:
    compiled = gradient_of(TWO_VALUES, f"baseline{{layout={layout}}}")
    with pytest.raises(ExecutionError, match=f"needs {2**50 * 16} bytes of memory"):
        run(compiled, 2**50, engine)
