"""Computed addresses: the same elements, errors and bits, for less arithmetic."""

from collections import Counter

import numpy as np
import pytest
from xdsl.dialects.builtin import ModuleOp

from hwmodel import PRESETS
from tapeflow.backend.execute import ExecutionError, execute
from tapeflow.backend.runtime.execution import Engine
from tapeflow.frontend.reader import parse_module
from tapeflow.transforms import ExposeAddressesPass
from tapeflow.universe import full_context

PREAMBLE = """
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %n = memref.dim %x, %c0 : memref<?x?xf64>
  %m = memref.dim %x, %c1 : memref<?x?xf64>
  %last = arith.subi %m, %c1 : index
"""
BODIES = {
    "rows and columns": """
  scf.for %i = %c0 to %n step %c1 {
    scf.for %j = %c1 to %m step %c1 {
      %j1 = arith.subi %j, %c1 : index
      %v = memref.load %x[%i, %j1] : memref<?x?xf64>
      memref.store %v, %y[%j, %i] : memref<?x?xf64>
    }
  }""",
    "backwards in steps": """
  scf.for %i = %c0 to %n step %c2 {
    scf.for %back = %c0 to %m step %c1 {
      %j = arith.subi %last, %back : index
      %v = memref.load %x[%i, %j] : memref<?x?xf64>
      memref.store %v, %y[%j, %i] : memref<?x?xf64>
    }
  }""",
    "a subscript that is used": """
  scf.for %i = %c0 to %n step %c1 {
    scf.for %back = %c0 to %m step %c1 {
      %j = arith.subi %last, %back : index
      %k = arith.index_cast %j : index to i64
      %f = arith.sitofp %k : i64 to f64
      memref.store %f, %y[%j, %i] : memref<?x?xf64>
      memref.store %f, %x[%i, %j] : memref<?x?xf64>
    }
  }""",
    "in branches": """
  scf.for %i = %c0 to %n step %c1 {
    scf.for %j = %c0 to %m step %c1 {
      %odd = arith.remui %j, %c2 : index
      %is_odd = arith.cmpi eq, %odd, %c1 : index
      scf.if %is_odd {
        %v = memref.load %x[%i, %j] : memref<?x?xf64>
        memref.store %v, %y[%j, %i] : memref<?x?xf64>
      } else {
        scf.for %k = %c0 to %c2 step %c1 {
          %v = memref.load %x[%k, %j] : memref<?x?xf64>
          memref.store %v, %y[%j, %k] : memref<?x?xf64>
        }
      }
    }
  }""",
    "numbers from memory and loops that are not counted": """
  %end = scf.while (%i = %c0) : (index) -> index {
    %more = arith.cmpi ult, %i, %n : index
    scf.condition(%more) %i : index
  } do {
  ^bb0(%i: index):
    %v = memref.load %x[%i, %i] : memref<?x?xf64>
    %k = arith.fptosi %v : f64 to i64
    %w = arith.index_cast %k : i64 to index
    %r = arith.remui %w, %n : index
    %u = memref.load %x[%r, %i] : memref<?x?xf64>
    memref.store %u, %y[%i, %r] : memref<?x?xf64>
    %next = arith.addi %i, %c1 : index
    scf.yield %next : index
  }""",
    "swapped buffers": """
  %a, %b = scf.for %t = %c0 to %c2 step %c1 iter_args(%p = %x, %q = %x)
      -> (memref<?x?xf64>, memref<?x?xf64>) {
    scf.for %i = %c0 to %n step %c1 {
      %v = memref.load %p[%i, %c1] : memref<?x?xf64>
      %w = arith.addf %v, %v : f64
      memref.store %w, %q[%i, %c0] : memref<?x?xf64>
    }
    scf.yield %q, %p : memref<?x?xf64>, memref<?x?xf64>
  }""",
    "views": """
  scf.for %i = %c0 to %n step %c1 {
    %row = memref.subview %x[%i, 0][1, %m][1, 1]
      : memref<?x?xf64> to memref<?xf64, strided<[1], offset: ?>>
    scf.for %j = %c1 to %m step %c1 {
      %j1 = arith.subi %j, %c1 : index
      %v = memref.load %row[%j1] : memref<?xf64, strided<[1], offset: ?>>
      memref.store %v, %row[%j] : memref<?xf64, strided<[1], offset: ?>>
    }
  }""",
    "no iterations": """
  scf.for %i = %n to %c0 step %c1 {
    %far = arith.muli %i, %n : index
    %v = memref.load %x[%far, %far] : memref<?x?xf64>
    memref.store %v, %y[%far, %i] : memref<?x?xf64>
  }""",
    "a triangle that carries its element": """
  %e = scf.for %i = %c0 to %n step %c1 iter_args(%k = %c0) -> (index) {
    %k2 = scf.for %j = %i to %n step %c1 iter_args(%l = %k) -> (index) {
      %q = arith.remui %l, %m : index
      %v = memref.load %x[%i, %q] : memref<?x?xf64>
      memref.store %v, %y[%q, %j] : memref<?x?xf64>
      %l1 = arith.addi %l, %c1 : index
      scf.yield %l1 : index
    }
    scf.yield %k2 : index
  }""",
}


