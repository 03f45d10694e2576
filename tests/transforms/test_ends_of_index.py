"""Loops whose bounds and steps are at the ends of 64 bits, on both engines.

Value and gradient are those of MLIR's `scf.for`: signed comparison with the upper
bound, and no iteration behind the one whose successor would not fit.
"""

import math

import numpy as np
import pytest
from xdsl.universe import Universe

from tapeflow.backend.gradient import CompiledGradient, compile_gradient
from tapeflow.backend.runtime.execution_error import ExecutionError
from tapeflow.frontend.reader import parse_module
from tapeflow.tools.pipelines.building import build_passes
from tapeflow.universe import full_context

LEAST, GREATEST = -(2**63), 2**63 - 1

PIPELINES = [
    "baseline{policy=save-all}",
    "baseline{layout=aosoa policy=recompute}",
    "regions{policy=min-cut loop-stages=2}",
    "layers{policy=save-all}",
    "layers{policy=min-cut}",
    "streams{places=stream policy=save-all}",
    "streams{places=stream slots=3 policy=recompute}",
]

NEST = """
func.func @f(%x: memref<4xf64>, %lo: TYPE, %hi: TYPE, %st: TYPE) -> f64 {
  %c1 = arith.constant 1 : TYPE
  %c3 = arith.constant 3 : TYPE
  %one = arith.constant 1.0 : f64
  %r = scf.for %i = %lo to %hi step %st iter_args(%s = %one) -> (f64) : TYPE {
    %odd = arith.andi %i, %c1 : TYPE
    %is = arith.cmpi eq, %odd, %c1 : TYPE
    %t = scf.if %is -> (f64) {
      %u = scf.for %j = %i to %hi step %st iter_args(%v = %s) -> (f64) : TYPE {
        %w = math.sin %v : f64
        scf.yield %w : f64
      }
      scf.yield %u : f64
    } else {
      scf.yield %s : f64
    }
    %low = arith.andi %i, %c3 : TYPE
    ACCESS
    %b = arith.mulf %t, %a : f64
    scf.yield %b : f64
  }
  func.return %r : f64
}
"""
"""An inner loop from the outer counter on, in a branch that the counter decides."""

X = np.array([0.9, 1.1, -0.7, 1.3])


def gradient_of(text: str, pipeline: str, wrt: int = 0) -> CompiledGradient:
    context = full_context()
    passes = build_passes(pipeline, Universe.get_multiverse().all_passes)
    module = parse_module(text, "loop.mlir", context)
    return compile_gradient(module, "f", [wrt], passes, context)


def nest(lower: int, upper: int, step: int) -> tuple[float, np.ndarray]:
    """Value and gradient of the nest."""
    value, gradient = 1.0, np.zeros(4)
    for i in range(lower, upper, step):
        for _ in range(i, upper, step) if i & 1 else ():
            value, gradient = math.sin(value), math.cos(value) * gradient
        change = np.zeros(4)
        change[i & 3] = value
        value, gradient = value * X[i & 3], gradient * X[i & 3] + change
    return value, gradient


BOUNDS = [
    (LEAST, 2**62, 2**62),
    (LEAST, GREATEST, 2**62 - 1),
    (LEAST, GREATEST, GREATEST),
    (LEAST + 1, LEAST + 9, 2),
    (GREATEST - 3, GREATEST, 2),
    (GREATEST - 6, GREATEST, 1),
    (-5, GREATEST, GREATEST),
    (-7, 9, 3),
    (5, LEAST, 1),
    (GREATEST, LEAST, 3),
    (3, 3, GREATEST),
]


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_index_loops(pipeline: str) -> None:
    text = NEST.replace("(f64) : TYPE", "(f64)").replace("TYPE", "index")
    access = "%a = memref.load %x[%low] : memref<4xf64>"
    compiled = gradient_of(text.replace("ACCESS", access), pipeline)
    for bounds in BOUNDS:
        check(compiled, bounds, np.int64)


