"""Float ops against Python's mathematics, NumPy where it is exact, and known bits."""

import itertools
import math
import struct

import numpy as np
import pytest

EDGES = [
    *(0.0, -0.0, 1.0, -1.0, 0.5, 2.5, -2.5, 1e308, 5e-324, math.inf, -math.inf),
    *(math.nan, 3.7, -3.7, 0.1, 710.0, -745.2),
]


def same(a: float, b: float) -> bool:
    """Equal bits; all NaNs are alike."""
    if a != a or b != b:
        return a != a and b != b
    return struct.pack("<d", a) == struct.pack("<d", b)


def unary(op: str, type_: str) -> str:
    return f"""func.func @f(%x: {type_}) -> {type_} {{
  %y = {op} %x : {type_}
  func.return %y : {type_}
}}"""


def binary(op: str, type_: str, result: str | None = None) -> str:
    return f"""func.func @f(%x: {type_}, %y: {type_}) -> {result or type_} {{
  %z = {op} %x, %y : {type_}
  func.return %z : {result or type_}
}}"""


@pytest.mark.parametrize(
    ("op", "points"),
    {
        "exp": [(-math.inf, 0.0), (0.0, 1.0), (710.0, math.inf), (-746.0, 0.0)],
        "log": [(0.0, -math.inf), (-0.0, -math.inf), (-1.0, math.nan), (1.0, 0.0)],
        "log1p": [(-1.0, -math.inf), (-2.0, math.nan), (1e-300, 1e-300)],
        "log2": [(8.0, 3.0), (0.0, -math.inf)],
        "log10": [(1000.0, 3.0)],
        "expm1": [(1e-300, 1e-300), (-math.inf, -1.0)],
        "exp2": [(10.0, 1024.0), (2000.0, math.inf)],
        "sqrt": [(2.0, math.sqrt(2)), (-1.0, math.nan), (-0.0, -0.0)],
        "rsqrt": [(4.0, 0.5), (0.0, math.inf), (-0.0, -math.inf)],
        "cbrt": [(-0.0, -0.0), (-math.inf, -math.inf)],
        "sin": [(math.inf, math.nan), (-0.0, -0.0)],
        "cos": [(0.0, 1.0), (math.inf, math.nan)],
        "tan": [(0.0, 0.0)],
        "tanh": [(100.0, 1.0), (-math.inf, -1.0)],
        "sinh": [(1000.0, math.inf)],
        "cosh": [(1000.0, math.inf)],
        "asin": [(2.0, math.nan), (1.0, math.pi / 2)],
        "acos": [(1.0, 0.0), (-2.0, math.nan)],
        "atan": [(math.inf, math.pi / 2)],
        "asinh": [(-0.0, -0.0)],
        "acosh": [(0.5, math.nan), (1.0, 0.0)],
        "atanh": [(1.0, math.inf), (2.0, math.nan)],
        "erf": [(0.0, 0.0), (10.0, 1.0)],
        "absf": [(-0.0, 0.0), (-math.inf, math.inf)],
        "floor": [(-0.5, -1.0), (-0.0, -0.0), (1e300, 1e300)],
        "ceil": [(-0.5, -0.0), (0.5, 1.0)],
        "trunc": [(-0.9, -0.0), (2.9, 2.0), (math.inf, math.inf)],
        "round": [(0.5, 1.0), (-2.5, -3.0), (0.49999999999999994, 0.0)],
        "roundeven": [(0.5, 0.0), (1.5, 2.0), (-2.5, -2.0), (-0.5, -0.0)],
    }.items(),
)
def test_unary_edges(run, op, points):
    for argument, expected in points:
        (found,) = run(unary(f"math.{op}", "f64"), argument).results
        assert same(float(found), expected), (argument, found)


@pytest.mark.parametrize("op", ["exp", "log", "sin", "cos", "tan", "sqrt", "atan"])
def test_f32_is_the_double_result_rounded_once(run, op):
    for argument in (0.3, 1.7, 11.25):
        single = float(np.float32(argument))
        (found,) = run(unary(f"math.{op}", "f32"), single).results
        assert found == np.float32(getattr(math, op)(single))
        assert type(found) is np.float32


@pytest.mark.parametrize("op", ["exp", "log", "tanh", "erf", "sin", "expm1", "log1p"])
def test_f64_is_libm_as_python_calls_it(run, op):
    for argument in np.random.default_rng(1).uniform(0.01, 20.0, 50):
        (found,) = run(unary(f"math.{op}", "f64"), argument).results
        assert found == getattr(math, op)(argument)


