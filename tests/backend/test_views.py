"""Views and copies between them, on every engine, against NumPy."""

import numpy as np
import pytest

from hwmodel import PRESETS
from tapeflow.backend.execute import ExecutionError, execute
from tapeflow.frontend.reader import parse_module
from tapeflow.universe import full_context

ENGINES = ("reference", "compiled", "uncompiled")
LO = "memref<5xf64, strided<[1]>>"
HI = "memref<5xf64, strided<[1], offset: 1>>"
HALVES = f"""
  %lo = memref.subview %x[0] [5] [1] : memref<6xf64> to {LO}
  %hi = memref.subview %x[1] [5] [1] : memref<6xf64> to {HI}"""
VIEWS = {
    "shift down": f"{HALVES}\n  memref.copy %hi, %lo : {HI} to {LO}",
    "shift up": f"{HALVES}\n  memref.copy %lo, %hi : {LO} to {HI}",
    "mirrored": """
  %r = memref.subview %x[5] [6] [-1] : memref<6xf64>
    to memref<6xf64, strided<[-1], offset: 5>>
  memref.copy %r, %x : memref<6xf64, strided<[-1], offset: 5>> to memref<6xf64>""",
    "backwards": """
  %r = memref.subview %y[2, 3] [3, 4] [-1, -1] : memref<3x4xf64>
    to memref<3x4xf64, strided<[-4, -1], offset: 11>>
  %u = memref.load %r[%one, %k] : memref<3x4xf64, strided<[-4, -1], offset: 11>>
  memref.store %u, %r[%k, %one] : memref<3x4xf64, strided<[-4, -1], offset: 11>>""",
    "one element": """
  %z = memref.subview %x[3] [4] [0] : memref<6xf64>
    to memref<4xf64, strided<[0], offset: 3>>
  %r = memref.reinterpret_cast %y to offset: [0], sizes: [4], strides: [1]
    : memref<3x4xf64> to memref<4xf64, strided<[1]>>
  memref.copy %r, %z : memref<4xf64, strided<[1]>>
    to memref<4xf64, strided<[0], offset: 3>>""",
    "expanded": """
  %d = memref.cast %x : memref<6xf64> to memref<?xf64>
  %e = memref.expand_shape %d [[0, 1]] output_shape [%k, 3]
    : memref<?xf64> into memref<?x3xf64>
  memref.store %v, %e[%one, %k] : memref<?x3xf64>""",
    "collapsed": """
  %c = memref.collapse_shape %y [[0, 1]] : memref<3x4xf64> into memref<12xf64>
  %i = arith.constant 7 : index
  memref.store %v, %c[%i] : memref<12xf64>""",
    "collapsed rows": """
  %s = memref.subview %y[0, 1] [3, 2] [1, 1] : memref<3x4xf64>
    to memref<3x2xf64, strided<[4, 1], offset: 1>>
  %e = memref.expand_shape %s [[0], [1, 2]] output_shape [3, 2, 1]
    : memref<3x2xf64, strided<[4, 1], offset: 1>>
    into memref<3x2x1xf64, strided<[4, 1, 1], offset: 1>>
  %c = memref.collapse_shape %e [[0], [1, 2]]
    : memref<3x2x1xf64, strided<[4, 1, 1], offset: 1>>
    into memref<3x2xf64, strided<[4, 1], offset: 1>>
  memref.store %v, %c[%k, %one] : memref<3x2xf64, strided<[4, 1], offset: 1>>""",
    "transposed": """
  %t = memref.transpose %y (i, j) -> (j, i) : memref<3x4xf64>
    to memref<4x3xf64, strided<[1, 4]>>
  memref.store %v, %t[%k, %one] : memref<4x3xf64, strided<[1, 4]>>""",
    "reinterpreted": """
  %s = memref.subview %y[1, 0] [2, 4] [1, 1] : memref<3x4xf64>
    to memref<2x4xf64, strided<[4, 1], offset: 4>>
  %r = memref.reinterpret_cast %s to offset: [%k], sizes: [%k, 2], strides: [%k, 1]
    : memref<2x4xf64, strided<[4, 1], offset: 4>>
    to memref<?x2xf64, strided<[?, 1], offset: ?>>
  memref.store %v, %r[%one, %one] : memref<?x2xf64, strided<[?, 1], offset: ?>>""",
    "no elements": """
  %zero = arith.constant 0 : index
  %n = arith.constant 6 : index
  %r = memref.reinterpret_cast %x to offset: [%n], sizes: [%zero], strides: [1]
    : memref<6xf64> to memref<?xf64, strided<[1], offset: ?>>
  memref.copy %r, %r : memref<?xf64, strided<[1], offset: ?>>
    to memref<?xf64, strided<[1], offset: ?>>""",
    "aligned": """
  %a = memref.assume_alignment %x, 16 : memref<6xf64>
  memref.store %v, %a[%k] : memref<6xf64>""",
}


def expected(name, x, y):
    """What the program leaves in its buffers."""
    match name:
        case "shift down":
            x[:5] = x[1:].copy()
        case "shift up":
            x[1:] = x[:5].copy()
        case "mirrored":
            x[:] = x[::-1].copy()
        case "backwards":
            y[0, 2] = y[1, 1]
        case "one element":
            x[3] = y[0, 3]
        case "expanded":
            x[5] = 9
        case "collapsed":
            y[1, 3] = 9
        case "collapsed rows":
            y[2, 2] = 9
        case "transposed":
            y[1, 2] = 9
        case "reinterpreted":
            y[1, 1] = 9
        case "aligned":
            x[2] = 9
        case _:
            assert name == "no elements"


