"""Affine, linalg, parallel, switch and execute_region programs, lowered and run."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xdsl.dialects.builtin import FileLineColLoc, ModuleOp
from xdsl.passes import ModulePass
from xdsl.universe import Universe

from tapeflow.analysis.verification.dominance import verify_dominance
from tapeflow.backend.execute import execute
from tapeflow.backend.gradient import compile_gradient
from tapeflow.frontend.reader import parse_module
from tapeflow.tools.pipelines.building import build_passes
from tapeflow.transforms.source.lower_source import LowerSourcePass, source_passes
from tapeflow.universe import full_context

Arrays = dict[str, np.ndarray]


def read(text: str) -> ModuleOp:
    module = parse_module(text, "program.mlir", full_context())
    module.verify()
    return module


def lowered(text: str) -> ModuleOp:
    """The program after each pass of `lower-source`, verified after each."""
    module = read(text)
    for pass_ in source_passes(module):
        pass_.apply(full_context(), module)
        module.verify()
        verify_dominance(module)
    for op in module.walk():
        assert op.name.split(".")[0] not in ("affine", "linalg"), op.name
        assert isinstance(op.location, FileLineColLoc), op
    return module


def run(text: str, *arguments: object) -> tuple[object, ...]:
    """Results of @f after lowering; the engines must agree."""
    module = lowered(text)
    seen: list[tuple[object, ...]] = []
    for engine in ("compiled", "reference"):
        copies = [a.copy() if isinstance(a, np.ndarray) else a for a in arguments]
        results = execute(module, "f", copies, None, engine).results
        buffers = [copy for copy in copies if isinstance(copy, np.ndarray)]
        seen.append((*results, *buffers))
    for one, other in zip(*seen, strict=True):
        assert np.asarray(one).tobytes() == np.asarray(other).tobytes()
    return seen[0]


# --- affine expressions -------------------------------------------------------------


def test_a_value_may_be_a_dimension_and_a_symbol() -> None:
    text = """
    func.func @f(%x: memref<?x?xf64>, %i: index) -> f64 {
      %v = affine.load %x[%i + 1, symbol(%i) - 1] : memref<?x?xf64>
      func.return %v : f64
    }"""
    x = np.arange(20.0).reshape(4, 5)
    assert run(text, x, 2)[0] == x[3, 1]


Expression = tuple[str, str]
"""The same expression in MLIR and in Python."""

_LEAVES: st.SearchStrategy[Expression] = st.sampled_from(
    [("%i", "i"), ("%j", "j"), ("symbol(%n)", "n")]
) | st.integers(-9, 9).map(lambda number: (str(number), str(number)))

_BY_CONSTANT = {
    "({} * {})": "({} * {})",
    "({} floordiv {})": "({} // {})",
    "({} ceildiv {})": "(-(-{} // {}))",
    "({} mod {})": "({} % {})",
}


def _sum(lhs: Expression, sign: str, rhs: Expression) -> Expression:
    mlir, python = (f"({a} {sign} {b})" for a, b in zip(lhs, rhs, strict=True))
    return mlir, python


def _by_constant(lhs: Expression, form: str, constant: int) -> Expression:
    return form.format(lhs[0], constant), _BY_CONSTANT[form].format(lhs[1], constant)


def _deeper(parts: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    return (
        st.builds(_sum, parts, st.sampled_from("+-"), parts)
        | st.builds(
            _by_constant, parts, st.sampled_from([*_BY_CONSTANT]), st.integers(1, 7)
        )
        | parts.map(lambda part: (f"(-{part[0]})", f"(-{part[1]})"))
    )


@settings(max_examples=150, deadline=None)
@given(
    st.recursive(_LEAVES, _deeper, max_leaves=8),
    st.tuples(*[st.integers(-30, 30)] * 3),
)
def test_affine_expressions_mean_what_they_say(
    expression: Expression, values: tuple[int, int, int]
) -> None:
    """Against the same expression in Python."""
    mlir, python = expression
    text = f"""
    func.func @f(%x: memref<?xi64>, %i: index, %j: index, %n: index) -> i64 {{
      %v = affine.load %x[{mlir} + 4000] : memref<?xi64>
      func.return %v : i64
    }}"""
    known: dict[str, object] = dict(zip("ijn", values, strict=True))
    expected = eval(python, {}, known) + 4000
    if 0 <= expected < 8000:
        arguments = [np.arange(8000), *values]
        module = lowered(text)
        assert execute(module, "f", arguments, None, "reference").results == (expected,)


# --- programs -----------------------------------------------------------------------

TILES = """
#inside = affine_set<(d0)[s0] : (d0 - 1 >= 0, s0 - d0 >= 2)>
func.func @f(%x: memref<?xf64>, %n: index) -> f64 {
  %zero = arith.constant 0.0 : f64
  %r = affine.for %t = 0 to affine_map<()[s0] -> (s0 ceildiv 4)>()[%n]
      iter_args(%a = %zero) -> (f64) {
    %b = affine.for %i = max affine_map<(d0) -> (d0 * 4, 1)>(%t)
        to min affine_map<(d0)[s0] -> (d0 * 4 + 4, s0)>(%t)[%n]
        iter_args(%c = %a) -> (f64) {
      %v = affine.load %x[%i] : memref<?xf64>
      %g = affine.if #inside(%i)[%n] -> f64 {
        %w = affine.load %x[symbol(%n) - %i - 1] : memref<?xf64>
        %p = arith.mulf %v, %w : f64
        affine.yield %p : f64
      } else {
        %s = math.sin %v : f64
        affine.yield %s : f64
      }
      %d = arith.addf %c, %g : f64
      affine.yield %d : f64
    }
    affine.yield %b : f64
  }
  func.return %r : f64
}"""


def tiles(x: np.ndarray) -> float:
    n, total = len(x), 0.0
    for i in range(1, n):
        total += x[i] * x[n - 1 - i] if n - i >= 2 else np.sin(x[i])
    return total


MATMUL = """
#rows = affine_map<(d0, d1) -> (d0, d1)>
func.func @f(%a: memref<?x3xf64>, %b: memref<3x4xf64>, %c: memref<?x4xf64>) -> f64 {
  %zero = arith.constant 0.0 : f64
  linalg.fill ins(%zero : f64) outs(%c : memref<?x4xf64>)
  linalg.matmul ins(%a, %b : memref<?x3xf64>, memref<3x4xf64>)
      outs(%c : memref<?x4xf64>)
  %total = memref.alloc() : memref<f64>
  linalg.fill ins(%zero : f64) outs(%total : memref<f64>)
  linalg.generic {indexing_maps = [#rows, affine_map<(d0, d1) -> ()>],
      iterator_types = ["reduction", "reduction"]}
      ins(%c : memref<?x4xf64>) outs(%total : memref<f64>) {
  ^bb0(%in: f64, %out: f64):
    %i = linalg.index 0 : index
    %k = arith.index_cast %i : index to i64
    %weight = arith.sitofp %k : i64 to f64
    %square = arith.mulf %in, %in : f64
    %weighted = arith.mulf %square, %weight : f64
    %sum = arith.addf %out, %weighted : f64
    linalg.yield %sum : f64
  }
  %r = memref.load %total[] : memref<f64>
  memref.dealloc %total : memref<f64>
  func.return %r : f64
}"""


def matmul(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.sum((a @ b) ** 2 * np.arange(len(a))[:, None]))


REDUCTIONS = """
func.func @f(%x: memref<?x?xf64>, %n: index, %m: index) -> (f64, f64) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %one = arith.constant 1.0 : f64
  %half = arith.constant 0.5 : f64
  %mix, %p = scf.parallel (%i, %j) = (%c0, %c0) to (%n, %m) step (%c1, %c1)
      init (%half, %one) -> (f64, f64) {
    %v = memref.load %x[%i, %j] : memref<?x?xf64>
    scf.reduce(%v, %v : f64, f64) {
    ^bb0(%l: f64, %r: f64):
      // Neither associative nor commutative: the order shows.
      %s = math.sin %l : f64
      %q = arith.addf %s, %r : f64
      scf.reduce.return %q : f64
    }, {
    ^bb0(%l: f64, %r: f64):
      %q = arith.mulf %l, %r : f64
      scf.reduce.return %q : f64
    }
  }
  func.return %mix, %p : f64, f64
}"""


def reductions(x: np.ndarray) -> tuple[float, float]:
    mix, product = 0.5, 1.0
    for v in x.ravel():
        mix, product = np.sin(mix) + v, product * v
    return mix, product


SWITCH = """
func.func @f(%x: f64, %k: index) -> f64 {
  %y = scf.index_switch %k -> f64
  case 0 {
    %s = math.sin %x : f64
    scf.yield %s : f64
  }
  case 3 {
    %e = scf.execute_region -> f64 {
      %q = arith.mulf %x, %x : f64
      scf.yield %q : f64
    }
    scf.yield %e : f64
  }
  default {
    scf.yield %x : f64
  }
  func.return %y : f64
}"""

RNG = np.random.default_rng(7)
VECTOR, MATRIX = RNG.normal(size=11), RNG.normal(size=(3, 4))
LEFT = RNG.normal(size=(5, 3))


@pytest.mark.parametrize("n", [0, 1, 2, 4, 11])
def test_affine_loops_and_conditions(n: int) -> None:
    result, *_ = run(TILES, VECTOR[:n].copy(), n)
    assert result == pytest.approx(tiles(VECTOR[:n]), rel=1e-14, abs=1e-14)


def test_linalg_on_buffers() -> None:
    value, _, _, product = run(MATMUL, LEFT, MATRIX, np.zeros((5, 4)))
    np.testing.assert_allclose(np.asarray(product), LEFT @ MATRIX, rtol=1e-14)
    assert value == pytest.approx(matmul(LEFT, MATRIX), rel=1e-14)


_ELEMENTWISE = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "min": np.minimum,
    "max": np.maximum,
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
}


@pytest.mark.parametrize("name", _ELEMENTWISE)
def test_named_elementwise_operations(name: str) -> None:
    function = _ELEMENTWISE[name]
    inputs = [np.abs(MATRIX), np.abs(MATRIX[::-1]).copy()][: function.nin]
    operands, types = ["%a", "%b"][: function.nin], ["memref<?x4xf64>"] * function.nin
    text = f"""
    func.func @f(%a: memref<?x4xf64>, %b: memref<?x4xf64>, %c: memref<?x4xf64>) {{
      linalg.{name} ins({", ".join(operands)} : {", ".join(types)})
          outs(%c : memref<?x4xf64>)
      func.return
    }}"""
    *_, result = run(text, np.abs(MATRIX), inputs[-1], np.zeros_like(MATRIX))
    np.testing.assert_allclose(np.asarray(result), function(*inputs), rtol=1e-15)


def test_named_convolution() -> None:
    image, kernel = "memref<1x2x6x7xf64>", "memref<3x2x2x3xf64>"
    text = f"""
    func.func @f(%x: {image}, %k: {kernel}, %y: memref<1x3x3x5xf64>) {{
      linalg.conv_2d_nchw_fchw {{strides = dense<[2, 1]> : tensor<2xi64>,
          dilations = dense<1> : tensor<2xi64>}}
          ins(%x, %k : {image}, {kernel}) outs(%y : memref<1x3x3x5xf64>)
      func.return
    }}"""
    x, k = RNG.normal(size=(1, 2, 6, 7)), RNG.normal(size=(3, 2, 2, 3))
    *_, result = run(text, x, k, np.zeros((1, 3, 3, 5)))
    windows = np.lib.stride_tricks.sliding_window_view(x[0], (2, 3), axis=(1, 2))
    expected = np.einsum("cijhw,fchw->fij", windows[:, ::2], k)
    np.testing.assert_allclose(np.asarray(result)[0], expected, rtol=1e-12)


def test_parallel_reductions_run_in_order_of_their_indices() -> None:
    assert run(REDUCTIONS, MATRIX, 3, 4)[:2] == reductions(MATRIX)
    assert run(REDUCTIONS, MATRIX, 0, 4)[:2] == (0.5, 1.0)


@pytest.mark.parametrize("k", [-1, 0, 1, 3])
def test_switches(k: int) -> None:
    expected = {0: np.sin(0.7), 3: 0.7 * 0.7}.get(k, 0.7)
    assert run(SWITCH, 0.7, k) == (expected,)


_NEUTRAL = {
    "addf": (0.0, np.sum),
    "mulf": (1.0, np.prod),
    "maximumf": (-np.inf, np.max),
    "minimumf": (np.inf, np.min),
    "maxnumf": (np.nan, np.max),
    "minnumf": (np.nan, np.min),
    "addi": (0, np.sum),
    "muli": (1, np.prod),
    "maxs": (-(2**31), np.max),
    "mins": (2**31 - 1, np.min),
    "maxu": (0, lambda x: x.view(np.uint32).max().view(np.int32)),
    "minu": (-1, lambda x: x.view(np.uint32).min().view(np.int32)),
    "andi": (-1, np.bitwise_and.reduce),
    "ori": (0, np.bitwise_or.reduce),
    "xori": (0, np.bitwise_xor.reduce),
}


@pytest.mark.parametrize("kind", _NEUTRAL)
def test_every_reduction_and_its_neutral_element(kind: str) -> None:
    neutral, reduce = _NEUTRAL[kind]
    is_float = kind.endswith("f")
    type_ = "f64" if is_float else "i32"
    text = f"""
    func.func @f(%x: memref<?x{type_}>, %n: index) -> {type_} {{
      %r = affine.parallel (%i) = (0) to (%n) reduce ("{kind}") -> {type_} {{
        %v = affine.load %x[%i] : memref<?x{type_}>
        affine.yield %v : {type_}
      }}
      func.return %r : {type_}
    }}"""
    values = [3, -5, 7, 12, -1]
    x = np.array(values, dtype=np.float64 if is_float else np.int32)
    np.testing.assert_equal(run(text, x, len(x))[0], reduce(x))
    np.testing.assert_equal(run(text, x, 0)[0], neutral)


# --- gradients ----------------------------------------------------------------------


def passes_of(pipeline: str) -> Sequence[ModulePass]:
    return build_passes(pipeline, Universe.get_multiverse().all_passes)


def gradients(
    text: str,
    wrt: tuple[int, ...],
    arguments: Sequence[object],
    seeds: Arrays | None = None,
    pipeline: str = "baseline",
) -> list[np.ndarray]:
    arrays = {f"arg{i}": np.asarray(a) for i, a in enumerate(arguments)}
    compiled = compile_gradient(
        read(text), "f", wrt, passes_of(pipeline), full_context()
    )
    result = compiled.run(arrays, seeds)
    return [result.gradients[i] for i in wrt]


@pytest.mark.parametrize("pipeline", ["baseline", "regions", "layers", "streams"])
def test_gradient_of_an_affine_program(pipeline: str) -> None:
    (gradient,) = gradients(TILES, (0,), (VECTOR, len(VECTOR)), pipeline=pipeline)
    step = 1e-6 * np.eye(len(VECTOR))
    expected = [(tiles(VECTOR + e) - tiles(VECTOR - e)) / 2e-6 for e in step]
    np.testing.assert_allclose(gradient, expected, rtol=1e-7, atol=1e-8)


def test_gradient_of_a_linalg_program() -> None:
    """sum_i i |row i of ab|^2: its adjoint is 2 i c, times b' and a'."""
    got = gradients(MATMUL, (0, 1), (LEFT, MATRIX, np.zeros((5, 4))))
    adjoint = 2 * np.arange(5)[:, None] * (LEFT @ MATRIX)
    for gradient, expected in zip(
        got, (adjoint @ MATRIX.T, LEFT.T @ adjoint), strict=True
    ):
        np.testing.assert_allclose(gradient, expected, rtol=1e-12)


def test_gradient_of_a_parallel_reduction() -> None:
    seeds = {"seed0": np.array(1.0), "seed1": np.array(1.0)}
    (gradient,) = gradients(REDUCTIONS, (0,), (MATRIX, 3, 4), seeds)
    mixes = [0.5]
    for v in MATRIX.ravel():
        mixes.append(np.sin(mixes[-1]) + v)
    factors = np.cos(mixes[1:-1])  # of each next mix by the mix before
    by_mix = np.append(np.cumprod(factors[::-1])[::-1], 1.0).reshape(MATRIX.shape)
    expected = by_mix + np.prod(MATRIX) / MATRIX
    np.testing.assert_allclose(gradient, expected, rtol=1e-12)


@pytest.mark.parametrize("k", [-1, 0, 3])
def test_gradient_of_a_switch(k: int) -> None:
    (gradient,) = gradients(SWITCH, (0,), (0.7, k))
    assert gradient == {0: np.cos(0.7), 3: 1.4}.get(k, 1.0)


def test_gradient_of_a_parallel_maximum_goes_to_the_largest() -> None:
    text = """
    func.func @f(%x: memref<?xf64>, %n: index) -> f64 {
      %r = affine.parallel (%i) = (0) to (%n) reduce ("maximumf") -> f64 {
        %v = affine.load %x[%i] : memref<?xf64>
        affine.yield %v : f64
      }
      func.return %r : f64
    }"""
    (gradient,) = gradients(text, (0,), (VECTOR, len(VECTOR)))
    assert gradient.tolist() == (VECTOR.max() == VECTOR).astype(float).tolist()


def test_a_program_with_nothing_to_lower_keeps_its_operations() -> None:
    module = read(
        "func.func @f(%x: f64) -> f64 { %y = math.exp %x : f64 func.return %y : f64 }"
    )
    before = list(module.walk())
    LowerSourcePass().apply(full_context(), module)
    assert all(a is b for a, b in zip(before, module.walk(), strict=True))
