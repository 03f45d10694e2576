"""What jammed iterations hand on: sums, next free places of a tape, values in turn."""

import numpy as np
import pytest
from xdsl.dialects import scf
from xdsl.dialects.builtin import ModuleOp

from tapeflow.analysis.verification.dominance import verify_dominance
from tapeflow.backend.execute import execute
from tapeflow.frontend.reader import parse_module
from tapeflow.transforms import JamLoopsPass
from tapeflow.universe import full_context

MATRIX = "memref<?x?xf64>"
ROW = """%s = scf.for %j = %c0 to %m step %c1 iter_args(%t = {start}) -> (f64) {{
      %x = memref.load %a[%i, %j] : memref<?x?xf64>
      %u = arith.addf %t, %x : f64
      scf.yield %u : f64
    }}"""
PUSHES = """%p_2, %s = scf.for %j = %c0 to %m step %c1
        iter_args(%p_3 = %p_1, %t = %zero) -> (index, f64) {
      %x = memref.load %a[%i, %j] : memref<?x?xf64>
      memref.store %x, %tape[%p_3] : memref<?xf64>
      %u = arith.addf %t, %x : f64
      %p_4 = arith.addi %p_3, %c1 : index
      scf.yield %p_4, %u : index, f64
    }"""
POPS = """%p_2, %s = scf.for %j = %c0 to %m step %c1
        iter_args(%p_3 = %p_1, %t = %zero) -> (index, f64) {
      %p_4 = arith.subi %p_3, %c1 : index
      %x = memref.load %tape[%p_4] : memref<?xf64>
      memref.store %x, %a[%i, %j] : memref<?x?xf64>
      %u = arith.addf %t, %x : f64
      scf.yield %p_4, %u : index, f64
    }"""
DEEP_PUSHES = """%p_2 = scf.for %j = %c0 to %m step %c1
        iter_args(%p_3 = %p_1) -> (index) {
      %p_4 = scf.for %k = %c0 to %m step %c1 iter_args(%p_5 = %p_3) -> (index) {
        %x = memref.load %a[%i, %k] : memref<?x?xf64>
        memref.store %x, %tape[%p_5] : memref<?xf64>
        %p_6 = arith.addi %p_5, %c1 : index
        scf.yield %p_6 : index
      }
      scf.yield %p_4 : index
    }"""
NARROW_PUSHES = PUSHES.replace(
    "%p_4 = arith.addi %p_3, %c1", "%p_4 = arith.addi %p_3, %c0"
)
STEP = "%u = arith.addf %v, %s : f64"
ONE_PUSH = """memref.store %s, %tape[%p_1] : memref<?xf64>
    %p_2 = arith.addi %p_1, %c1 : index"""

# By name: the body, what it yields for %p_1, %v and %w, and whether it is jammed.
BODIES = {
    "sum of sums": (ROW.format(start="%zero"), STEP, "%p_1, %u, %w", True),
    "rows begin alike": (ROW.format(start="%one"), STEP, "%p_1, %u, %w", True),
    "values in turn": (ROW.format(start="%zero"), STEP, "%p_1, %w, %u", True),
    "one running sum": (ROW.format(start="%v"), "", "%p_1, %s, %w", False),
    "in turn, early": (ROW.format(start="%w"), STEP, "%p_1, %u, %v", False),
    "from outside": (ROW.format(start="%w"), "", "%p_1, %s, %one", True),
    "pushes behind": (ROW.format(start="%zero"), ONE_PUSH, "%p_2, %s, %w", True),
    "pushes inside": (PUSHES, STEP, "%p_2, %u, %w", True),
    "pops inside": (POPS, STEP, "%p_2, %u, %w", True),
    "pushes two deep": (DEEP_PUSHES, "", "%p_2, %v, %w", True),
    "pushes on one place": (NARROW_PUSHES, STEP, "%p_2, %u, %w", False),
    "pushes, then one more": (
        PUSHES,
        "%p_9 = arith.addi %p_2, %c1 : index",
        "%p_9, %s, %w",
        True,
    ),
    "pushes, one taken back": (
        PUSHES,
        "%p_9 = arith.subi %p_2, %c1 : index",
        "%p_9, %s, %w",
        False,
    ),
}


def _module(name: str, start: str) -> ModuleOp:
    inner, behind, values, _ = BODIES[name]
    text = f"""func.func @f(%a: {MATRIX}, %tape: memref<?xf64>, %n: index, %m: index)
        -> (index, f64, f64) {{
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %start = arith.constant {start} : index
      %zero = arith.constant 0.0 : f64
      %one = arith.constant 1.0 : f64
      %p, %y, %z = scf.for %i = %c0 to %n step %c1
          iter_args(%p_1 = %start, %v = %zero, %w = %one) -> (index, f64, f64) {{
        {inner}
        {behind}
        scf.yield {values} : index, f64, f64
      }}
      func.return %p, %y, %z : index, f64, f64
    }}"""
    return parse_module(text, "values.mlir", full_context())


def _outcome(module: ModuleOp, n: int, m: int) -> list[bytes]:
    draw = np.random.default_rng(n + 10 * m)
    buffers = draw.random((10, 4)), draw.random(300)
    found = execute(module, "f", [*buffers, n, m], None, "reference")
    return [np.array(found.results).tobytes(), *(b.tobytes() for b in buffers)]


def _loops(module: ModuleOp) -> int:
    return sum(isinstance(op, scf.ForOp) for op in module.walk())


@pytest.mark.parametrize("copies", [2, 4, 8])
@pytest.mark.parametrize("name", BODIES)
def test_all_remainders_hand_on_the_same(name: str, copies: int):
    start = "200" if "pops" in name or "back" in name else "0"
    plain, jammed = _module(name, start), _module(name, start)
    JamLoopsPass(copies).apply(full_context(), jammed)
    jammed.verify()
    verify_dominance(jammed)
    assert (_loops(jammed) > _loops(plain)) == BODIES[name][-1]
    for n in range(10):
        for m in (0, 1, 3):
            assert _outcome(jammed, n, m) == _outcome(plain, n, m), (n, m)
