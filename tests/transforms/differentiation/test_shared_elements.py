"""Programs in which one element has several names: views, copies, calls, loops.

Each is compared with forward mode, under every policy and after every pass; the
objective is what it leaves in its buffers.
"""

from dataclasses import replace

import numpy as np
import pytest

from tests.random_programs.compare import compare
from tests.random_programs.generate import Case

HEAD = """
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %c4 = arith.constant 4 : index
  %c5 = arith.constant 5 : index
  %half = arith.constant 0.5 : f64"""
STRIDED = "memref<5xf64, strided<[1], offset: ?>>"
HALVES = f"""
  %lo = memref.subview %x[%c0] [5] [1] : memref<6xf64> to {STRIDED}
  %hi = memref.subview %x[%c1] [5] [1] : memref<6xf64> to {STRIDED}"""
STILL = "memref<4xf64, strided<[?], offset: 3>>"
WINDOWS = "memref<4x3xf64, strided<[1, 1]>>"

BODIES = {
    "shift down": f"""{HALVES}
  memref.copy %hi, %lo : {STRIDED} to {STRIDED}""",
    "delay line": f"""{HALVES}
  scf.for %t = %c0 to %c4 step %c1 {{
    %u = memref.load %x[%c0] : memref<6xf64>
    %s = math.sin %u : f64
    memref.copy %lo, %hi : {STRIDED} to {STRIDED}
    %w = memref.load %x[%c5] : memref<6xf64>
    %d = arith.mulf %s, %w : f64
    memref.store %d, %x[%c0] : memref<6xf64>
  }}""",
    "overlap known when it runs": f"""
  scf.for %t = %c0 to %c3 step %c1 {{
    %o = arith.remui %t, %k : index
    %p = arith.subi %c1, %o : index
    %a = memref.subview %x[%o] [5] [1] : memref<6xf64> to {STRIDED}
    %b = memref.subview %x[%p] [5] [1] : memref<6xf64> to {STRIDED}
    %v = memref.load %a[%c2] : {STRIDED}
    %s = math.sin %v : f64
    memref.copy %a, %b : {STRIDED} to {STRIDED}
    memref.store %s, %b[%c1] : {STRIDED}
  }}""",
    "onto itself": f"""{HALVES}
  memref.copy %lo, %lo : {STRIDED} to {STRIDED}
  memref.copy %x, %x : memref<6xf64> to memref<6xf64>""",
    "mirrored": """
  %r = memref.subview %x[5] [6] [-1] : memref<6xf64>
    to memref<6xf64, strided<[-1], offset: 5>>
  memref.copy %r, %x : memref<6xf64, strided<[-1], offset: 5>> to memref<6xf64>""",
    "transposed in place": """
  %a = memref.subview %y[0, 0] [3, 3] [1, 1] : memref<3x4xf64>
    to memref<3x3xf64, strided<[4, 1]>>
  %b = memref.transpose %a (i, j) -> (j, i) : memref<3x3xf64, strided<[4, 1]>>
    to memref<3x3xf64, strided<[1, 4]>>
  memref.copy %a, %b : memref<3x3xf64, strided<[4, 1]>>
    to memref<3x3xf64, strided<[1, 4]>>""",
    "copy to one element": f"""
  %a = memref.subview %x[3] [4] [%c0] : memref<6xf64> to {STILL}
  %b = memref.subview %y[1, 0] [1, 4] [1, 1] : memref<3x4xf64>
    to memref<4xf64, strided<[1], offset: 4>>
  memref.copy %b, %a : memref<4xf64, strided<[1], offset: 4>> to {STILL}""",
    "stride of 0": f"""
  %o = arith.subi %k, %c2 : index
  %a = memref.subview %x[3] [4] [%o] : memref<6xf64> to {STILL}
  scf.for %i = %c0 to %c4 step %c1 {{
    %u = memref.load %a[%i] : {STILL}
    %s = math.sin %u : f64
    %w = arith.mulf %u, %s : f64
    memref.store %w, %a[%i] : {STILL}
  }}""",
    "windows": f"""
  %a = memref.reinterpret_cast %x to offset: [0], sizes: [4, 3], strides: [1, 1]
    : memref<6xf64> to {WINDOWS}
  scf.for %i = %c0 to %c4 step %c1 {{
    scf.for %j = %c0 to %c3 step %c1 {{
      %u = memref.load %a[%i, %j] : {WINDOWS}
      %s = math.sin %u : f64
      %w = arith.mulf %u, %s : f64
      memref.store %w, %a[%i, %j] : {WINDOWS}
    }}
  }}""",
    "one name fills, another reads": """
  %m = memref.alloc() : memref<4xf64>
  %first = memref.load %x[%c0] : memref<6xf64>
  memref.store %first, %m[%c3] : memref<4xf64>
  %fill = memref.reinterpret_cast %m to offset: [0], sizes: [4], strides: [0]
    : memref<4xf64> to memref<4xf64, strided<[0]>>
  %r = scf.for %i = %c0 to %c3 step %c1 iter_args(%sum = %half) -> (f64) {
    scf.for %j = %c0 to %c4 step %c1 {
      %u = memref.load %y[%i, %j] : memref<3x4xf64>
      memref.store %u, %fill[%j] : memref<4xf64, strided<[0]>>
    }
    %q = memref.load %m[%c3] : memref<4xf64>
    %p = memref.load %m[%c0] : memref<4xf64>
    %w = arith.mulf %q, %p : f64
    %next = arith.addf %sum, %w : f64
    scf.yield %next : f64
  }
  memref.dealloc %m : memref<4xf64>
  memref.store %r, %x[%c1] : memref<6xf64>""",
    "swapped views": f"""{HALVES}
  %p, %q = scf.for %t = %c0 to %c3 step %c1 iter_args(%a = %lo, %b = %hi)
      -> ({STRIDED}, {STRIDED}) {{
    %u = memref.load %a[%t] : {STRIDED}
    %s = math.sin %u : f64
    %w = arith.mulf %s, %u : f64
    memref.store %w, %a[%t] : {STRIDED}
    scf.yield %b, %a : {STRIDED}, {STRIDED}
  }}
  memref.copy %p, %q : {STRIDED} to {STRIDED}""",
    "swapped with itself": """
  %m = memref.alloc() : memref<6xf64>
  memref.copy %x, %m : memref<6xf64> to memref<6xf64>
  %p, %q = scf.for %t = %c0 to %c5 step %c1 iter_args(%a = %m, %b = %m)
      -> (memref<6xf64>, memref<6xf64>) {
    %u = memref.load %a[%t] : memref<6xf64>
    %s = math.sin %u : f64
    %w = arith.mulf %s, %u : f64
    %next = arith.addi %t, %c1 : index
    memref.store %w, %b[%next] : memref<6xf64>
    memref.store %s, %a[%t] : memref<6xf64>
    scf.yield %b, %a : memref<6xf64>, memref<6xf64>
  }
  memref.copy %p, %x : memref<6xf64> to memref<6xf64>
  memref.dealloc %m : memref<6xf64>""",
    "called with one buffer": f"""{HALVES}
  scf.for %t = %c0 to %c2 step %c1 {{
    func.call @g(%lo, %hi) : ({STRIDED}, {STRIDED}) -> ()
  }}""",
    "indices that move on": """
  %m = memref.alloc() : memref<6xindex>
  scf.for %i = %c0 to %c5 step %c1 {
    %v = arith.remui %i, %c3 : index
    memref.store %v, %m[%i] : memref<6xindex>
  }
  %lo = memref.subview %m[0] [5] [1] : memref<6xindex>
    to memref<5xindex, strided<[1]>>
  %hi = memref.subview %m[1] [5] [1] : memref<6xindex>
    to memref<5xindex, strided<[1], offset: 1>>
  scf.for %i = %c0 to %c5 step %c1 {
    %j = memref.load %m[%i] : memref<6xindex>
    %u = memref.load %x[%j] : memref<6xf64>
    %s = math.sin %u : f64
    memref.store %s, %x[%i] : memref<6xf64>
    memref.copy %lo, %hi : memref<5xindex, strided<[1]>>
      to memref<5xindex, strided<[1], offset: 1>>
  }
  memref.dealloc %m : memref<6xindex>""",
    "other shapes": """
  %d = memref.cast %x : memref<6xf64> to memref<?xf64>
  %e = memref.expand_shape %d [[0, 1, 2]] output_shape [%k, 3, 1]
    : memref<?xf64> into memref<?x3x1xf64>
  %c = memref.collapse_shape %e [[0, 1], [2]]
    : memref<?x3x1xf64> into memref<?x1xf64>
  %flat = memref.reinterpret_cast %y to offset: [0], sizes: [12], strides: [1]
    : memref<3x4xf64> to memref<12xf64, strided<[1]>>
  scf.for %i = %c0 to %k step %c1 {
    scf.for %j = %c0 to %c3 step %c1 {
      %u = memref.load %e[%i, %j, %c0] : memref<?x3x1xf64>
      %s = math.sin %u : f64
      %q = arith.addi %i, %j : index
      memref.store %s, %c[%q, %c0] : memref<?x1xf64>
      %w = memref.load %y[%j, %i] : memref<3x4xf64>
      %v = arith.mulf %w, %u : f64
      memref.store %v, %flat[%q] : memref<12xf64, strided<[1]>>
    }
  }""",
}
CALLED = f"""
func.func @g(%a: {STRIDED}, %b: {STRIDED}) {{
  %c0 = arith.constant 0 : index
  %c3 = arith.constant 3 : index
  %u = memref.load %a[%c3] : {STRIDED}
  %s = math.sin %u : f64
  memref.store %s, %b[%c0] : {STRIDED}
  memref.copy %a, %b : {STRIDED} to {STRIDED}
  func.return
}}"""


@pytest.mark.parametrize("name", BODIES)
def test_gradients_at_every_level(name: str):
    rng = np.random.default_rng(1)
    text = f"""{CALLED}
func.func @main(%x: memref<6xf64>, %y: memref<3x4xf64>, %k: index) {{
{HEAD}{BODIES[name]}
  func.return
}}"""
    shapes = (6, (3, 4))
    x, y = (rng.uniform(0.4, 1.5, shape) for shape in shapes)
    case = Case(
        seed=0,
        text=text,
        inputs={"arg0": x, "arg1": y, "arg2": np.array(2)},
        wrt=(0, 1),
        seeds={f"seed_arg{n}": rng.uniform(-1, 1, s) for n, s in enumerate(shapes)},
    )
    assert compare(case, levels=True, engine="compiled").status == "passed"
    assert compare(replace(case, seed=1)).status == "passed"
