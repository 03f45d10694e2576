"""Accesses to buffers that were deallocated end in a message on every engine."""

import numpy as np
import pytest

from tapeflow.backend.compiled.run import python_source
from tapeflow.backend.execute import ExecutionError, execute
from tapeflow.backend.signature import find_function
from tapeflow.frontend.reader import parse_module
from tapeflow.universe import full_context

ENGINES = ("reference", "compiled", "uncompiled")
PART = "memref<4xf64, strided<[1], offset: ?>>"
GLOBAL = """"memref.global"() <{sym_name = "g", type = memref<8xf64>,
  sym_visibility = "private", initial_value = dense<1.0> : tensor<8xf64>}> : () -> ()
"""
MAKE = f"""
  %m = memref.alloc() : memref<8xf64>
  memref.copy %x, %m : memref<8xf64> to memref<8xf64>
  %d = memref.cast %m : memref<8xf64> to memref<?xf64>
  %v = memref.subview %d[%c1] [4] [1] : memref<?xf64> to {PART}"""
FREE = "\n  memref.dealloc %m : memref<8xf64>"
DEAD = "buffer 'm' was deallocated before"
PROGRAMS = {
    "load": (f"{FREE}\n  %u = memref.load %m[%c1] : memref<8xf64>", DEAD),
    "load through a view": (f"{FREE}\n  %u = memref.load %v[%c1] : {PART}", DEAD),
    "store through a view": (f"{FREE}\n  memref.store %h, %v[%c1] : {PART}", DEAD),
    "another name is deallocated": (
        """
  memref.dealloc %d : memref<?xf64>
  %u = memref.load %m[%c1] : memref<8xf64>""",
        DEAD,
    ),
    "copied from": (
        f"{FREE}\n  memref.copy %m, %x : memref<8xf64> to memref<8xf64>",
        DEAD,
    ),
    "copied to": (
        f"{FREE}\n  memref.copy %x, %m : memref<8xf64> to memref<8xf64>",
        DEAD,
    ),
    "in the next iteration": (
        f"""
  scf.for %i = %c0 to %k step %c1 {{
    %u = memref.load %v[%c1] : {PART}
    memref.store %u, %x[%i] : memref<8xf64>{FREE}
  }}""",
        DEAD,
    ),
    "in a branch": (
        f"""
  %first = arith.cmpi eq, %k, %c2 : index
  scf.if %first {{{FREE}
  }}
  %u = memref.load %v[%c1] : {PART}""",
        DEAD,
    ),
    "a part": (f"\n  memref.dealloc %v : {PART}", "dealloc"),
    "a global": (
        """
  %g = memref.get_global @g : memref<8xf64>
  memref.dealloc %g : memref<8xf64>""",
        "a global buffer cannot be deallocated",
    ),
}
VALID = {
    "one an iteration": f"""
  scf.for %i = %c0 to %k step %c1 {{{MAKE.replace("%d", "%e").replace("%v", "%w")}
    %u = memref.load %w[%c1] : {PART}
    memref.store %u, %x[%i] : memref<8xf64>{FREE}
  }}""",
    "in the end": f"""{MAKE}
  scf.for %i = %c0 to %k step %c1 {{
    %u = memref.load %v[%i] : {PART}
    memref.store %u, %x[%i] : memref<8xf64>
  }}{FREE}""",
    "not in this branch": f"""{MAKE}
  %first = arith.cmpi eq, %k, %c1 : index
  scf.if %first {{{FREE}
  }}
  %u = memref.load %v[%c1] : {PART}
  memref.store %u, %x[%c0] : memref<8xf64>""",
}


def text_of(body: str) -> str:
    return f"""{GLOBAL}func.func @f(%x: memref<8xf64>, %k: index) {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %h = arith.constant 0.5 : f64{body}
  func.return
}}"""


def run(body: str, engine: str) -> np.ndarray:
    x = np.arange(8.0)
    module = parse_module(text_of(body), "f.mlir", full_context())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NUMBA_DISABLE_JIT", "1" if engine == "uncompiled" else "0")
        name = "reference" if engine == "reference" else "compiled"
        execute(module, "f", [x, 2], None, name)
    return x


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", PROGRAMS)
def test_deallocated_buffers_are_not_used(name: str, engine: str) -> None:
    body, message = PROGRAMS[name]
    with pytest.raises(ExecutionError, match=message) as caught:
        run(MAKE + body, engine)
    assert caught.value.location is not None


@pytest.mark.parametrize("name", VALID)
def test_buffers_are_used_before(name: str) -> None:
    results = [run(VALID[name], engine).tolist() for engine in ENGINES]
    assert results[0] == results[1] == results[2]


@pytest.mark.parametrize("name", ["one an iteration", "in the end"])
def test_nothing_is_watched_without_need(name: str) -> None:
    module = parse_module(text_of(VALID[name]), "f.mlir", full_context())
    source = python_source(module, find_function(module, "f"), timed=False)
    assert "_live != 0" not in source
