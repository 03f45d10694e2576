"""Ways around the tape: fused loops, undone writes, stored and counted values.

Each program is compared with forward mode under every policy and after every pass of
every pipeline (`compare`), at sizes that include loops without iterations.
"""

import numpy as np
import pytest

from tapeflow.analysis.differentiation.policy import POLICIES
from tapeflow.backend.gradient import compile_gradient
from tapeflow.frontend.reader import parse_module
from tapeflow.transforms import DifferentiatePass
from tests.random_programs.compare import compare
from tests.random_programs.generate import FUNCTION, Case
from tests.random_programs.levels import CONTEXT
from tests.sizes import sized

HEAD = """
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f64
  %half = arith.constant 0.5 : f64
  %n = memref.dim %x, %c0 : memref<?xf64>"""

DESCENT = f"""
func.func @main(%x: memref<?xf64>, %steps: index) -> f64 {{{HEAD}
  scf.for %t = %c0 to %steps step %c1 {{
    scf.for %i = %c0 to %n step %c1 {{
      %sum = scf.for %j = %c0 to %n step %c1 iter_args(%s = %zero) -> (f64) {{
        %xj = memref.load %x[%j] : memref<?xf64>
        %square = arith.mulf %xj, %xj : f64
        %next = arith.addf %s, %square : f64
        scf.yield %next : f64
      }}
      %xi = memref.load %x[%i] : memref<?xf64>
      %sine = math.sin %sum : f64
      %moved = arith.mulf %xi, %sine : f64
      memref.store %moved, %x[%i] : memref<?xf64>
    }}
  }}
  %total = scf.for %i = %c0 to %n step %c1 iter_args(%s = %zero) -> (f64) {{
    %xi = memref.load %x[%i] : memref<?xf64>
    %e = math.sin %xi : f64
    %next = arith.addf %s, %e : f64
    scf.yield %next : f64
  }}
  func.return %total : f64
}}"""
"""Each element depends on all others, which are overwritten one by one."""

SWAPPED = f"""
func.func @main(%x: memref<?xf64>, %steps: index) -> f64 {{{HEAD}
  %a = memref.alloc(%n) : memref<?xf64>
  %b = memref.alloc(%n) : memref<?xf64>
  scf.for %i = %c0 to %n step %c1 {{
    %xi = memref.load %x[%i] : memref<?xf64>
    memref.store %xi, %a[%i] : memref<?xf64>
  }}
  %end, %spare = scf.for %t = %c0 to %steps step %c1
      iter_args(%from = %a, %to = %b) -> (memref<?xf64>, memref<?xf64>) {{
    scf.for %i = %c0 to %n step %c1 {{
      %u = scf.for %j = %c0 to %n step %c1 iter_args(%s = %half) -> (f64) {{
        %v = memref.load %from[%j] : memref<?xf64>
        %w = math.sin %v : f64
        %next = arith.addf %s, %w : f64
        scf.yield %next : f64
      }}
      memref.store %u, %to[%i] : memref<?xf64>
    }}
    scf.yield %to, %from : memref<?xf64>, memref<?xf64>
  }}
  %total = scf.for %i = %c0 to %n step %c1 iter_args(%s = %half) -> (f64) {{
    %u = memref.load %end[%i] : memref<?xf64>
    %next = arith.mulf %s, %u : f64
    scf.yield %next : f64
  }}
  memref.dealloc %a : memref<?xf64>
  memref.dealloc %b : memref<?xf64>
  func.return %total : f64
}}"""
"""Two buffers that change roles, read as a whole for each element."""

BETWEEN = f"""
func.func @main(%x: memref<?xf64>, %steps: index) -> f64 {{{HEAD}
  scf.for %t = %c0 to %steps step %c1 {{
    scf.for %i = %c0 to %n step %c1 {{
      %first = memref.load %x[%i] : memref<?xf64>
      %a = math.sin %first : f64
      memref.store %a, %x[%i] : memref<?xf64>
      %b = arith.mulf %a, %first : f64
      %second = memref.load %x[%i] : memref<?xf64>
      %c = math.cos %second : f64
      %d = arith.mulf %b, %c : f64
      memref.store %d, %x[%i] : memref<?xf64>
      %is_small = arith.cmpf olt, %d, %half : f64
      scf.if %is_small {{
        %e = arith.mulf %d, %d : f64
        memref.store %e, %x[%c0] : memref<?xf64>
      }}
    }}
  }}
  %last = memref.load %x[%c0] : memref<?xf64>
  func.return %last : f64
}}"""
"""Values needed on both sides of a write of where they were loaded from."""

