"""Zero adjoints that meet derivatives which are not finite."""

import numpy as np
import pytest

from tapeflow.backend.gradient import compile_gradient
from tapeflow.frontend.reader import parse_module
from tapeflow.transforms import DifferentiatePass
from tapeflow.universe import full_context

UNCHOSEN = """func.func @f(%x: f64) -> f64 {
  %z = arith.constant 0.0 : f64
  %below = arith.cmpf olt, %x, %z : f64
  %root = math.sqrt %x : f64
  %r = arith.select %below, %x, %root : f64
  func.return %r : f64
}"""
OVERWRITTEN = """func.func @f(%x: f64) -> f64 {
  %c0 = arith.constant 0 : index
  %y = memref.alloc() : memref<1xf64>
  %a = math.log %x : f64
  memref.store %a, %y[%c0] : memref<1xf64>
  %b = arith.addf %x, %x : f64
  memref.store %b, %y[%c0] : memref<1xf64>
  %r = memref.load %y[%c0] : memref<1xf64>
  memref.dealloc %y : memref<1xf64>
  func.return %r : f64
}"""
PRODUCT = """func.func @f(%x: f64) -> f64 {
  %y = math.exp %x : f64
  %r = arith.mulf %x, %y : f64
  func.return %r : f64
}"""


def _derivative(text: str, at: float, strong_zero: bool) -> float:
    context = full_context()
    module = parse_module(text, "f.mlir", context)
    passes = [DifferentiatePass(strong_zero=strong_zero)]
    gradient = compile_gradient(module, "f", [0], passes, context)
    result = gradient.run({"arg0": np.asarray(at)})
    return float(result.gradients[0])


@pytest.mark.parametrize(
    ("text", "at", "expected"),
    [(UNCHOSEN, -1.0, 1.0), (OVERWRITTEN, 0.0, 2.0), (UNCHOSEN, 4.0, 0.25)],
)
def test_zero_stays_zero(text: str, at: float, expected: float) -> None:
    assert _derivative(text, at, True) == expected


def test_elsewhere_nothing_changes() -> None:
    assert _derivative(PRODUCT, 0.7, True) == _derivative(PRODUCT, 0.7, False)


def test_a_derivative_that_is_not_finite_stays() -> None:
    assert (
        _derivative(
            """func.func @f(%x: f64) -> f64 {
  %r = math.sqrt %x : f64
  func.return %r : f64
}""",
            0.0,
            True,
        )
        == np.inf
    )