@pytest.mark.parametrize("type_", ["f64", "f32"])
@pytest.mark.parametrize("op", ["add", "sub", "mul", "div"])
def test_basic_arithmetic_is_ieee(run, op, type_):
    scalar = np.float64 if type_ == "f64" else np.float32
    text = binary(f"arith.{op}f", type_)
    numpy_op = {"add": np.add, "sub": np.subtract, "mul": np.multiply}.get(
        op, np.divide
    )
    with np.errstate(all="ignore"):
        for a, b in itertools.product(EDGES, EDGES):
            x, y = scalar(a), scalar(b)
            (found,) = run(text, x, y).results
            assert same(float(found), float(numpy_op(x, y))), (a, b, found)


@pytest.mark.parametrize(
    ("op", "a", "b", "expected"),
    [
        ("maximumf", math.nan, 1.0, math.nan),
        ("minimumf", 1.0, math.nan, math.nan),
        ("maxnumf", math.nan, 1.0, 1.0),
        ("minnumf", 1.0, math.nan, 1.0),
        ("maxnumf", math.nan, math.nan, math.nan),
        ("maximumf", -0.0, 0.0, 0.0),
        ("maximumf", 0.0, -0.0, 0.0),
        ("minimumf", 0.0, -0.0, -0.0),
        ("minimumf", -0.0, 0.0, -0.0),
        ("maxnumf", -0.0, 0.0, 0.0),
        ("minnumf", 0.0, -0.0, -0.0),
        ("maximumf", -math.inf, 3.0, 3.0),
        ("minimumf", -2.0, 3.0, -2.0),
    ],
)
def test_extrema(run, op, a, b, expected):
    (found,) = run(binary(f"arith.{op}", "f64"), a, b).results
    assert same(float(found), expected)


@pytest.mark.parametrize(
    ("predicate", "less", "equal", "greater", "unordered"),
    [
        ("oeq", 0, 1, 0, 0),
        ("ogt", 0, 0, 1, 0),
        ("oge", 0, 1, 1, 0),
        ("olt", 1, 0, 0, 0),
        ("ole", 1, 1, 0, 0),
        ("one", 1, 0, 1, 0),
        ("ord", 1, 1, 1, 0),
        ("ueq", 0, 1, 0, 1),
        ("ugt", 0, 0, 1, 1),
        ("uge", 0, 1, 1, 1),
        ("ult", 1, 0, 0, 1),
        ("ule", 1, 1, 0, 1),
        ("une", 1, 0, 1, 1),
        ("uno", 0, 0, 0, 1),
        ("true", 1, 1, 1, 1),
        ("false", 0, 0, 0, 0),
    ],
)
def test_comparisons(run, predicate, less, equal, greater, unordered):
    text = binary(f"arith.cmpf {predicate},", "f64", "i1")
    pairs = [(1.0, 2.0), (-0.0, 0.0), (2.0, 1.0), (math.nan, 1.0)]
    found = [bool(run(text, a, b).results[0]) for a, b in pairs]
    assert found == list(map(bool, (less, equal, greater, unordered)))


def test_power_is_libm_pow(run):
    text = binary("math.powf", "f64")
    for a, b in [(3.0, 2.0), (1.1, 0.5), (-8.0, 1 / 3), (0.0, -1.0), (0.0, 0.0)]:
        (found,) = run(text, a, b).results
        try:
            expected = math.pow(a, b)
        except ValueError:
            expected = math.inf if a == 0.0 else math.nan
        assert same(float(found), expected)


@pytest.mark.parametrize("type_", ["f64", "f32"])
def test_fma_rounds_once(run, type_):
    text = f"""func.func @f(%a: {type_}, %b: {type_}, %c: {type_}) -> {type_} {{
  %r = math.fma %a, %b, %c : {type_}
  func.return %r : {type_}
}}"""
    scalar = np.float64 if type_ == "f64" else np.float32
    tiny = 2.0**-30 if type_ == "f64" else 2.0**-14
    (found,) = run(text, scalar(1 + tiny), scalar(1 - tiny), scalar(-1)).results
    assert found == scalar(-(tiny**2))


def test_sign_and_whole_number_powers(run):
    assert math.copysign(1.0, run(unary("arith.negf", "f64"), 0.0).results[0]) < 0
    (found,) = run(binary("math.copysign", "f64"), 3.0, -0.0).results
    assert found == -3.0
    text = """func.func @f(%x: f64, %n: i32) -> f64 {
  %y = math.fpowi %x, %n : f64, i32
  func.return %y : f64
}"""
    assert run(text, -2.0, -3).results[0] == -0.125
