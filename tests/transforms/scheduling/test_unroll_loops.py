"""Short loops: counters of all types, steps, carried values that change places."""

import numpy as np
import pytest
from xdsl.dialects import scf
from xdsl.dialects.builtin import ModuleOp

from tapeflow.backend.execute import execute
from tapeflow.frontend.reader import parse_module
from tapeflow.transforms import UnrollLoopsPass
from tapeflow.universe import full_context

SPANS = [(0, 0, 1), (5, 2, 1), (0, 7, 1), (1, 8, 3), (0, 8, 5)]


def _module(counter: str, first: int, end: int, step: int) -> ModuleOp:
    to_index = {
        "index": "%i = arith.addi %k, %zero : index",
        "i8": "%i = arith.index_cast %k : i8 to index",
    }[counter]
    text = f"""
    func.func @f(%from: memref<?xf64>, %to: memref<?xf64>) -> (f64, f64) {{
      %zero = arith.constant 0 : index
      %first = arith.constant {first} : {counter}
      %end = arith.constant {end} : {counter}
      %step = arith.constant {step} : {counter}
      %seven = arith.constant 7 : index
      %one = arith.constant 1.0 : f64
      %two = arith.constant 2.0 : f64
      %s, %t = scf.for %k = %first to %end step %step
          iter_args(%a = %one, %b = %two) -> (f64, f64)
          {": " + counter if counter != "index" else ""} {{
        {to_index}
        %j = arith.subi %seven, %i : index
        %x = memref.load %from[%j] : memref<?xf64>
        %c = arith.addf %a, %x : f64
        memref.store %c, %to[%i] : memref<?xf64>
        scf.yield %b, %c : f64, f64
      }}
      func.return %s, %t : f64, f64
    }}"""
    return parse_module(text, "program.mlir", full_context())


def _outcome(module: ModuleOp) -> list[bytes]:
    buffers = np.linspace(0.3, 4.1, 8), np.zeros(8)
    found = execute(module, "f", [*buffers], None, "reference")
    return [np.array(found.results).tobytes(), buffers[1].tobytes()]


@pytest.mark.parametrize("counter", ["index", "i8"])
@pytest.mark.parametrize(
    "span", [(0, 0, 1), (5, 2, 1), (0, 7, 1), (1, 8, 3), (0, 8, 5)]
)
def test_iterations_one_after_the_other(counter: str, span: tuple[int, int, int]):
    plain, unrolled = (_module(counter, *span) for _ in range(2))
    UnrollLoopsPass().apply(full_context(), unrolled)
    unrolled.verify()
    assert not any(isinstance(op, scf.ForOp) for op in unrolled.walk())
    assert _outcome(unrolled) == _outcome(plain)


def test_long_bodies_stay():
    text = str(_module("index", 0, 8, 1))
    added = "%c = arith.addf %a, %x : f64\n"
    more = "".join(f"%c{n} = arith.addf %a, %x : f64\n" for n in range(14))
    module = parse_module(
        text.replace(added, added + more), "long.mlir", full_context()
    )
    UnrollLoopsPass().apply(full_context(), module)
    assert any(isinstance(op, scf.ForOp) for op in module.walk())
    UnrollLoopsPass(operations=256).apply(full_context(), module)
    assert not any(isinstance(op, scf.ForOp) for op in module.walk())


def test_sums_of_sizes_stop_at_the_greatest() -> None:
    """A loop that adds up sizes: its iterations do not wrap around either."""
    text = """func.func @f() -> index {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %half = arith.constant 4611686018427387904 : index
  %r = scf.for %i = %c0 to %c4 step %c1 iter_args(%s = %c0) -> (index) {
    %t = arith.addi %s, %half {tape.size} : index
    scf.yield %t : index
  }
  func.return %r : index
}"""
    module = parse_module(text, "f.mlir", full_context())
    UnrollLoopsPass().apply(full_context(), module)
    assert not any(isinstance(op, scf.ForOp) for op in module.walk())
    assert execute(module, "f", []).results == (2**63 - 1,)
