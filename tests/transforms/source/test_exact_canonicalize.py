"""Constants that `canonicalize` computes are those that programs compute."""

import re
from itertools import product

import numpy as np
import pytest
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.universe import Universe

from tapeflow.backend.execute import execute
from tapeflow.backend.gradient import compile_gradient
from tapeflow.frontend.reader import parse_module
from tapeflow.tools.pipelines.building import build_passes
from tapeflow.transforms.source.exact_canonicalize import ExactCanonicalizePass
from tapeflow.universe import full_context

CONTEXT = full_context()
INTEGER_OPS = (
    *("addi", "subi", "muli", "divsi", "divui", "floordivsi", "ceildivsi", "ceildivui"),
    *("remsi", "remui", "minsi", "minui", "maxsi", "maxui", "andi", "ori", "xori"),
    *("shli", "shrui", "shrsi"),
)
FLOAT_OPS = ("addf", "subf", "mulf", "divf", "maximumf", "minimumf", "maxnumf")
WIDTHS = {"i1": 1, "i5": 5, "i8": 8, "i16": 16, "i32": 32, "i64": 64, "index": 64}
FLOATS = {
    "f32": (
        *("0.0", "-0.0", "1.0", "-3.0", "1.0e-45", "3.0e38", "-3.0e38", "1.0e-38"),
        *("0x7F800000", "0xFF800000", "0x7FC00000", "0.1", "16777217.0"),
    ),
    "f64": (
        *("0.0", "-0.0", "1.0", "-3.0", "4.9e-324", "1.7e308", "-1.7e308", "2.2e-308"),
        *("0x7FF0000000000000", "0xFFF0000000000000", "0x7FF8000000000000", "0.1"),
    ),
}