def _module(body: str) -> ModuleOp:
    text = f"""func.func @f(%x: memref<?x?xf64>, %y: memref<?x?xf64>) {{
{PREAMBLE}{body}
  func.return
}}"""
    return parse_module(text, "f.mlir", full_context())


def _exposed(module: ModuleOp) -> ModuleOp:
    ExposeAddressesPass().apply(full_context(), module)
    module.verify()
    return module


def _names(module: ModuleOp) -> Counter[str]:
    return Counter(op.name for op in module.walk())


def _run(module: ModuleOp, shape: tuple[int, int], engine: Engine):
    x = np.arange(1.0, 1 + shape[0] * shape[1]).reshape(shape)
    y = np.zeros(shape[::-1])
    machine = PRESETS["fair"]
    counters = execute(module, "f", [x, y], machine, engine).counters
    assert counters is not None
    return x.tobytes() + y.tobytes(), counters


@pytest.mark.parametrize("shape", [(5, 5), (3, 4), (4, 7)])
@pytest.mark.parametrize("name", BODIES)
def test_same_elements_on_both_engines(name, shape):
    # "reference" also checks that each address is that of its subscripts.
    if name in ("rows and columns", "backwards in steps"):
        assert _names(_exposed(_module(BODIES[name])))["memref.load"] == 0
    expected, _ = _run(_module(BODIES[name]), shape, "reference")
    found, after = _run(_exposed(_module(BODIES[name])), shape, "reference")
    assert found == expected
    assert _run(_exposed(_module(BODIES[name])), shape, "compiled") == (found, after)


@pytest.mark.parametrize(
    ("name", "most"),
    [
        # Of each iteration: loop control, two accesses, an addition for the column.
        ("rows and columns", 5),
        # The subscript serves only checks; two additions carry what is in its place.
        ("backwards in steps", 6),
        # Conversions, the subscript, an addition for the column.
        ("a subscript that is used", 8),
    ],
)
def test_operations_of_an_iteration(name, most):
    rows, columns = 20, 50
    module = _exposed(_module(BODIES[name].replace("step %c2", "step %c1")))
    _, counters = _run(module, (rows, columns), "reference")
    assert counters.operations <= rows * (most * columns + 20) + 20


OUTSIDE = {
    "past its row": ("%c0, %m", "1"),
    "before its row": ("%c1, %before", "1"),
    "past the last row": ("%n, %c0", "0"),
}


@pytest.mark.parametrize("engine", ["reference", "compiled"])
@pytest.mark.parametrize("name", OUTSIDE)
def test_each_dimension_is_checked(name, engine):
    subscripts, dimension = OUTSIDE[name]
    body = f"""
  %before = arith.subi %c0, %c1 : index
  scf.for %i = %c0 to %n step %c1 {{
    %v = memref.load %x[{subscripts}] : memref<?x?xf64>
    memref.store %v, %y[%c0, %c0] : memref<?x?xf64>
  }}"""
    module = _exposed(_module(body))
    assert _names(module)["address.load"] == 1
    with pytest.raises(ExecutionError, match="out of bounds") as error:
        _run(module, (3, 4), engine)
    if engine == "compiled":
        assert f"dimension {dimension}" in str(error.value)


def test_a_false_address_is_an_error():
    text = """func.func @f(%x: memref<?x?xf64>) -> f64 {
  %c1 = arith.constant 1 : index
  %v = address.load %x[%c1, %c1] index %c1 plus 1 : memref<?x?xf64>
  func.return %v : f64
}"""
    module = parse_module(text, "f.mlir", full_context())
    with pytest.raises(ExecutionError, match="element 2, but the subscripts mean"):
        execute(module, "f", [np.zeros((3, 4))], None, "reference")


def test_strides_that_are_not_known_are_left_alone():
    text = """func.func @f(%x: memref<?x?xf64, strided<[?, ?]>>, %i: index) -> f64 {
  %v = memref.load %x[%i, %i] : memref<?x?xf64, strided<[?, ?]>>
  func.return %v : f64
}"""
    module = _exposed(parse_module(text, "f.mlir", full_context()))
    assert _names(module)["memref.load"] == 1


def test_elements_wrap_around_as_indices_do():
    """Subscripts that cancel come by numbers beyond 64 bits."""
    text = """func.func @f(%x: memref<?x?xf64>, %far: index) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %top = arith.constant 9223372036854775807 : index
  %a = arith.muli %far, %top : index
  %b = arith.muli %a, %top : index
  %r = scf.for %i = %c0 to %c3 step %c1 iter_args(%s = %far) -> (index) {
    %up = arith.addi %b, %i : index
    %j = arith.subi %up, %b : index
    %v = memref.load %x[%c1, %j] : memref<?x?xf64>
    memref.store %v, %x[%j, %c1] : memref<?x?xf64>
    scf.yield %s : index
  }
  %w = memref.load %x[%c0, %c1] : memref<?x?xf64>
  func.return %w : f64
}"""
    module = parse_module(text, "f.mlir", full_context())
    for changed in (module, _exposed(module.clone())):
        x = np.arange(9.0).reshape(3, 3)
        done = execute(changed, "f", [x, 2**62 + 5], None, "reference")
        assert done.results == (3.0,)
