"""The compiled engine against the reference: values, counters, places and errors."""

import importlib.util
from functools import reduce
from pathlib import Path

import numpy as np
import pytest

from hwmodel import PRESETS, Watch, override
from tapeflow.backend.execute import ExecutionError, execute

_spec = importlib.util.spec_from_file_location(
    "engine_programs", Path(__file__).with_name("engine_programs.py")
)
assert _spec is not None and _spec.loader is not None
engine_programs = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(engine_programs)
PROGRAMS = engine_programs.PROGRAMS
ABSTRACT_PROGRAMS = engine_programs.ABSTRACT_PROGRAMS
ENGINES = ("reference", "compiled", "uncompiled")


@pytest.fixture
def outcome(parse, monkeypatch):
    """Everything a run on an engine gives, in a form that compares bit by bit."""

    def run(engine, text, arguments, machine=None):
        monkeypatch.setenv("NUMBA_DISABLE_JIT", "1" if engine == "uncompiled" else "0")
        name = "reference" if engine == "reference" else "compiled"
        done = execute(parse(text), "f", arguments, machine, name)
        values = [np.asarray(r) for r in (*done.results, *arguments)]
        return (
            [(v.dtype, v.shape, v.tobytes()) for v in values],
            done.counters,
            done.energy,
            done.addresses,
            done.tape_bytes,
        )

    return run


@pytest.mark.parametrize("name", [*PROGRAMS, *ABSTRACT_PROGRAMS])
def test_values(outcome, name):
    text, arguments = {**PROGRAMS, **ABSTRACT_PROGRAMS}[name]
    expected, *others = (outcome(engine, text, arguments()) for engine in ENGINES)
    for other in others:
        assert other == expected


VARIANTS = {
    "next-line": ("cache.prefetcher=next-line",),
    "stride": ("cache.prefetcher=stride", "cache.capacity_bytes=1024"),
    "markov": ("cache.prefetcher=markov", "cache.capacity_bytes=1024"),
    "no cache": ("cache.capacity_bytes=0",),
}
MACHINES = PRESETS | {
    name: reduce(override, changes, PRESETS["fair"])
    for name, changes in VARIANTS.items()
}


@pytest.mark.parametrize("machine_name", MACHINES)
@pytest.mark.parametrize("name", PROGRAMS)
def test_counters(outcome, name, machine_name):
    text, arguments = PROGRAMS[name]
    machine = MACHINES[machine_name]
    expected, *others = (
        outcome(engine, text, arguments(), machine) for engine in ENGINES
    )
    assert expected[1].operations > 0 or name == "0 swaps"
    for other in others:
        assert other == expected


@pytest.mark.parametrize("name", ABSTRACT_PROGRAMS)
def test_abstract_levels_have_no_cost(outcome, name):
    text, arguments = ABSTRACT_PROGRAMS[name]
    messages = set()
    for engine in ENGINES:
        with pytest.raises(ExecutionError) as caught:
            outcome(engine, text, arguments(), PRESETS["fair"])
        messages.add(str(caught.value))
    assert len(messages) == 1


def test_results_are_the_memory_itself(parse):
    a, b = np.ones((2, 3)), np.zeros((2, 3))
    module = parse(engine_programs.SWAPPED_BUFFERS)
    (result,) = execute(module, "f", [a, b, 1], engine="compiled").results
    assert np.shares_memory(result, b)


