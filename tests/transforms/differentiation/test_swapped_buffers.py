"""Gradients through buffers that a loop swaps, for each remainder of the trips."""

import numpy as np
import pytest

from hwmodel import preset
from tapeflow.backend.gradient import compile_gradient
from tapeflow.frontend.reader import parse_module
from tapeflow.tools.pipelines.on_machine import fit_pipeline
from tapeflow.transforms.pipelines import PIPELINES
from tapeflow.universe import full_context

TWO = """
func.func @two(%a: memref<3xf64>, %b: memref<3xf64>, %trips: index) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %p, %q = scf.for %t = %c0 to %trips step %c1
      iter_args(%from = %a, %to = %b) -> (memref<3xf64>, memref<3xf64>) {
    scf.for %i = %c0 to %c3 step %c1 {
      %x = memref.load %from[%i] : memref<3xf64>
      %y = memref.load %to[%i] : memref<3xf64>
      %s = math.sin %x : f64
      %z = arith.mulf %s, %y : f64
      memref.store %z, %to[%i] : memref<3xf64>
    }
    scf.yield %to, %from : memref<3xf64>, memref<3xf64>
  }
  %u = memref.load %p[%c0] : memref<3xf64>
  %v = memref.load %q[%c1] : memref<3xf64>
  %w = arith.mulf %u, %v : f64
  func.return %w : f64
}
"""

THREE = """
func.func @three(
    %a: memref<3xf64>, %b: memref<3xf64>, %c: memref<3xf64>, %trips: index) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %p, %q, %r = scf.for %t = %c0 to %trips step %c1
      iter_args(%x = %a, %y = %b, %z = %c)
      -> (memref<3xf64>, memref<3xf64>, memref<3xf64>) {
    %u = memref.load %x[%c0] : memref<3xf64>
    %v = memref.load %y[%c0] : memref<3xf64>
    %s = math.sin %u : f64
    %w = arith.mulf %s, %v : f64
    memref.store %w, %z[%c0] : memref<3xf64>
    scf.yield %y, %z, %x : memref<3xf64>, memref<3xf64>, memref<3xf64>
  }
  %u = memref.load %p[%c0] : memref<3xf64>
  %v = memref.load %q[%c0] : memref<3xf64>
  %w = memref.load %r[%c0] : memref<3xf64>
  %uv = arith.mulf %u, %v : f64
  %uvw = arith.addf %uv, %w : f64
  func.return %uvw : f64
}
"""


def two(buffers: list[np.ndarray], trips: int) -> float:
    source, target = (buffer.copy() for buffer in buffers)
    for _ in range(trips):
        target = np.sin(source) * target
        source, target = target, source
    return source[0] * target[1]


def three(buffers: list[np.ndarray], trips: int) -> float:
    x, y, z = (buffer[0] for buffer in buffers)
    for _ in range(trips):
        x, y, z = y, np.sin(x) * y, x
    return x * y + z


@pytest.mark.parametrize("pipeline", PIPELINES)
@pytest.mark.parametrize("trips", range(8))
@pytest.mark.parametrize(
    ("source", "name", "count", "value"),
    [(TWO, "two", 2, two), (THREE, "three", 3, three)],
)
def test_gradient(source, name, count, value, trips, pipeline) -> None:
    buffers = [np.array([0.3, 0.7, 1.1]) + 0.2 * k for k in range(count)]
    context = full_context()
    module = parse_module(source, f"{name}.mlir", context)
    fitted = fit_pipeline(pipeline, preset("fair"))
    wrt = tuple(range(count))
    compiled = compile_gradient(module, name, wrt, fitted.passes, context)
    inputs = {f"arg{k}": buffer for k, buffer in enumerate(buffers)}
    result = compiled.run(inputs | {f"arg{count}": np.array(trips)})

    assert result.values[0] == pytest.approx(value(buffers, trips), rel=1e-14)
    step = 1e-6
    for k, buffer in enumerate(buffers):
        for i in range(buffer.size):
            changed = [b.copy() for b in buffers]
            changed[k][i] += step
            up = value(changed, trips)
            changed[k][i] -= 2 * step
            expected = (up - value(changed, trips)) / (2 * step)
            actual = result.gradients[k][i]
            assert actual == pytest.approx(expected, rel=1e-6, abs=1e-8)