SAMPLES = f"""
func.func @main(%x: memref<?xf64>, %steps: index) -> f64 {{{HEAD}
  %work = memref.alloc(%n) : memref<?xf64>
  %loss = scf.for %t = %c0 to %steps step %c1 iter_args(%sum = %zero) -> (f64) {{
    scf.for %i = %c0 to %n step %c1 {{
      %xi = memref.load %x[%i] : memref<?xf64>
      %a = math.sin %xi : f64
      memref.store %a, %work[%i] : memref<?xf64>
    }}
    %best = scf.for %i = %c0 to %n step %c1 iter_args(%m = %half) -> (f64) {{
      %w = memref.load %work[%i] : memref<?xf64>
      %larger = arith.maximumf %m, %w : f64
      scf.yield %larger : f64
    }}
    %end = scf.for %i = %c0 to %n step %c1 iter_args(%k = %c0) -> (index) {{
      %w = memref.load %work[%k] : memref<?xf64>
      %b = arith.mulf %w, %best : f64
      memref.store %b, %work[%k] : memref<?xf64>
      %k_next = arith.addi %k, %c1 : index
      scf.yield %k_next : index
    }}
    %next = scf.for %i = %c0 to %n step %c1 iter_args(%s = %sum) -> (f64) {{
      %w = memref.load %work[%i] : memref<?xf64>
      %c = arith.mulf %w, %w : f64
      %s_next = arith.addf %s, %c : f64
      scf.yield %s_next : f64
    }}
    scf.yield %next : f64
  }}
  memref.dealloc %work : memref<?xf64>
  %count = arith.index_cast %steps : index to i64
  %samples = arith.sitofp %count : i64 to f64
  %shifted = arith.addf %samples, %half : f64
  %mean = arith.divf %loss, %shifted : f64
  func.return %mean : f64
}}"""
"""A sum over samples with a work buffer, a maximum and a second counter inside."""

NOT_SEPARABLE = f"""
func.func @main(%x: memref<?xf64>, %steps: index) -> f64 {{{HEAD}
  %state = memref.alloc() : memref<1xf64>
  memref.store %half, %state[%c0] : memref<1xf64>
  %loss = scf.for %i = %c0 to %n step %c1 iter_args(%sum = %zero) -> (f64) {{
    %xi = memref.load %x[%i] : memref<?xf64>
    %before = memref.load %state[%c0] : memref<1xf64>
    %after = arith.mulf %before, %xi : f64
    memref.store %after, %state[%c0] : memref<1xf64>
    %next = arith.addf %sum, %after : f64
    scf.yield %next : f64
  }}
  %other = scf.for %i = %c0 to %n step %c1 iter_args(%sum = %zero) -> (f64) {{
    %xi = memref.load %x[%i] : memref<?xf64>
    %sine = math.sin %xi : f64
    %next = arith.addf %sum, %sine : f64
    scf.yield %next : f64
  }}
  memref.store %half, %x[%c0] : memref<?xf64>
  %product = arith.mulf %other, %half : f64
  %square = arith.mulf %loss, %loss : f64
  %value = arith.addf %square, %product : f64
  memref.dealloc %state : memref<1xf64>
  func.return %value : f64
}}"""
"""Sums not to be fused: one has a state, the input of the other is overwritten."""

PROGRAMS = {
    "descent": DESCENT,
    "swapped": SWAPPED,
    "between": BETWEEN,
    "samples": SAMPLES,
    "not separable": NOT_SEPARABLE,
}


def case_of(text: str, n: int, steps: int) -> Case:
    rng = np.random.default_rng(n + 10 * steps)
    return Case(
        seed=n,
        text=text,
        inputs={"arg0": rng.normal(size=n) + 0.3, "arg1": np.array(steps)},
        wrt=(0,),
        seeds={"seed0": np.array(1.5), "seed_arg0": rng.normal(size=n)},
    )


SIZES = [(n, steps) for n in (1, 2, 5) for steps in range(4)]


@pytest.mark.parametrize(("n", "steps"), sized([(1, 0), (5, 1), (1, 2), (2, 3)], SIZES))
@pytest.mark.parametrize("name", PROGRAMS)
def test_gradients_at_every_level(name: str, n: int, steps: int):
    assert compare(case_of(PROGRAMS[name], n, steps), levels=True).status == "passed"


def tape_bytes(name: str, n: int, steps: int, policy) -> int:
    case = case_of(PROGRAMS[name], n, steps)
    gradient = compile_gradient(
        parse_module(case.text, "program.mlir", CONTEXT),
        FUNCTION,
        case.wrt,
        (DifferentiatePass(policy),),
        CONTEXT,
        seeded=case.seeded,
    )
    found = gradient.run(case.inputs, case.seeds, engine="reference").tape_bytes
    assert found is not None
    return found


def test_one_value_a_change_instead_of_one_a_use():
    n, steps = 6, 4
    assert tape_bytes("descent", n, steps, "save-all") >= 8 * n * n * steps
    # What each store overwrites, the sum, and a copy of the argument's end.
    assert tape_bytes("descent", n, steps, "recompute") == 8 * (2 * n * steps + n)
    assert tape_bytes("swapped", n, steps, "recompute") == 8 * n * (steps + 1)


def test_fused_loops_hold_one_iteration():
    few, many = (tape_bytes("samples", 4, steps, "min-cut") for steps in (1, 5))
    assert few == many > 0


def test_infinities_and_nans_have_the_same_bits():
    case = case_of(SAMPLES, 4, 2)
    values = np.array([np.inf, np.nan, -0.0, 1e308])
    results = []
    for policy in POLICIES:
        gradient = compile_gradient(
            parse_module(case.text, "program.mlir", CONTEXT),
            FUNCTION,
            case.wrt,
            (DifferentiatePass(policy),),
            CONTEXT,
        )
        done = gradient.run({**case.inputs, "arg0": values}, {}, engine="reference")
        results.append((done.values[0].tobytes(), done.gradients[0].tobytes()))
    assert len(set(results)) == 1
