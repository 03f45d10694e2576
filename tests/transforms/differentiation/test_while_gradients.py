"""Gradients through scf.while against formulas and central differences."""

import numpy as np
import pytest
from xdsl.passes import ModulePass

from tapeflow.backend.gradient import GradientResult, compile_gradient
from tapeflow.frontend.reader import parse_module
from tapeflow.transforms import DifferentiatePass
from tapeflow.universe import full_context

SQUARE_ROOT = """
// Newton's iteration; a[0] collects the product of the iterates.
func.func @root(%x: f64, %a: memref<?xf64>) -> f64 {
  %eps = arith.constant 1.0e-13 : f64
  %half = arith.constant 0.5 : f64
  %c0 = arith.constant 0 : index
  %r = scf.while (%y = %x) : (f64) -> f64 {
    %q = arith.divf %x, %y : f64
    %d = arith.subf %y, %q : f64
    %size = math.absf %d : f64
    %go = arith.cmpf ogt, %size, %eps : f64
    %old = memref.load %a[%c0] : memref<?xf64>
    %s = arith.mulf %old, %y : f64
    memref.store %s, %a[%c0] : memref<?xf64>
    scf.condition(%go) %y : f64
  } do {
  ^bb0(%z: f64):
    %q = arith.divf %x, %z : f64
    %t = arith.addf %z, %q : f64
    %n = arith.mulf %t, %half : f64
    scf.yield %n : f64
  }
  func.return %r : f64
}
"""

NESTED = """
// For each element, halve until it is below the limit; an inner loop of as many steps
// as there were halvings multiplies by the scale.
func.func @nested(%x: memref<?xf64>, %scale: f64, %limit: f64) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %half = arith.constant 0.5 : f64
  %zero = arith.constant 0.0 : f64
  %n = memref.dim %x, %c0 : memref<?xf64>
  %sum = scf.for %i = %c0 to %n step %c1 iter_args(%s = %zero) -> (f64) {
    %xi = memref.load %x[%i] : memref<?xf64>
    %v, %k = scf.while (%a = %xi, %m = %c0) : (f64, index) -> (f64, index) {
      %more = arith.cmpf ogt, %a, %limit : f64
      scf.condition(%more) %a, %m : f64, index
    } do {
    ^bb0(%b: f64, %l: index):
      %h = arith.mulf %b, %half : f64
      %e = math.sin %h : f64
      %next = arith.addi %l, %c1 : index
      scf.yield %e, %next : f64, index
    }
    %p = scf.for %j = %c0 to %k step %c1 iter_args(%w = %v) -> (f64) {
      %scaled = arith.mulf %w, %scale : f64
      %c = math.cos %scaled : f64
      scf.yield %c : f64
    }
    %t = arith.addf %s, %p : f64
    scf.yield %t : f64
  }
  func.return %sum : f64
}
"""


def gradient(
    source: str,
    name: str,
    inputs: dict[str, np.ndarray],
    passes: tuple[ModulePass, ...] = (DifferentiatePass(),),
) -> GradientResult:
    context = full_context()
    module = parse_module(source, f"{name}.mlir", context)
    wrt = tuple(range(len(inputs)))
    return compile_gradient(module, name, wrt, passes, context).run(inputs)


@pytest.mark.parametrize("x", [0.3, 1.5, 2.7, 1e6])
def test_square_root(x: float) -> None:
    inputs = {"arg0": np.array(x), "arg1": np.array([0.0, 5.0])}
    result = gradient(SQUARE_ROOT, "root", inputs)
    assert result.values[0] == pytest.approx(np.sqrt(x), rel=1e-12)
    assert result.gradients[0] == pytest.approx(0.5 / np.sqrt(x), rel=1e-9)


def test_memory_written_by_the_test() -> None:
    """The seed of the buffer reaches its start through every execution of the test."""
    inputs = {"arg0": np.array(2.7), "arg1": np.array([1.3, 5.0])}
    context = full_context()
    module = parse_module(SQUARE_ROOT, "root.mlir", context)
    compiled = compile_gradient(module, "root", (0, 1), (DifferentiatePass(),), context)
    seeds = {"seed0": np.array(0.0), "seed_arg1": np.array([1.0, 0.0])}
    result = compiled.run(inputs, seeds)

    def product(x: float, a: float) -> float:
        y = x
        while True:
            a *= y
            if not abs(y - x / y) > 1e-13:
                return a
            y = (y + x / y) * 0.5

    step = 1e-6
    expected = (product(2.7 + step, 1.3) - product(2.7 - step, 1.3)) / (2 * step)
    assert result.gradients[0] == pytest.approx(expected, rel=1e-6)
    assert result.gradients[1][0] == pytest.approx(product(2.7, 1.3) / 1.3)


@pytest.mark.parametrize("limit", [100.0, 0.5, 0.01])
def test_nested_loops(limit: float) -> None:
    """No iteration, few and many, different in number for each element."""
    x = np.array([0.2, 3.1, 0.7, 12.5])
    inputs = {"arg0": x, "arg1": np.array(1.1), "arg2": np.array(limit)}
    result = gradient(NESTED, "nested", inputs)

    def value(x: np.ndarray, scale: float) -> float:
        total = 0.0
        for v in x:
            count = 0
            while v > limit:
                v, count = np.sin(v * 0.5), count + 1
            for _ in range(count):
                v = np.cos(v * scale)
            total += v
        return total

    assert result.values[0] == pytest.approx(value(x, 1.1), rel=1e-14)
    step = 1e-6
    for i, direction in enumerate(np.eye(4)):
        up, down = value(x + step * direction, 1.1), value(x - step * direction, 1.1)
        expected = (up - down) / (2 * step)
        assert result.gradients[0][i] == pytest.approx(expected, rel=1e-6, abs=1e-9)
    expected = (value(x, 1.1 + step) - value(x, 1.1 - step)) / (2 * step)
    assert result.gradients[1] == pytest.approx(expected, rel=1e-6, abs=1e-9)