@pytest.mark.parametrize(
    "pipeline",
    [
        "baseline{layout=aos}",
        "layers{dynamic-only=true}",
        "streams{places=stream slots=3 policy=save-all dynamic-only=true}",
    ],
)
def test_narrow_loops(pipeline: str) -> None:
    access = """%k = arith.index_cast %low : i8 to index
    %a = memref.load %x[%k] : memref<4xf64>"""
    text = NEST.replace("TYPE", "i8").replace("ACCESS", access)
    compiled = gradient_of(text, pipeline)
    for bounds in ((-128, 127, 100), (-128, 127, 127), (125, 127, 2), (3, -128, 1)):
        check(compiled, bounds, np.int8)


def check(compiled: CompiledGradient, bounds: tuple[int, int, int], kind) -> None:
    value, gradient = nest(*bounds)
    numbers = {f"arg{n}": kind(bound) for n, bound in enumerate(bounds, 1)}
    found = [compiled.run({"arg0": X} | numbers, engine=e) for e in ENGINES]
    for one in found:
        assert one.values[0] == pytest.approx(value, rel=1e-12)
        assert one.gradients[0] == pytest.approx(gradient, rel=1e-9, abs=1e-12)
        assert one.gradients[0].tobytes() == found[0].gradients[0].tobytes()


ENGINES = ("reference", "compiled")

SWAPPED = """
func.func @f(%x: f64, %lo: index, %hi: index, %st: index) -> f64 {
  %c0 = arith.constant 0 : index
  %two = arith.constant 2.0 : f64
  %a = memref.alloc() : memref<1xf64>
  %b = memref.alloc() : memref<1xf64>
  memref.store %x, %a[%c0] : memref<1xf64>
  memref.store %two, %b[%c0] : memref<1xf64>
  %p, %q = scf.for %i = %lo to %hi step %st iter_args(%u = %a, %v = %b)
      -> (memref<1xf64>, memref<1xf64>) {
    scf.yield %v, %u : memref<1xf64>, memref<1xf64>
  }
  %e = memref.load %p[%c0] : memref<1xf64>
  %y = arith.mulf %e, %e : f64
  func.return %y : f64
}
"""


@pytest.mark.parametrize(
    ("bounds", "gradient"),
    [((LEAST, GREATEST, GREATEST), 0), ((LEAST, 0, 2**62), 6), ((5, LEAST, 1), 6)],
)
@pytest.mark.parametrize("engine", ENGINES)
def test_swaps_of_a_loop_over_all_numbers(
    engine: str, bounds: tuple[int, int, int], gradient: float
) -> None:
    """Three swaps leave the constant, two and none the argument."""
    compiled = gradient_of(SWAPPED, "baseline")
    numbers = {f"arg{n}": np.int64(bound) for n, bound in enumerate(bounds, 1)}
    found = compiled.run({"arg0": np.float64(3.0)} | numbers, engine=engine)  # pyright: ignore
    assert found.gradients[0] == gradient


CHAIN = """
func.func @f(%x: f64, %lo: TYPE, %hi: TYPE, %st: TYPE) -> f64 {
  %one = arith.constant 1.0 : f64
  %r = scf.for %i = %lo to %hi step %st iter_args(%s = %one) -> (f64) OF {
    %p = arith.mulf %s, %x : f64
    %q = math.sin %p : f64
    scf.yield %q : f64
  }
  func.return %r : f64
}
"""


@pytest.mark.parametrize("type_", ["index", "i32"])
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("pipeline", PIPELINES[::3])
def test_a_step_that_is_not_positive_has_one_message(
    pipeline: str, engine: str, type_: str
) -> None:
    text = CHAIN.replace("OF", "" if type_ == "index" else f": {type_}")
    compiled = gradient_of(text.replace("TYPE", type_), pipeline)
    kind = np.int64 if type_ == "index" else np.int32
    for bounds in ((5, 0, -1), (0, 5, 0), (0, 5, -3)):
        numbers = {f"arg{n}": kind(bound) for n, bound in enumerate(bounds, 1)}
        with pytest.raises(ExecutionError) as caught:
            compiled.run({"arg0": np.float64(0.5)} | numbers, engine=engine)  # pyright: ignore
        wanted = f"the step of a loop is {bounds[2]}; it must be positive"
        assert caught.value.message == wanted
        assert caught.value.location == "loop.mlir:4:8"


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("pipeline", PIPELINES)
def test_a_tape_that_no_machine_holds_is_refused_at_once(
    pipeline: str, engine: str
) -> None:
    """Also where its bytes, or its records, are more than 64 bits count."""
    compiled = gradient_of(CHAIN.replace("TYPE", "index").replace("OF", ""), pipeline)
    for bounds in ((0, 2**60, 1), (0, 2**62, 1), (LEAST, GREATEST, 1), (-9, 2**50, 2)):
        numbers = {f"arg{n}": np.int64(bound) for n, bound in enumerate(bounds, 1)}
        with pytest.raises(ExecutionError, match=r"this tape .*needs .* bytes of mem"):
            compiled.run({"arg0": np.float64(0.5)} | numbers, engine=engine)  # pyright: ignore


