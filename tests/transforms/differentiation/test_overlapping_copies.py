"""Several names of one element, with values and gradients derived by hand."""

import numpy as np
import pytest
from xdsl.universe import Universe

from tapeflow.backend.gradient import compile_gradient
from tapeflow.frontend.reader import parse_module
from tapeflow.tools.pipelines.building import build_passes
from tapeflow.universe import full_context

SUM = """
  %t = scf.for %i = %c0 to %c5 step %c1 iter_args(%s = %zero) -> (f64) {
    %v = memref.load %x[%i] : memref<6xf64>
    %wi = memref.load %w[%i] : memref<5xf64>
    %p = arith.mulf %v, %wi : f64
    %sn = arith.addf %s, %p : f64
    scf.yield %sn : f64
  }
  func.return %t : f64"""
LO = "memref<5xf64, strided<[1]>>"
HI = "memref<5xf64, strided<[1], offset: 1>>"


def shift_register(copy):
    return f"""
func.func @f(%x: memref<6xf64>, %w: memref<5xf64>) -> f64 {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c5 = arith.constant 5 : index
  %zero = arith.constant 0.0 : f64
  %lo = memref.subview %x[0] [5] [1] : memref<6xf64> to {LO}
  %hi = memref.subview %x[1] [5] [1] : memref<6xf64> to {HI}
  {copy}{SUM}
}}"""


SHIFT_INPUTS = {"arg0": np.arange(1.0, 7), "arg1": np.array([10.0, 20, 30, 40, 50])}
DELAY_LINE = """
func.func @f(%x: memref<?xf64>, %d: memref<4xf64>) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %z = arith.constant 0.0 : f64
  %n = memref.dim %x, %c0 : memref<?xf64>
  %a = memref.subview %d[0] [3] [1] : memref<4xf64> to memref<3xf64, strided<[1]>>
  %b = memref.subview %d[1] [3] [1] : memref<4xf64>
    to memref<3xf64, strided<[1], offset: 1>>
  %t = scf.for %i = %c0 to %n step %c1 iter_args(%s = %z) -> (f64) {
    memref.copy %b, %a : memref<3xf64, strided<[1], offset: 1>>
      to memref<3xf64, strided<[1]>>
    %v = memref.load %x[%i] : memref<?xf64>
    memref.store %v, %d[%c3] : memref<4xf64>
    %p = memref.load %d[%c0] : memref<4xf64>
    %q = memref.load %d[%c3] : memref<4xf64>
    %m = arith.mulf %p, %q : f64
    %sn = arith.addf %s, %m : f64
    scf.yield %sn : f64
  }
  func.return %t : f64
}"""
"""With x = 1, 2, ..., 6 and d = 0, 4.25, 7, 9: x0 d1 + x1 d2 + x2 d3 + x3 x0 + ..."""

SQUARED_FOUR_TIMES = """
func.func @f(%x: memref<8xf64>) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %c4 = arith.constant 4 : index
  %a = memref.subview %x[3] [4] [0] : memref<8xf64>
    to memref<4xf64, strided<[0], offset: 3>>
  scf.for %i = %c0 to %c4 step %c1 {
    %u = memref.load %a[%i] : memref<4xf64, strided<[0], offset: 3>>
    %v = arith.mulf %u, %u : f64
    memref.store %v, %a[%i] : memref<4xf64, strided<[0], offset: 3>>
  }
  %r = memref.load %x[%c3] : memref<8xf64>
  func.return %r : f64
}"""
BY_TWO_NAMES = """
func.func @f(%x: memref<4x4xf64>) -> f64 {
  %c1 = arith.constant 1 : index
  %c5 = arith.constant 5 : index
  %v = memref.reinterpret_cast %x to offset: [0], sizes: [16], strides: [1]
    : memref<4x4xf64> to memref<16xf64, strided<[1]>>
  %a = memref.load %v[%c5] : memref<16xf64, strided<[1]>>
  %b = memref.load %x[%c1, %c1] : memref<4x4xf64>
  %r = arith.mulf %a, %b : f64
  func.return %r : f64
}"""

DELAYED = {
    "arg0": np.arange(1.0, 7),
    "arg1": np.array([0.0, 4.25, 7.0, 9.0]),
}
CASES = {
    "shift down": (
        shift_register(f"memref.copy %hi, %lo : {HI} to {LO}"),
        SHIFT_INPUTS,
        2 * 10 + 3 * 20 + 4 * 30 + 5 * 40 + 6 * 50,
        {0: [0, 10, 20, 30, 40, 50]},
    ),
    "shift up": (
        shift_register(f"memref.copy %lo, %hi : {LO} to {HI}"),
        SHIFT_INPUTS,
        1 * 10 + 1 * 20 + 2 * 30 + 3 * 40 + 4 * 50,
        {0: [30, 30, 40, 50, 0, 0]},
    ),
    "shift up by linalg": (
        shift_register(f"linalg.copy ins(%lo : {LO}) outs(%hi : {HI})"),
        SHIFT_INPUTS,
        1 * 10 + 1 * 20 + 2 * 30 + 3 * 40 + 4 * 50,
        {0: [30, 30, 40, 50, 0, 0]},
    ),
    "delay line": (
        DELAY_LINE,
        DELAYED,
        4.25 + 2 * 7 + 3 * 9 + 4 * 1 + 5 * 2 + 6 * 3,
        {0: [4.25 + 4, 7 + 5, 9 + 6, 1, 2, 3], 1: [0, 1, 2, 3]},
    ),
    "squared four times": (
        SQUARED_FOUR_TIMES,
        {"arg0": np.full(8, 1.5)},
        1.5**16,
        {0: [0, 0, 0, 16 * 1.5**15, 0, 0, 0, 0]},
    ),
    "by two names": (
        BY_TWO_NAMES,
        {"arg0": np.arange(16.0).reshape(4, 4)},
        25,
        {0: 10 * np.outer(np.eye(4)[1], np.eye(4)[1])},
    ),
}
PIPELINES = (
    "baseline{{policy={}}}",
    "layers{{policy={}}}",
    "streams{{policy={} places=stream}}",
)


@pytest.mark.parametrize("policy", ["save-all", "min-cut", "recompute"])
@pytest.mark.parametrize("name", CASES)
def test_value_and_gradient(name, policy):
    text, inputs, value, gradients = CASES[name]
    module = parse_module(text, "f.mlir", full_context())
    for pipeline in PIPELINES:
        passes = _passes(pipeline.format(policy))
        compiled = compile_gradient(
            module, "f", tuple(gradients), passes, full_context()
        )
        for engine in ("reference", "compiled"):
            result = compiled.run(inputs, {"seed0": np.array(1.0)}, engine=engine)
            assert result.values[0] == value
            for number, expected in gradients.items():
                assert (result.gradients[number] == np.array(expected)).all()


def _passes(text):
    return build_passes(text, Universe.get_multiverse().all_passes)