LOAD = """
func.func @f(%x: memref<?x3xf64>, %i: index) -> f64 {
  %v = memref.load %x[%i, %i] : memref<?x3xf64>
  func.return %v : f64
}
"""
FREED = """
func.func @f(%n: index) -> f64 {
  %x = memref.alloc(%n) : memref<?xf64>
  %c0 = arith.constant 0 : index
  memref.dealloc %x : memref<?xf64>
  %v = memref.load %x[%c0] : memref<?xf64>
  func.return %v : f64
}
"""
FREED_TWICE = """
func.func @f(%n: index) {
  %x = memref.alloc(%n) : memref<?xf64>
  memref.dealloc %x : memref<?xf64>
  memref.dealloc %x : memref<?xf64>
  func.return
}
"""
CONSTANT = """
"memref.global"() <{sym_name = "w", sym_visibility = "private", constant,
  type = memref<2xf64>, initial_value = dense<1.0> : tensor<2xf64>}> : () -> ()
func.func @f(%i: index) {
  %w = memref.get_global @w : memref<2xf64>
  %v = memref.load %w[%i] : memref<2xf64>
  memref.store %v, %w[%i] : memref<2xf64>
  func.return
}
"""
STEP = """
func.func @f(%s: index) {
  scf.for %i = %s to %s step %s {
  }
  func.return
}
"""
NEGATIVE = """
func.func @f(%n: index) {
  %x = memref.alloc(%n) : memref<?xf64>
  func.return
}
"""
EMPTY_STACK = """
func.func @f(%n: index) -> f64 {
  %s = tape.stack : !tape.stack<f64>
  %v = tape.pop %s : !tape.stack<f64>
  func.return %v : f64
}
"""
MISPLACED = """
func.func @f(%at: index) -> f64 {
  %arena = tape.allocate_arena %at : !tape.arena<[f64]>
  %v = tape.load %arena[%at] field 0 : !tape.arena<[f64]>
  func.return %v : f64
}
"""
COPY = """
func.func @f(%a: memref<?xf64>, %b: memref<?xf64>) {
  "memref.copy"(%a, %b) : (memref<?xf64>, memref<?xf64>) -> ()
  func.return
}
"""
CAST = """
func.func @f(%a: memref<?xf64>) {
  %b = "memref.cast"(%a) : (memref<?xf64>) -> memref<4xf64>
  func.return
}
"""
SUBVIEW = """
func.func @f(%a: memref<?xf64>, %o: index) {
  %b = memref.subview %a[%o] [2] [1] : memref<?xf64>
    to memref<2xf64, strided<[1], offset: ?>>
  func.return
}
"""
NO_BODY = """
func.func private @g()
func.func @f() {
  func.call @g() : () -> ()
  func.return
}
"""
FLYING = """
func.func @f(%n: index) -> f64 {
  %c0 = arith.constant 0 : index
  %r = spm.allocate %n : !spm.ring<[f64], tile 8, slots 2, base 0>
  ACTION
  %v = spm.load %r[%c0] field 0 : !spm.ring<[f64], tile 8, slots 2, base 0>
  func.return %v : f64
}
"""
ENQUEUE = "stream.enqueue %r, %c0 : !spm.ring<[f64], tile 8, slots 2, base 0>"
ERRORS = {
    "index": (LOAD, lambda: [np.zeros((2, 3)), 2]),
    "negative index": (LOAD, lambda: [np.zeros((2, 3)), -1]),
    "use after dealloc": (FREED, lambda: [3]),
    "second dealloc": (FREED_TWICE, lambda: [3]),
    "constant": (CONSTANT, lambda: [1]),
    "step": (STEP, lambda: [0]),
    "size": (NEGATIVE, lambda: [-1]),
    "empty stack": (EMPTY_STACK, lambda: [1]),
    "full region": (
        engine_programs.PLAIN_REGION.replace("LAYOUT", "aos").replace(
            "tape.allocate %n", "tape.allocate %c1"
        ),
        lambda: [3, 1.0],
    ),
    "tile without advance": (
        engine_programs.TILED_REGION.replace("%room =", "ad.turn //"),
        lambda: [4, 1.0],
    ),
    "arena": (MISPLACED, lambda: [1]),
    "copy": (COPY, lambda: [np.zeros(2), np.zeros(3)]),
    "cast": (CAST, lambda: [np.zeros(3)]),
    "subview": (SUBVIEW, lambda: [np.zeros(3), 2]),
    "no body": (NO_BODY, list),
    "never written": (FLYING.replace("ACTION", ""), lambda: [8]),
    "overflow": (FLYING.replace("ACTION", ENQUEUE), lambda: [0]),
    "underflow": (
        FLYING.replace("ACTION", ENQUEUE.replace("enqueue", "prefetch")),
        lambda: [8],
    ),
    "wrong slot": (
        FLYING.replace("ACTION", ENQUEUE.replace("%c0", "%n")),
        lambda: [8],
    ),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(outcome, name):
    """The same place in the program; the words may differ."""
    text, arguments = ERRORS[name]
    places = set()
    for engine in ENGINES:
        with pytest.raises(ExecutionError) as caught:
            outcome(engine, text, arguments())
        assert "{" not in caught.value.message
        places.add(caught.value.location)
    assert len(places) == 1


def test_recursion_is_refused(parse):
    module = parse("func.func @f() {\n  func.call @f() : () -> ()\n  func.return\n}")
    with pytest.raises(ExecutionError, match="@f calls itself"):
        execute(module, "f", [], engine="compiled")


@pytest.mark.parametrize("name", list(PROGRAMS)[:6])
def test_logs(parse, name):
    text, arguments = PROGRAMS[name]
    watch, machine = Watch(10_000, 10_000), PRESETS["fair"]
    ours, theirs = (
        execute(parse(text), "f", arguments(), machine, engine, watch)
        for engine in ("reference", "compiled")
    )
    assert ours.log is not None and theirs.log is not None
    assert ours.counters == theirs.counters
    for field in ("events", "dram_requests", "activity"):
        expected = getattr(ours.log, field)
        np.testing.assert_array_equal(expected, getattr(theirs.log, field))
