"""Sizes, bounds and loops at the ends of their types: both engines, and no crash."""

import os
import signal
import subprocess
import sys
import time
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from tapeflow.backend.execute import ExecutionError, execute
from tapeflow.backend.runtime import memory_budget
from tapeflow.backend.runtime.memory_budget import MemoryBudget, available_bytes

LEAST, GREATEST = -(2**63), 2**63 - 1
ENGINES = ("reference", "compiled")

COUNTING = """
func.func @f(%lo: index, %hi: index, %st: index) -> (index, index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n, %last = scf.for %i = %lo to %hi step %st iter_args(%n = %c0, %l = %c0)
      -> (index, index) {
    %m = arith.addi %n, %c1 : index
    scf.yield %m, %i : index, index
  }
  func.return %n, %last : index, index
}
"""


@pytest.mark.parametrize("engine", ENGINES)
def test_loops_end_where_the_next_number_would_not_fit(parse, engine):
    ends = (LEAST, LEAST + 1, -1, 0, 7, 2**62, GREATEST - 1, GREATEST)
    steps = (1, 3, 2**61, 2**62 + 1, GREATEST)
    for lower, upper, step in product(ends, ends, steps):
        numbers = range(lower, upper, step)
        if upper - lower > 100 * step:
            continue
        found = execute(parse(COUNTING), "f", [lower, upper, step], None, engine)
        assert found.results == (len(numbers), numbers[-1] if numbers else 0)


SQUARE = """
func.func @f(%n: index, %m: index, %k: index) -> index {
  %c1 = arith.constant 1 : index
  %z = arith.constant 1.0 : f64
  %b = memref.alloc(%n, %m) : memref<?x?xf64>
  scf.for %i = %k to %c1 step %c1 {
    memref.store %z, %b[%i, %i] : memref<?x?xf64>
  }
  %d = memref.dim %b, %c1 : memref<?x?xf64>
  func.return %d : index
}
"""


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("n", [2**20, 2**31, 2**32, 2**61, GREATEST])
def test_a_buffer_that_no_machine_holds_is_refused(parse, engine, n):
    with pytest.raises(ExecutionError, match=r"buffer 'b' needs .* bytes of memory"):
        execute(parse(SQUARE), "f", [n, n, 0], None, engine)


@pytest.mark.parametrize("engine", ENGINES)
def test_empty_buffers(parse, engine):
    for n, m in ((0, 2**62), (2**62, 0), (0, 0)):
        assert execute(parse(SQUARE), "f", [n, m, 1], None, engine).results == (m,)
    with pytest.raises(ExecutionError, match="this buffer is empty, but the product"):
        execute(parse(SQUARE), "f", [0, GREATEST, 1], None, engine)
    with pytest.raises(ExecutionError, match="cannot allocate a buffer of"):
        execute(parse(SQUARE), "f", [-1, 2, 1], None, engine)


PART = """
func.func @f(%x: memref<4x5xf64>, %o: index, %n: index, %s: index, %i: index) -> f64 {
  %c0 = arith.constant 0 : index
  %v = memref.subview %x[%o, 0] [%n, 1] [%s, 1]
      : memref<4x5xf64> to memref<?x1xf64, strided<[?, 1], offset: ?>>
  %e = memref.load %v[%i, %c0] : memref<?x1xf64, strided<[?, 1], offset: ?>>
  func.return %e : f64
}
"""


@pytest.mark.parametrize("engine", ENGINES)
def test_parts_of_a_buffer_stay_inside(parse, engine):
    x = np.arange(20.0).reshape(4, 5)
    for inside in ((1, 3, 1, 2), (3, 4, -1, 3), (0, 1, GREATEST, 0), (1, 2, 2, 1)):
        offset, _, step, i = inside
        found = execute(parse(PART), "f", [x.copy(), *inside], None, engine)
        assert found.results == (x[offset + step * i, 0],)
    for outside in (
        (1, 2, GREATEST, 1),
        (1, 3, 2**62, 2),
        (0, 5, 2**62, 4),
        (1, GREATEST, 1, 0),
        (2, GREATEST, 2, 0),
        (3, 2, LEAST, 1),
        (0, -1, 1, 0),
    ):
        with pytest.raises(ExecutionError, match="subview"):
            execute(parse(PART), "f", [x.copy(), *outside], None, engine)


ANY_PART = """
func.func @f(%x: memref<4x5xf64>, %o: index, %n: index, %s: index, %i: index) -> f64 {
  %v = memref.reinterpret_cast %x to offset: [%o], sizes: [%n], strides: [%s]
      : memref<4x5xf64> to memref<?xf64, strided<[?], offset: ?>>
  %e = memref.load %v[%i] : memref<?xf64, strided<[?], offset: ?>>
  func.return %e : f64
}
"""


