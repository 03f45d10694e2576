"""Named pipelines with the tape on chip: right, or a user's mistake as it is."""

import numpy as np
import pytest
from xdsl.universe import Universe

from tapeflow.backend.execute import Engine
from tapeflow.backend.gradient import CompiledGradient, compile_gradient
from tapeflow.backend.runtime.execution_error import ExecutionError
from tapeflow.frontend.reader import parse_module
from tapeflow.tools.pipelines.building import build_passes
from tapeflow.universe import full_context

PIPELINES = ("baseline", "layers", "streams", "streams{places=stream}")

SAVES_IN_A_WHILE = """
// Every other iteration adds exp(i u) v; the counter begins as the first ring does.
func.func @f(%u: f64, %v: f64, %n: TYPE) -> f64 {
  %c0 = arith.constant 0 : TYPE
  %c1 = arith.constant 1 : TYPE
  %c2 = arith.constant 2 : TYPE
  %r, %i = scf.while (%res = %u, %i = %c0) : (f64, TYPE) -> (f64, TYPE) {
    %lt = arith.cmpi slt, %i, %n : TYPE
    scf.condition(%lt) %res, %i : f64, TYPE
  } do {
  ^bb0(%res: f64, %i: TYPE):
    %m = arith.remsi %i, %c2 : TYPE
    %even = arith.cmpi eq, %m, %c0 : TYPE
    %i1 = arith.addi %i, %c1 : TYPE
    %rn = scf.if %even -> (f64) {
      scf.yield %res : f64
    } else {
      FLOAT
      %iu = arith.mulf %fi, %u : f64
      %e = math.exp %iu : f64
      %iuv = arith.mulf %e, %v : f64
      %ra = arith.addf %res, %iuv : f64
      scf.yield %ra : f64
    }
    scf.yield %rn, %i1 : f64, TYPE
  }
  func.return %r : f64
}
"""
FLOAT = {
    "i32": "%fi = arith.sitofp %i : i32 to f64",
    "index": "%w = arith.index_cast %i : index to i64\n"
    "%fi = arith.sitofp %w : i64 to f64",
}

PRODUCT = """
func.func @f(%x: memref<8xf64>, %lo: index, %hi: index, %st: index) -> f64 {
  %one = arith.constant 1.0 : f64
  %t = scf.for %i = %lo to %hi step %st iter_args(%s = %one) -> (f64) {
    %xi = memref.load %x[%i] : memref<8xf64>
    %a = arith.mulf %s, %xi : f64
    scf.yield %a : f64
  }
  func.return %t : f64
}
"""


def gradient(text: str, pipeline: str, wrt: tuple[int, ...]) -> CompiledGradient:
    """The gradient of @f by a pipeline as it is written on the command line."""
    context = full_context()
    module = parse_module(text, "f.mlir", context)
    passes = build_passes(pipeline, Universe.get_multiverse().all_passes)
    return compile_gradient(module, "f", wrt, passes, context)


@pytest.mark.parametrize("places", ["stream", "scratchpad"])
@pytest.mark.parametrize("type_", FLOAT)
def test_saves_in_a_branch_of_a_while_loop(type_: str, places: str) -> None:
    text = SAVES_IN_A_WHILE.replace("TYPE", type_).replace("FLOAT", FLOAT[type_])
    inputs = {"arg0": np.array(0.3), "arg1": np.array(0.9)}
    inputs["arg2"] = np.array(9, np.int32 if type_ == "i32" else np.int64)
    odd = np.arange(1, 9, 2)
    e = np.exp(0.3 * odd)
    for pipeline in (
        "layers{policy=save-all}",
        f"streams{{places={places} policy=save-all}}",
    ):
        compiled = gradient(text, pipeline, (0, 1))
        assert "spm.store" in str(compiled.module)
        result = compiled.run(inputs)
        assert result.values[0] == pytest.approx(0.3 + 0.9 * e.sum(), rel=1e-14)
        assert result.gradients[0] == pytest.approx(
            1 + 0.9 * (odd * e).sum(), rel=1e-14
        )
        assert result.gradients[1] == pytest.approx(e.sum(), rel=1e-14)


@pytest.mark.parametrize("engine", ["reference", "compiled"])
@pytest.mark.parametrize("bounds", [(5, 0, -1), (0, 5, -1), (0, 5, 0), (3, 3, -2)])
def test_a_step_that_is_not_positive_is_told_at_every_level(
    bounds: tuple[int, int, int], engine: Engine
) -> None:
    inputs = {"arg0": np.linspace(0.5, 1.5, 8)}
    inputs |= {f"arg{k + 1}": np.array(number) for k, number in enumerate(bounds)}
    for pipeline in PIPELINES:
        compiled = gradient(PRODUCT, pipeline, (0,))
        with pytest.raises(ExecutionError, match=f"is {bounds[2]}; it must be"):
            compiled.run(inputs, engine=engine)