def edges(bits: int) -> list[int]:
    """Numbers at and near the ends of a signed type."""
    low, high = -(1 << bits - 1), (1 << bits - 1) - 1
    near = {low, low + 1, -1, 0, 1, 2, 3, high // 2 + 1, high - 1, high}
    return sorted(number for number in near if low <= number <= high)


def constants(texts: list[str], kind: str) -> str:
    """One function that returns what an operation gives of every pair of constants."""
    return "\n".join(
        f"  %k{k} = arith.constant {text} : {kind}" for k, text in enumerate(texts)
    )


def program(op: str, kind: str, texts: list[str]) -> str:
    pairs = list(product(range(len(texts)), repeat=2))
    body = "\n".join(
        f"  %r{n} = arith.{op} %k{i}, %k{j} : {kind}" for n, (i, j) in enumerate(pairs)
    )
    results = ", ".join(f"%r{n}" for n in range(len(pairs)))
    kinds = ", ".join([kind] * len(pairs))
    return (
        f"func.func @f() -> ({kinds}) {{\n{constants(texts, kind)}\n{body}\n"
        f"  func.return {results} : {kinds}\n}}"
    )


def run(module: ModuleOp) -> np.ndarray:
    return np.array(execute(module, "f", [], engine="reference").results)


def operations(module: ModuleOp) -> set[str]:
    return {op.name for op in module.walk() if not isinstance(op, FuncOp | ModuleOp)}


@pytest.mark.parametrize("kind", WIDTHS)
@pytest.mark.parametrize("op", INTEGER_OPS)
def test_integers(op: str, kind: str) -> None:
    texts = [str(number) for number in edges(WIDTHS[kind])]
    module = parse_module(program(op, kind, texts), "f.mlir", CONTEXT)
    expected = run(module)
    ExactCanonicalizePass().apply(CONTEXT, module)
    module.verify()
    np.testing.assert_array_equal(run(module), expected)
    if op in ("addi", "subi", "muli"):
        assert operations(module) == {"arith.constant", "func.return"}


@pytest.mark.parametrize("op", ["addi", "muli"])
def test_sizes_stop_at_the_greatest_index(op: str) -> None:
    texts = [str(number) for number in edges(64) if number >= 0]
    text = re.sub(r"(%r.*=.*) :", r"\1 {tape.size} :", program(op, "index", texts))
    module = parse_module(text, "f.mlir", CONTEXT)
    expected = run(module)
    assert expected.max() == 2**63 - 1 and expected.min() == 0
    ExactCanonicalizePass().apply(CONTEXT, module)
    np.testing.assert_array_equal(run(module), expected)
    assert operations(module) == {"arith.constant", "func.return"}


@pytest.mark.parametrize("kind", FLOATS)
@pytest.mark.parametrize("op", FLOAT_OPS)
def test_floats(op: str, kind: str) -> None:
    text = program(op, kind, list(FLOATS[kind]))
    module = parse_module(text, "f.mlir", CONTEXT)
    expected = run(module)
    ExactCanonicalizePass().apply(CONTEXT, module)
    module.verify()
    actual = run(module)
    np.testing.assert_array_equal(actual, expected)
    numbers = ~np.isnan(expected)
    signs = np.signbit(actual[numbers]), np.signbit(expected[numbers])
    np.testing.assert_array_equal(*signs)
    if op in ("addf", "subf", "mulf", "divf"):
        assert operations(module) == {"arith.constant", "func.return"}


def test_flags_that_allow_to_change_bits_are_not_used() -> None:
    text = """func.func @f(%x: f64) -> (f64, f64) {
      %a = arith.constant 0.1 : f64
      %b = arith.constant 0.7 : f64
      %y = arith.mulf %x, %a fastmath<fast> : f64
      %z = arith.mulf %y, %b fastmath<fast> : f64
      %c = arith.cmpf ogt, %x, %a fastmath<fast> : f64
      %s = arith.select %c, %x, %a : f64
      func.return %z, %s : f64, f64
    }"""
    module = parse_module(text, "f.mlir", CONTEXT)
    ExactCanonicalizePass().apply(CONTEXT, module)
    assert [op.name for op in module.walk()].count("arith.mulf") == 2
    assert "arith.select" in operations(module)


OVERFLOWING_F32 = """func.func @f(%x: f32) -> f32 {
  %a = arith.constant 3.0e38 : f32
  %b = arith.constant 10.0 : f32
  %one = arith.constant 1.0 : f32
  %inf = arith.mulf %a, %b : f32
  %r = arith.divf %one, %inf : f32
  %x2 = arith.mulf %x, %x : f32
  %s = arith.addf %x2, %r : f32
  func.return %s : f32
}"""
WRAPPING_INDEX = """func.func @f(%x: f64, %i: index) -> f64 {
  %a = arith.constant 4611686018427387904 : index
  %two = arith.constant 2 : index
  %b = arith.muli %a, %two : index
  %b2 = arith.muli %b, %two : index
  %d = arith.addi %b2, %i : index
  %c = arith.index_cast %d : index to i64
  %e = arith.sitofp %c : i64 to f64
  %r = arith.mulf %x, %e : f64
  func.return %r : f64
}"""
WRAPPING_BOUND = """func.func @f(%x: f64) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %most = arith.constant 9223372036854775807 : index
  %n = arith.addi %most, %c1 : index
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%a = %x) -> (f64) {
    %b = arith.mulf %a, %a : f64
    scf.yield %b : f64
  }
  func.return %r : f64
}"""


@pytest.mark.parametrize("engine", ["reference", "compiled"])
@pytest.mark.parametrize("pipeline", ["baseline", "streams", "layers"])
@pytest.mark.parametrize(
    ("text", "inputs", "value", "gradient"),
    [
        (OVERFLOWING_F32, {"arg0": np.array(1.5, "f4")}, 2.25, 3.0),
        (WRAPPING_INDEX, {"arg0": np.array(1.5), "arg1": np.array(3)}, 4.5, 3.0),
        (WRAPPING_BOUND, {"arg0": np.array(1.5)}, 1.5, 1.0),
    ],
)
def test_gradients(text, inputs, value, gradient, pipeline, engine) -> None:
    module = parse_module(text, "f.mlir", CONTEXT)
    factories = Universe.get_multiverse().all_passes
    passes = build_passes(pipeline, factories)
    compiled = compile_gradient(module, "f", [0], passes, CONTEXT)
    result = compiled.run(inputs, engine=engine)
    assert result.values[0] == value
    assert result.gradients[0] == gradient


VIEW = "memref<4xf64, strided<[1], offset: ?>>"
SWAPPED_VIEWS_OF_A_VIEW = f"""func.func @f(%x: memref<8xf64>) {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %part = memref.subview %x[1] [6] [1] : memref<8xf64>
    to memref<6xf64, strided<[1], offset: 1>>
  %lo = memref.subview %part[0] [4] [1]
    : memref<6xf64, strided<[1], offset: 1>> to {VIEW}
  %hi = memref.subview %part[2] [4] [1]
    : memref<6xf64, strided<[1], offset: 1>> to {VIEW}
  %p, %q = scf.for %i = %c0 to %c3 step %c1 iter_args(%a = %lo, %b = %hi)
      -> ({VIEW}, {VIEW}) {{
    %u = memref.load %a[%i] : {VIEW}
    %v = arith.mulf %u, %u : f64
    memref.store %v, %b[%c0] : {VIEW}
    scf.yield %b, %a : {VIEW}, {VIEW}
  }}
  func.return
}}"""


def test_views_keep_their_types() -> None:
    module = parse_module(SWAPPED_VIEWS_OF_A_VIEW, "f.mlir", CONTEXT)
    ExactCanonicalizePass().apply(CONTEXT, module)
    module.verify()
