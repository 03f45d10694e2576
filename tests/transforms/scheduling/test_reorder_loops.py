"""Sources whose loops run side by side: equal values but for rounding, errors stay."""

import random

import numpy as np
import pytest
from xdsl.dialects import scf
from xdsl.dialects.builtin import ModuleOp

from tapeflow.analysis.verification.dominance import verify_dominance
from tapeflow.backend.execute import execute
from tapeflow.backend.outputs import first_beyond_rounding
from tapeflow.backend.runtime.execution_error import ExecutionError
from tapeflow.frontend.reader import parse_module
from tapeflow.transforms import ReorderLoopsPass
from tapeflow.universe import full_context
from tests.sizes import sized

from .nests import keeps_order, loop, module_of
from .test_jam_loops import DECIDED, _random_body, assert_same_bits, nest

FLAT = {
    "copy": ("b[i] = a[i]",),
    "two steps": ("b[i] = a[i]", "c2[i, 0] = b[i]"),
    "neighbour before": ("b[i + 1] = b[i] + a[i]",),
    "neighbour behind": ("b[i] = b[i + 1] + a[i]",),
    "two forth": ("b[i + 2] = b[i] + a[i]", "c2[i, 1] = a[i]"),
    "one element": ("a[3] = a[3] + b[i]",),
    "one element between others": ("c2[i, 0] = b[i]", "a[3] = a[3] + c2[i, 0]"),
    "read behind a write": ("a[i] = b[i]", "c2[i, 0] = a[i + 1]"),
    "both ways": ("a[i] = b[i + 1]", "b[i] = a[i]"),
}


def reorder(module: ModuleOp, factor: int) -> bool:
    """Reorder a module; whether a loop was."""
    steps = [op.step for op in module.walk() if isinstance(op, scf.ForOp)]
    ReorderLoopsPass(factor=factor).apply(full_context(), module)
    module.verify()
    verify_dominance(module)
    return len(steps) < sum(isinstance(op, scf.ForOp) for op in module.walk())


SIZES = [(n, m) for n in (*range(6), 9) for m in (0, 3)]


@pytest.mark.parametrize("factor", [2, 4])
@pytest.mark.parametrize("name", FLAT)
def test_interleaved_iterations_keep_memory_as_it_is(name: str, factor: int):
    module = module_of(nest(FLAT[name]))
    assert reorder(module, factor)
    assert_same_bits(module, module_of(nest(FLAT[name])), SIZES)


@pytest.mark.parametrize("name", DECIDED)
def test_nests_keep_memory_as_it_is(name: str):
    module = module_of(nest(DECIDED[name]))
    reorder(module, 2)
    assert_same_bits(module, module_of(nest(DECIDED[name])), SIZES)


@pytest.mark.parametrize("first", range(0, sized(60, 600), 60))
def test_random_bodies_keep_memory_as_it_is(first: int):
    for seed in range(first, first + 60):
        draw = random.Random(seed)
        body, factor = _random_body(draw), draw.choice((2, 4))
        if draw.random() < 0.6:
            body = tuple(part for part in body if isinstance(part, str)) or (
                "a[i] = b[i]",
            )
        module = module_of(nest(body))
        reorder(module, factor)
        assert_same_bits(module, module_of(nest(body)), [(3, 2), (9, 4), (5, 0)])


ROW = """%u = scf.for %j = %c0 to %n step %c1 iter_args(%r = {start}) -> (f64) {{
      %y = memref.load %a[%j] : memref<?xf64>
      %z = arith.mulf %x, %y : f64
      %q = arith.addf %r, %z : f64
      scf.yield %q : f64
    }}"""
# By name: what a loop does to %s, carried from iteration to iteration; with the sums
# that copies have of their own after two are interleaved or jammed.
SUMS = {
    "sum": ("%u = arith.addf %s, %x : f64", 1),
    "the other way around": ("%u = arith.addf %x, %s : f64", 1),
    "difference": ("%u = arith.subf %s, %x : f64", 1),
    "two terms": (
        "%t = arith.addf %s, %x : f64\n %u = arith.addf %t, %x : f64",
        1,
    ),
    "row after row": (ROW.format(start="%s"), 1),
    "alternating": ("%u = arith.subf %x, %s : f64", 0),
    "product": ("%u = arith.mulf %s, %x : f64", 0),
    "largest": ("%u = arith.maximumf %s, %x : f64", 0),
    "decayed": (
        "%t = arith.mulf %s, %half : f64\n %u = arith.addf %t, %x : f64",
        0,
    ),
    "seen on its way": (
        "memref.store %s, %a[%i] : memref<?xf64>\n %u = arith.addf %s, %x : f64",
        0,
    ),
    "twice": ("%u = arith.addf %s, %s : f64", 0),
}