def text_of(body):
    return f"""func.func @f(%x: memref<6xf64>, %y: memref<3x4xf64>, %k: index) {{
  %one = arith.constant 1 : index
  %v = arith.constant 9.0 : f64{body}
  func.return
}}"""


def run(engine, body, machine=None, k=2):
    module = parse_module(text_of(body), "views.mlir", full_context())
    module.verify()
    x, y = np.arange(6.0), np.arange(12.0).reshape(3, 4)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NUMBA_DISABLE_JIT", "1" if engine == "uncompiled" else "0")
        name = "reference" if engine == "reference" else "compiled"
        return x, y, execute(module, "f", [x, y, k], machine, name)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", VIEWS)
def test_elements_of_views(name, engine):
    x, y = np.arange(6.0), np.arange(12.0).reshape(3, 4)
    expected(name, x, y)
    found_x, found_y, _ = run(engine, VIEWS[name])
    assert (found_x == x).all()
    assert (found_y == y).all()


@pytest.mark.parametrize("name", VIEWS)
def test_engines_count_alike(name):
    ours, *others = (run(e, VIEWS[name], PRESETS["fair"])[2] for e in ENGINES)
    for theirs in others:
        assert ours.counters == theirs.counters
        assert ours.energy == theirs.energy


def test_overlap_costs_nothing():
    apart = """
  %m = memref.reinterpret_cast %y to offset: [0], sizes: [5], strides: [1]
    : memref<3x4xf64> to memref<5xf64, strided<[1]>>
  %lo = memref.subview %x[0] [5] [1] : memref<6xf64> to memref<5xf64, strided<[1]>>
  memref.copy %m, %lo : memref<5xf64, strided<[1]>> to memref<5xf64, strided<[1]>>"""
    counts = []
    for body in (apart, VIEWS["shift down"]):
        counters = run("compiled", body, PRESETS["fair"])[2].counters
        assert counters is not None
        counts.append(counters.operation_counts)
    assert counts[0]["LOAD"] == counts[1]["LOAD"] == 5
    assert counts[0]["STORE"] == counts[1]["STORE"] == 5


FAULTS = {
    "leaves the buffer": """
  %r = memref.reinterpret_cast %x to offset: [1], sizes: [%k, 3], strides: [3, 1]
    : memref<6xf64> to memref<?x3xf64, strided<[3, 1], offset: 1>>""",
    "sizes that wrap": """
  %n = arith.constant 4611686018427387904 : index
  %s = arith.constant 4 : index
  %r = memref.reinterpret_cast %x to offset: [1], sizes: [%n], strides: [%s]
    : memref<6xf64> to memref<?xf64, strided<[?], offset: 1>>""",
    "part of a size that wraps": """
  %n = arith.constant 4611686018427387904 : index
  %s = arith.constant 4 : index
  %r = memref.subview %x[1] [%n] [%s] : memref<6xf64>
    to memref<?xf64, strided<[?], offset: 1>>""",
    "not as many": """
  %e = memref.expand_shape %x [[0, 1]] output_shape [%k, 2]
    : memref<6xf64> into memref<?x2xf64>""",
    "not contiguous": """
  %s = memref.subview %y[0, 0] [3, 2] [1, 1] : memref<3x4xf64>
    to memref<3x2xf64, strided<[4, 1]>>
  %c = memref.collapse_shape %s [[0, 1]] : memref<3x2xf64, strided<[4, 1]>>
    into memref<6xf64, strided<[1]>>""",
    "groups": """
  %e = memref.expand_shape %x [[0], [1]] output_shape [3, 2]
    : memref<6xf64> into memref<3x2xf64>""",
    "other strides": """
  %t = memref.transpose %y (i, j) -> (j, i) : memref<3x4xf64> to memref<4x3xf64>""",
    "layout of an allocation": """
  %m = memref.alloc() : memref<4xf64, strided<[500000]>>""",
    "beginning not known": """
  %r = scf.for %i = %one to %k step %one iter_args(%m = %x) -> (memref<6xf64>) {
    %r = memref.reinterpret_cast %m to offset: [0], sizes: [6], strides: [1]
      : memref<6xf64> to memref<6xf64, strided<[1]>>
    scf.yield %m : memref<6xf64>
  }""",
}


@pytest.mark.parametrize("name", FAULTS)
def test_views_that_do_not_fit(name):
    """The same place in the program; the words may differ."""
    places = set()
    for engine in ENGINES:
        with pytest.raises(ExecutionError) as caught:
            run(engine, FAULTS[name])
        places.add(caught.value.location)
    assert len(places) == 1
    assert None not in places


@pytest.mark.parametrize("engine", ENGINES[:2])
def test_functions_are_called_with_views_of_one_buffer(engine):
    text = f"""
func.func @g(%a: {LO}, %b: memref<5xf64, strided<[1], offset: ?>>) {{
  memref.copy %a, %b : {LO} to memref<5xf64, strided<[1], offset: ?>>
  func.return
}}
func.func @f(%x: memref<6xf64>) {{{HALVES}
  %b = memref.cast %hi : {HI} to memref<5xf64, strided<[1], offset: ?>>
  func.call @g(%lo, %b) : ({LO}, memref<5xf64, strided<[1], offset: ?>>) -> ()
  func.return
}}"""
    x = np.arange(6.0)
    execute(parse_module(text, "f.mlir", full_context()), "f", [x], None, engine)
    assert x.tolist() == [0, 0, 1, 2, 3, 4]
