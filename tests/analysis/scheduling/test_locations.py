"""Which elements are surely different, and which loops surely run."""

import pytest
from xdsl.dialects import memref, scf
from xdsl.dialects.func import FuncOp

from tapeflow.analysis.memory.aliasing import find_buffers
from tapeflow.analysis.scheduling.invariants import Places, ways_out
from tapeflow.analysis.scheduling.locations import location_of
from tapeflow.analysis.scheduling.trips import surely_runs
from tapeflow.frontend.reader import parse_module
from tapeflow.universe import full_context

ARGUMENTS = "%x: memref<?x?xf64>, %y: memref<?x?xf64>, %i: index, %j: index"


def _function(body: str) -> FuncOp:
    text = f"""func.func @f({ARGUMENTS}, %n: index, %m: index) {{
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c2 = arith.constant 2 : index
      %most = arith.constant 9223372036854775807 : index
      %next = arith.addi %i, %c1 : index
      %after = arith.addi %c1, %next : index
      %before = arith.subi %i, %c1 : index
      %far = arith.addi %i, %most : index
      %farther = arith.addi %far, %most : index
      %around = arith.addi %farther, %c2 : index
      {body}
      func.return
    }}"""
    (function,) = parse_module(text, "program.mlir", full_context()).ops
    assert isinstance(function, FuncOp)
    return function


@pytest.mark.parametrize(
    ("one", "other", "are_apart"),
    [
        ("%x[%c0, %j]", "%x[%c1, %i]", True),
        ("%x[%c0, %j]", "%x[%c0, %i]", False),
        ("%x[%i, %j]", "%x[%next, %j]", True),
        ("%x[%before, %j]", "%x[%after, %j]", True),
        ("%x[%far, %j]", "%x[%before, %j]", True),
        ("%x[%i, %j]", "%x[%around, %j]", False),
        ("%x[%i, %j]", "%x[%j, %i]", False),
        ("%x[%i, %c0]", "%x[%c0, %i]", False),
        ("%x[%c0, %j]", "%y[%c1, %j]", False),
    ],
)
def test_elements_are_apart(one: str, other: str, are_apart: bool) -> None:
    type_ = "memref<?x?xf64>"
    function = _function(
        f"%a = memref.load {one} : {type_}\n%b = memref.load {other} : {type_}"
    )
    loads = [op for op in function.walk() if isinstance(op, memref.LoadOp)]
    first, second = map(location_of, loads)
    buffers = find_buffers(function)
    assert first.is_apart(second, buffers) == are_apart
    assert second.is_apart(first, buffers) == are_apart


@pytest.mark.parametrize(
    ("outer", "inner", "runs"),
    [
        ("%c0 to %n", "%c0 to %n", True),
        ("%c1 to %n", "%c0 to %n", True),
        ("%c0 to %n", "%c1 to %n", False),
        ("%m to %n", "%m to %n", True),
        ("%m to %n", "%k to %n", True),
        ("%m to %n", "%m to %k", False),
        ("%m to %n", "%c1 to %c2", True),
        ("%m to %n", "%c2 to %c2", False),
    ],
)
def test_loops_that_run(outer: str, inner: str, runs: bool) -> None:
    function = _function(f"""
      scf.for %k = {outer} step %c1 {{
        scf.for %l = {inner} step %c1 {{
        }}
      }}""")
    loops = [op for op in function.walk() if isinstance(op, scf.ForOp)]
    assert [*map(surely_runs, loops)] == [False, runs]


def test_an_operation_leaves_as_many_loops_as_it_can() -> None:
    function = _function("""
      scf.for %k = %c0 to %n step %c1 {
        %square = arith.muli %k, %k : index
        scf.while () : () -> () {
          %is = arith.cmpi slt, %n, %m : index
          scf.condition(%is)
        } do {
          scf.for %l = %c0 to %n step %c1 {
            %a = arith.addi %square, %m : index
            %b = arith.addi %a, %l : index
            %c = arith.addi %n, %m : index
          }
          scf.yield
        }
      }""")
    found = [
        (op.results[0].name_hint, loop.name)
        for op, loop in ways_out(function, Places())
    ]
    assert found == [("is", "scf.for"), ("a", "scf.while"), ("c", "scf.for")]