def sum_of(name: str, start: str = "0.0", type_: str = "f64") -> ModuleOp:
    text = f"""func.func @f(%a: memref<?xf64>, %n: index) -> f64 {{
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %start = arith.constant {start} : f64
      %half = arith.constant 0.5 : f64
      %sum = scf.for %i = %c0 to %n step %c1 iter_args(%s = %start) -> (f64) {{
        %x = memref.load %a[%i] : memref<?xf64>
        {SUMS[name][0]}
        scf.yield %u : f64
      }}
      func.return %sum : f64
    }}""".replace("f64", type_)
    return parse_module(text, "sum.mlir", full_context())


def run(module: ModuleOp, values: list[float], n: int | None = None):
    array = np.array(values)
    results = execute(module, "f", [array, len(values) if n is None else n]).results
    return np.float64(results[0]), array


@pytest.mark.parametrize("factor", [2, 4])
@pytest.mark.parametrize("name", SUMS)
def test_sums_are_right_whatever_is_left(name: str, factor: int):
    module, own = sum_of(name), SUMS[name][1]
    reorder(module, factor)
    first = next(op for op in module.walk() if isinstance(op, scf.ForOp))
    assert len(first.results) == 1 + own * (factor - 1)
    draw = np.random.default_rng(1)
    for n in range(10):
        values = [*draw.standard_normal(n)]
        (mine, left), (right, before) = run(module, values), run(sum_of(name), values)
        if not own:
            assert mine.tobytes() == right.tobytes()
        outputs = {"sum": np.asarray(right), "a": before}
        assert (
            first_beyond_rounding(outputs, {"sum": np.asarray(mine), "a": left}) is None
        )


SPECIAL = {
    "nothing": [],
    "negative zeros": [-0.0] * 5,
    "zeros": [0.0, -0.0, -0.0, -0.0, -0.0],
    "infinity": [1.0, np.inf, 2.0, 3.0, 4.0, 5.0],
    "both infinities": [np.inf, 1.0, 2.0, -np.inf, 4.0, 5.0],
    "nan": [1.0, 2.0, np.nan, 3.0, 4.0],
    "subnormal": [5e-324] * 7,
}


@pytest.mark.parametrize("start", ["0.0", "-0.0", "1.5"])
@pytest.mark.parametrize("name", SPECIAL)
def test_special_numbers_come_out_as_in_order(name: str, start: str):
    module = sum_of("sum", start)
    assert reorder(module, 4)
    mine, right = (run(m, SPECIAL[name])[0] for m in (module, sum_of("sum", start)))
    assert mine.tobytes() == right.tobytes() or (np.isnan(mine) and np.isnan(right))


def test_an_index_out_of_bounds_is_an_error_as_before():
    for module in (sum_of("sum"), sum_of("sum")):
        with pytest.raises(ExecutionError, match="out of bounds"):
            run(module, [1.0, 2.0, 3.0], 6)
        reorder(module, 2)
        with pytest.raises(ExecutionError, match="out of bounds"):
            run(module, [1.0, 2.0, 3.0], 6)


def test_integers_and_narrow_floats():
    module = sum_of("sum", type_="f32")
    assert reorder(module, 2)
    array = np.array([1.0, 2.0, 3.5], np.float32)
    assert execute(module, "f", [array, 3]).results[0] == 6.5


def test_what_is_no_loop_by_one_or_may_do_more_stays():
    text = """func.func @g(%x: f64) -> f64 {
      func.return %x : f64
    }
    func.func @f(%a: memref<?xf64>, %n: index) -> f64 {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant STEP : index
      %zero = arith.constant 0.0 : f64
      %sum = scf.for %i = %c0 to %n step %c1 iter_args(%s = %zero) -> (f64) {
        %x = memref.load %a[%i] : memref<?xf64>
        %y = CALL
        %u = arith.addf %s, %y : f64
        scf.yield %u : f64
      }
      func.return %sum : f64
    }"""
    plain, call = "math.sin %x : f64", "func.call @g(%x) : (f64) -> f64"
    for step, what, is_reordered in (
        ("1", plain, True),
        ("2", plain, False),
        ("1", call, False),
    ):
        source = text.replace("STEP", step).replace("CALL", what)
        assert (
            reorder(parse_module(source, "f.mlir", full_context()), 2) == is_reordered
        )


def test_jammed_nests_keep_order_where_no_sum_is_carried():
    body = (loop("j", "a[j] = a[j] + c2[i, j]"),)
    assert keeps_order(body, 4, {"n": 8, "m": 5})
    assert reorder(module_of(nest(body)), 4)
