"""Programs in which a way around the tape seems to be open, but is not.

Each is compared with forward mode under every policy and after every pass, with several
exchange rates.
"""

from dataclasses import replace

import numpy as np
import pytest

from tests.random_programs.compare import compare
from tests.random_programs.generate import Case
from tests.sizes import sized

HEAD = """
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = arith.constant 4 : index
  %zero = arith.constant 0.0 : f64
  %half = arith.constant 0.5 : f64"""

NARROW_COUNTER = f"""
func.func @main(%x: memref<4xf64>, %steps: index) -> f64 {{{HEAD}
  %lower = arith.constant -5 : i8
  %upper = arith.constant 5 : i8
  %step = arith.constant 3 : i8
  %increment = arith.constant 126 : i8
  %r, %end = scf.for %i = %lower to %upper step %step
      iter_args(%p = %half, %k = %step) -> (f64, i8) : i8 {{
    %v = memref.load %x[%c1] : memref<4xf64>
    %float = arith.sitofp %k : i8 to f64
    %sine = math.sin %float : f64
    %product = arith.mulf %v, %sine : f64
    %next = arith.mulf %p, %product : f64
    %shifted = arith.addf %next, %v : f64
    %k_next = arith.addi %k, %increment : i8
    scf.yield %shifted, %k_next : f64, i8
  }}
  func.return %r : f64
}}"""
"""A counter of eight bits that wraps, and grows by a multiple of its loop's step."""

READ_BEFORE_FILLED = f"""
func.func @main(%x: memref<4xf64>, %steps: index) -> f64 {{{HEAD}
  %work = memref.alloc() : memref<4xf64>
  %loss = scf.for %t = %c0 to %steps step %c1 iter_args(%sum = %zero) -> (f64) {{
    %is_first = arith.cmpi eq, %t, %c0 : index
    scf.if %is_first {{
      scf.for %i = %c0 to %n step %c1 {{
        memref.store %half, %work[%i] : memref<4xf64>
      }}
    }}
    scf.for %i = %c0 to %n step %c1 {{
      %xi = memref.load %x[%i] : memref<4xf64>
      memref.store %xi, %work[%i] : memref<4xf64>
      %last_index = arith.subi %n, %c1 : index
      %last = memref.load %work[%last_index] : memref<4xf64>
      %product = arith.mulf %last, %xi : f64
      memref.store %product, %work[%i] : memref<4xf64>
    }}
    %w = memref.load %work[%c1] : memref<4xf64>
    %next = arith.addf %sum, %w : f64
    scf.yield %next : f64
  }}
  memref.dealloc %work : memref<4xf64>
  func.return %loss : f64
}}"""
"""A loop that fills a buffer and reads what the sample before has left in it."""

FINAL_NAME = f"""
func.func @main(%x: memref<4xf64>, %steps: index) -> f64 {{{HEAD}
  %a = memref.alloc() : memref<4xf64>
  %b = memref.alloc() : memref<4xf64>
  scf.for %i = %c0 to %n step %c1 {{
    %xi = memref.load %x[%i] : memref<4xf64>
    memref.store %xi, %a[%i] : memref<4xf64>
    memref.store %xi, %b[%i] : memref<4xf64>
  }}
  %end, %spare = scf.for %t = %c0 to %steps step %c1
      iter_args(%from = %a, %to = %b) -> (memref<4xf64>, memref<4xf64>) {{
    scf.for %i = %c0 to %n step %c1 {{
      %u = scf.for %j = %c0 to %n step %c1 iter_args(%s = %half) -> (f64) {{
        %v = memref.load %from[%j] : memref<4xf64>
        %w = math.sin %v : f64
        %next = arith.mulf %s, %w : f64
        scf.yield %next : f64
      }}
      memref.store %u, %to[%i] : memref<4xf64>
    }}
    scf.yield %to, %from : memref<4xf64>, memref<4xf64>
  }}
  scf.for %i = %c0 to %n step %c1 {{
    %xi = memref.load %x[%i] : memref<4xf64>
    memref.store %xi, %spare[%i] : memref<4xf64>
    memref.store %xi, %a[%c0] : memref<4xf64>
  }}
  %first = memref.load %end[%c0] : memref<4xf64>
  %second = memref.load %end[%c1] : memref<4xf64>
  %value = arith.mulf %first, %second : f64
  memref.dealloc %a : memref<4xf64>
  memref.dealloc %b : memref<4xf64>
  func.return %value : f64
}}"""
"""Swapped buffers, written after the swaps by names that nothing reads again."""

STALE_STORE = f"""
func.func @main(%x: memref<4xf64>, %steps: index) -> f64 {{{HEAD}
  %y = memref.alloc() : memref<4xf64>
  %k = scf.for %i = %c0 to %n step %c1 iter_args(%q = %half) -> (f64) {{
    %xi = memref.load %x[%i] : memref<4xf64>
    %product = arith.mulf %xi, %q : f64
    %e = math.exp %product : f64
    memref.store %e, %y[%i] : memref<4xf64>
    scf.yield %e : f64
  }}
  scf.for %i = %c0 to %n step %c1 {{
    %xi = memref.load %x[%i] : memref<4xf64>
    %sine = math.sin %xi : f64
    memref.store %sine, %y[%i] : memref<4xf64>
  }}
  scf.for %i = %c0 to %n step %c1 {{
    %yi = memref.load %y[%i] : memref<4xf64>
    %square = arith.mulf %yi, %yi : f64
    memref.store %square, %y[%i] : memref<4xf64>
  }}
  %y1 = memref.load %y[%c1] : memref<4xf64>
  %value = arith.mulf %y1, %k : f64
  memref.dealloc %y : memref<4xf64>
  func.return %value : f64
}}"""
"""Stored values that are overwritten by stores which are not undone."""

RETURNED_TWICE = f"""
func.func @main(%x: memref<4xf64>, %steps: index) -> (f64, f64) {{{HEAD}
  %sum = scf.for %i = %c0 to %n step %c1 iter_args(%s = %half) -> (f64) {{
    %xi = memref.load %x[%i] : memref<4xf64>
    %sine = math.sin %xi : f64
    %next = arith.addf %s, %sine : f64
    scf.yield %next : f64
  }}
  func.return %sum, %sum : f64, f64
}}"""
"""A sum with two seeds, which are added before its loop."""

PROGRAMS = {
    "narrow counter": NARROW_COUNTER,
    "read before filled": READ_BEFORE_FILLED,
    "final name": FINAL_NAME,
    "stale store": STALE_STORE,
    "returned twice": RETURNED_TWICE,
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_gradients_at_every_level(name: str):
    rng = np.random.default_rng(1)
    results = 2 if name == "returned twice" else 1
    case = Case(
        seed=0,
        text=PROGRAMS[name],
        inputs={"arg0": rng.normal(size=4) + 0.3, "arg1": np.array(3)},
        wrt=(0,),
        seeds={
            **{f"seed{k}": np.array(1.5) for k in range(results)},
            "seed_arg0": rng.normal(size=4),
        },
    )
    own = [*PROGRAMS].index(name) % 4
    for seed in sized(range(own, own + 1), range(4)):
        assert compare(replace(case, seed=seed), levels=True).status == "passed"
