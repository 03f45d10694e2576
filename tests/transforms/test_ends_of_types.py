"""Gradients where operands are at the ends of their types: least exponents, NaNs."""

import numpy as np
import pytest
from xdsl.universe import Universe

from tapeflow.backend.gradient import GradientResult, compile_gradient
from tapeflow.frontend.reader import parse_module
from tapeflow.tools.pipelines.building import build_passes
from tapeflow.universe import full_context

CONTEXT = full_context()
NAN = np.nan


def gradient(
    text: str, wrt: list[int], pipeline: str, **inputs: object
) -> GradientResult:
    module = parse_module(text, "f.mlir", CONTEXT)
    passes = build_passes(pipeline, Universe.get_multiverse().all_passes)
    compiled = compile_gradient(module, "f", wrt, passes, CONTEXT)
    arrays = {name: np.asarray(value) for name, value in inputs.items()}
    return compiled.run(arrays, engine="reference")


@pytest.mark.parametrize(
    ("kind", "least"), [("i8", -128), ("i16", -(2**15)), ("i32", -(2**31))]
)
def test_power_with_the_least_exponent(kind: str, least: int) -> None:
    x = 1 + 2.0**-20
    expected = least * np.float64(x) ** (least - 1.0)
    known = f"""func.func @f(%x: f64) -> f64 {{
      %n = arith.constant {least} : {kind}
      %y = math.fpowi %x, %n : f64, {kind}
      func.return %y : f64
    }}"""
    result = gradient(known, [0], "baseline", arg0=x)
    np.testing.assert_allclose(result.gradients[0], expected, rtol=1e-14)
    unknown = f"""func.func @f(%x: f64, %n: {kind}) -> f64 {{
      %y = math.fpowi %x, %n : f64, {kind}
      func.return %y : f64
    }}"""
    exponent = np.array(least, f"i{int(kind[1:]) // 8}")
    result = gradient(unknown, [0], "baseline", arg0=x, arg1=exponent)
    np.testing.assert_allclose(result.gradients[0], expected, rtol=1e-14)


def test_power_with_a_truth_value() -> None:
    text = """func.func @f(%x: f64, %n: i1) -> f64 {
      %y = math.fpowi %x, %n : f64, i1
      func.return %y : f64
    }"""
    result = gradient(text, [0], "baseline", arg0=2.0, arg1=np.array(True))
    assert (result.values[0], result.gradients[0]) == (0.5, -0.25)


def test_sign_of_a_power_with_an_exponent_that_is_no_double() -> None:
    text = """func.func @f(%x: f64) -> f64 {
      %n = arith.constant 9007199254740993 : i64
      %y = math.fpowi %x, %n : f64, i64
      func.return %y : f64
    }"""
    result = gradient(text, [0], "baseline", arg0=-1.0)
    assert (result.values[0], result.gradients[0]) == (-1.0, 2.0**53)


@pytest.mark.parametrize("pipeline", ["baseline", "baseline{policy=save-all}"])
@pytest.mark.parametrize(
    ("op", "values", "expected"),
    [
        ("maximumf", (1.0, 3.0, 3.0, 2.0), (0, 1, 0, 0)),
        ("maximumf", (1.0, NAN, 3.0, 2.0), (0, 1, 0, 0)),
        ("minimumf", (1.0, NAN, -3.0, 2.0), (0, 1, 0, 0)),
        ("maximumf", (1.0, NAN, NAN, 2.0), (0, 0, 1, 0)),
        ("maxnumf", (1.0, NAN, 3.0, NAN), (0, 0, 1, 0)),
        ("minnumf", (1.0, NAN, 3.0, NAN), (1, 0, 0, 0)),
        ("maximumf", (-0.0, 0.0, -0.0, -1.0), (1, 0, 0, 0)),
    ],
)
def test_running_extremum(op, values, expected, pipeline: str) -> None:
    text = f"""func.func @f(%x: memref<?xf64>, %m0: f64) -> f64 {{
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %n = memref.dim %x, %c0 : memref<?xf64>
      %m = scf.for %i = %c0 to %n step %c1 iter_args(%a = %m0) -> (f64) {{
        %v = memref.load %x[%i] : memref<?xf64>
        %b = arith.{op} %a, %v : f64
        scf.yield %b : f64
      }}
      func.return %m : f64
    }}"""
    start = -np.inf if op.startswith("max") else np.inf
    result = gradient(text, [0], pipeline, arg0=np.array(values), arg1=start)
    np.testing.assert_array_equal(result.gradients[0], expected)