@pytest.mark.parametrize("engine", ENGINES)
def test_reinterpreted_buffers_stay_inside(parse, engine):
    x = np.arange(20.0).reshape(4, 5)
    for inside in ((0, 20, 1, 19), (19, 20, -1, 3), (7, 1, GREATEST, 0)):
        for step in (inside[2], LEAST) if inside[1] == 1 else (inside[2],):
            offset, size, _, i = inside
            found = execute(
                parse(ANY_PART), "f", [x, offset, size, step, i], None, engine
            )
            assert found.results == (offset + i * step,)
    for outside in (
        (GREATEST, 1, 1, 0),
        (-1, 2, 1, 1),
        (0, 2, GREATEST, 1),
        (0, 3, 2**63 - 2**61, 1),
        (0, 2**29, 2**35, 0),
        (0, 2**62, 4, 0),
        (0, 2**30, 0, 0),
        (19, 2, LEAST, 1),
        (5, LEAST, 1, 0),
    ):
        with pytest.raises(ExecutionError, match="view|elements"):
            execute(parse(ANY_PART), "f", [x, *outside], None, engine)


NOTHING = """
func.func @f(%x: memref<4x5xf64>, %o: index, %n: index) -> index {
  %c0 = arith.constant 0 : index
  %v = memref.subview %x[%o, 0] [%n, 1] [1, 1]
      : memref<4x5xf64> to memref<?x1xf64, strided<[5, 1], offset: ?>>
  "memref.copy"(%v, %v) : (memref<?x1xf64, strided<[5, 1], offset: ?>>,
      memref<?x1xf64, strided<[5, 1], offset: ?>>) -> ()
  %d = memref.dim %v, %c0 : memref<?x1xf64, strided<[5, 1], offset: ?>>
  func.return %d : index
}
"""


@pytest.mark.parametrize("engine", (*ENGINES, "uncompiled"))
def test_no_part_of_a_buffer_lies_anywhere(parse, engine, monkeypatch):
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1" if engine == "uncompiled" else "0")
    name = "compiled" if engine == "uncompiled" else engine
    for offset in (LEAST, -5, 7, 2**62, GREATEST):
        arguments = [np.zeros((4, 5)), offset, 0]
        assert execute(parse(NOTHING), "f", arguments, None, name).results == (0,)


SIZES = """
func.func @f(%a: index, %b: index) -> (index, index, index, index) {
  %s = arith.addi %a, %b {tape.size} : index
  %p = arith.muli %a, %b {tape.size} : index
  %d = arith.subi %a, %b {tape.size} : index
  %q = arith.ceildivui %a, %b {tape.size} : index
  func.return %s, %p, %d, %q : index, index, index, index
}
"""


@pytest.mark.parametrize("engine", ENGINES)
def test_sizes_stop_at_the_greatest_index(parse, engine):
    sizes = (0, 1, 2, 3, 2**31, 2**32, 2**62, GREATEST - 1, GREATEST)
    for a, b in product(sizes, sizes):
        found = execute(parse(SIZES), "f", [a, b], None, engine).results
        quotient = -(-a // b) if b else 0
        assert found == (min(a + b, GREATEST), min(a * b, GREATEST), a - b, quotient)
    # The distance of two bounds, as a size and as a number without a sign.
    assert execute(parse(SIZES), "f", [1, LEAST], None, engine).results[2] == GREATEST
    found = execute(parse(SIZES), "f", [LEAST, 1], None, engine).results[3]
    assert found == GREATEST


STACK = """
func.func @f(%n: index) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %x = arith.constant 1.0 : f64
  %s = tape.stack : !tape.stack<f64>
  scf.for %i = %c0 to %n step %c1 {
    tape.push %s, %x : !tape.stack<f64>
  }
  func.return %x : f64
}
"""


@pytest.mark.parametrize("engine", ENGINES)
def test_a_tape_that_grows_ends_with_a_message(parse, engine, monkeypatch):
    monkeypatch.setattr(memory_budget, "available_bytes", lambda: 4_000_000)
    monkeypatch.setattr(memory_budget, "_FIRST_SHARE", 0)
    with pytest.raises(ExecutionError, match=r"this tape needs .* bytes of memory"):
        execute(parse(STACK), "f", [500_000], None, engine)


def test_what_is_given_back_can_be_had_again(monkeypatch):
    monkeypatch.setattr(memory_budget, "available_bytes", lambda: 1000)
    monkeypatch.setattr(memory_budget, "_FIRST_SHARE", 0)
    budget = MemoryBudget()
    for _ in range(10):
        budget.take(800, "all")
        budget.give_back(800)
    with pytest.raises(ExecutionError, match="all needs 900 bytes"):
        budget.take(900, "all")


def test_the_machine_has_some_memory():
    assert 1 << 20 < available_bytes() < 1 << 60


FOREVER = """
import signal
import sys
from tapeflow.backend.execute import execute
from tapeflow.frontend.reader import parse_module
from tapeflow.universe import full_context
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where a shell says &
module = parse_module(sys.argv[1], "forever.mlir", full_context())
print("begins", flush=True)
execute(module, "f", [-(2**63), 2**63 - 1, 1], None, sys.argv[2])
"""


@pytest.mark.parametrize("engine", ENGINES)
def test_ctrl_c_ends_a_long_loop(engine):
    text = COUNTING.replace("arith.addi %n, %c1", "arith.xori %n, %i")
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", FOREVER, text, engine],
        env=os.environ | {"PYTHONPATH": str(root)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(2)
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    assert process.returncode in (130, -signal.SIGINT)
    assert errors.endswith("KeyboardInterrupt\n")