DEEP = """
func.func @f(%x: f64, %a: index, %b: index, %c: index) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = scf.for %i = %c0 to %a step %c1 iter_args(%s = %x) -> (f64) {
    %t = scf.for %j = %i to %b step %c1 iter_args(%u = %s) -> (f64) {
      %v = scf.for %k = %c0 to %c step %c1 iter_args(%w = %u) -> (f64) {
        %p = math.sin %w : f64
        scf.yield %p : f64
      }
      scf.yield %v : f64
    }
    scf.yield %t : f64
  }
  func.return %r : f64
}
"""


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("pipeline", PIPELINES)
def test_products_of_trip_counts_do_not_wrap(pipeline: str, engine: str) -> None:
    """2**62 times 4 records are not none, and none times any number are."""
    compiled = gradient_of(DEEP, pipeline)

    def run(*sizes: int):
        numbers = {f"arg{n}": np.int64(size) for n, size in enumerate(sizes, 1)}
        return compiled.run({"arg0": np.float64(0.5)} | numbers, engine=engine)  # pyright: ignore

    for sizes in ((1, 4, 2**62), (4, 2**62, 4), (3, 2**61, 2**62)):
        with pytest.raises(ExecutionError, match=r"this tape .*needs .* bytes of mem"):
            run(*sizes)
    assert run(0, 2**62, 2**62).gradients[0] == 1
    assert run(3, LEAST, 2**62).gradients[0] == 1
    assert run(1, 1, 2).gradients[0] == math.cos(math.sin(0.5)) * math.cos(0.5)


@pytest.mark.parametrize("sizes", [(1, 2, 2**62), (4, 2**62, 4), (3, 2**61, 2**62)])
@pytest.mark.parametrize("pipeline", PIPELINES)
def test_products_of_constant_trip_counts_do_not_wrap(
    pipeline: str, sizes: tuple[int, int, int]
) -> None:
    arguments = ", %a: index, %b: index, %c: index"
    constants = (
        f"%{name} = arith.constant {size} : index"
        for name, size in zip("abc", sizes, strict=True)
    )
    text = DEEP.replace("-> f64 {", "\n".join(("-> f64 {", *constants)), 1)
    compiled = gradient_of(text.replace(arguments, ""), pipeline)
    with pytest.raises(ExecutionError, match=r"this tape .*needs .* bytes of mem"):
        compiled.run({"arg0": np.float64(0.5)}, engine="reference")  # pyright: ignore


NUMBERED = """
func.func @f(%x: f64) -> f64 {
  %lower = arith.constant LOWER : index
  %upper = arith.constant UPPER : index
  %step = arith.constant 1 : index
  %r = scf.for %i = %lower to %upper step %step iter_args(%v = %x) -> (f64) {
    %w = math.sin %v : f64
    scf.yield %w : f64
  }
  func.return %r : f64
}
"""


@pytest.mark.parametrize("lower", [LEAST, LEAST + 1, -1, 0, 1, GREATEST - 3])
@pytest.mark.parametrize("passes", ["differentiate", "layers{policy=save-all}"])
def test_bounds_that_are_numbers_of_the_text(lower: int, passes: str):
    """Constants that the reverse computes from them fit 64 bits, folded or not."""
    text = NUMBERED.replace("LOWER", str(lower)).replace("UPPER", str(lower + 3))
    value, slope = 0.7, 1.0
    for _ in range(3):
        value, slope = math.sin(value), math.cos(value) * slope
    gradient = gradient_of(text, passes)
    for engine in ("reference", "compiled"):
        result = gradient.run({"arg0": np.array(0.7)}, engine=engine)
        assert float(result.values[0]) == value
        assert float(result.gradients[0]) == pytest.approx(slope, rel=1e-14)
