"""Tapes on every level: the same program, the same result, the same tape bytes.

The program saves the cube and the sign of n numbers and reads them back in reverse:
out[i] = cube * sign weight, written in the order of the pops.
"""

from collections.abc import Callable

import numpy as np
import pytest

from hwmodel import preset
from tapeflow.backend.runtime.execution_error import ExecutionError

_HEAD = """func.func @f(%x: memref<?xf64>, %out: memref<?xf64>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f64
  %n = memref.dim %x, %c0 : memref<?xf64>
"""
_SAVED = """    %v = memref.load %x[%i] : memref<?xf64>
    %w = arith.mulf %v, %v : f64
    %cube = arith.mulf %w, %v : f64
    %sign = arith.cmpf olt, %v, %zero : f64
"""
_USED = """    %m = arith.negf %c : f64
    %y = arith.select %s, %m, %c : f64
    %r = arith.subi %n, %i : index
    %k = arith.subi %r, %c1 : index
    memref.store %y, %out[%k] : memref<?xf64>
"""
_TAIL = "  func.return\n}"

STACKS = f"""{_HEAD}
  %t = tape.stack : !tape.stack<f64>
  %u = tape.stack : !tape.stack<i1>
  scf.for %i = %c0 to %n step %c1 {{
{_SAVED}
    tape.push %t, %cube : !tape.stack<f64>
    tape.push %u, %sign : !tape.stack<i1>
  }}
  ad.turn
  scf.for %i = %c0 to %n step %c1 {{
    %s = tape.pop %u : !tape.stack<i1>
    %c = tape.pop %t : !tape.stack<f64>
{_USED}
  }}
{_TAIL}"""


def regions(layout: str) -> str:
    """Level 3."""
    region = f"!tape.region<[f64, i1], {layout}>"
    return f"""{_HEAD}
  %t = tape.allocate %n : {region}
  scf.for %i = %c0 to %n step %c1 {{
{_SAVED}
    tape.push %t, %cube, %sign : {region}
  }}
  ad.turn
  scf.for %i = %c0 to %n step %c1 {{
    %c, %s = tape.pop %t : {region}
{_USED}
  }}
{_TAIL}"""


ARENA = f"""{_HEAD}
  %stride = arith.constant 16 : index
  %t = tape.allocate_arena %n : !tape.arena<[f64, i1]>
  %end = scf.for %i = %c0 to %n step %c1 iter_args(%a = %c0) -> (index) {{
{_SAVED}
    tape.store %cube, %t[%a] field 0 : !tape.arena<[f64, i1]>
    tape.store %sign, %t[%a] field 1 : !tape.arena<[f64, i1]>
    %b = arith.addi %a, %stride : index
    scf.yield %b : index
  }}
  ad.turn
  %begin = scf.for %i = %c0 to %n step %c1 iter_args(%a = %end) -> (index) {{
    %b = arith.subi %a, %stride : index
    %s = tape.load %t[%b] field 1 : !tape.arena<[f64, i1]>
    %c = tape.load %t[%b] field 0 : !tape.arena<[f64, i1]>
{_USED}
    scf.yield %b : index
  }}
{_TAIL}"""

LAYERS = f"""{_HEAD}
  %t = tape.allocate %n : !tape.region<[f64, i1], aos, tile 3>
  scf.for %i = %c0 to %n step %c1 {{
{_SAVED}
    %room = tape.advance %t : !tape.region<[f64, i1], aos, tile 3>
    tape.push %t, %cube, %sign : !tape.region<[f64, i1], aos, tile 3>
  }}
  ad.turn
  scf.for %i = %c0 to %n step %c1 {{
    %ready = tape.retreat %t : !tape.region<[f64, i1], aos, tile 3>
    %c, %s = tape.pop %t : !tape.region<[f64, i1], aos, tile 3>
{_USED}
  }}
{_TAIL}"""


def scratchpad(slots: int, forward: str, backward: str) -> str:
    """Levels 5 and 6: `forward` and `backward` are the boundaries, %a %l to %a2 %l2."""
    ring = f"!spm.ring<[f64, i1], tile 3, slots {slots}, base 128>"
    return f"""{_HEAD}
  %stride = arith.constant 16 : index
  %tile = arith.constant 48 : index
  %first = arith.constant 128 : index
  %second = arith.constant 192 : index
  %first_end = arith.constant 176 : index
  %t = spm.allocate %n : {ring}
  %ea, %el = scf.for %i = %c0 to %n step %c1
      iter_args(%a = %first, %l = %first_end) -> (index, index) {{
{_SAVED}
{forward}
    spm.store %cube, %t[%a2] field 0 : {ring}
    spm.store %sign, %t[%a2] field 1 : {ring}
    %b = arith.addi %a2, %stride : index
    scf.yield %b, %l2 : index, index
  }}
  ad.turn
  %ba, %bl = scf.for %i = %c0 to %n step %c1
      iter_args(%a = %ea, %l = %el) -> (index, index) {{
{backward}
    %b = arith.subi %a2, %stride : index
    %s = spm.load %t[%b] field 1 : {ring}
    %c = spm.load %t[%b] field 0 : {ring}
{_USED}
    scf.yield %b, %l2 : index, index
  }}
{_TAIL}""".replace("RING", ring)


def cursor(slots: int) -> str:
    """Level 5: the boundaries are still one op each."""
    return scratchpad(
        slots,
        "    %a2, %l2, %room = spm.advance %t, %a, %l : RING",
        "    %a2, %l2, %ready = spm.retreat %t, %a, %l : RING",
    )


BLOCKING = scratchpad(
    1,
    """    %full = arith.cmpi eq, %a, %l : index
    %a2 = scf.if %full -> (index) {
      spm.drain %t, %first : RING
      scf.yield %first : index
    } else {
      scf.yield %a : index
    }
    %l2 = arith.addi %l, %c0 : index""",
    """    %start = arith.subi %l, %tile : index
    %empty = arith.cmpi eq, %a, %start : index
    %a2 = scf.if %empty -> (index) {
      spm.fill %t, %first : RING
      scf.yield %l : index
    } else {
      scf.yield %a : index
    }
    %l2 = arith.addi %l, %c0 : index""",
)
"""Level 6a."""

STREAMS = scratchpad(
    2,
    """    %full = arith.cmpi eq, %a, %l : index
    %a2, %l2 = scf.if %full -> (index, index) {
      %start = arith.subi %l, %tile : index
      stream.enqueue %t, %start : RING
      %is_first = arith.cmpi eq, %start, %first : index
      %next = arith.select %is_first, %second, %first : index
      %slot = stream.acquire %t, %next : RING
      %end = arith.addi %slot, %tile : index
      scf.yield %slot, %end : index, index
    } else {
      scf.yield %a, %l : index, index
    }""",
    """    %start = arith.subi %l, %tile : index
    %empty = arith.cmpi eq, %a, %start : index
    %a2, %l2 = scf.if %empty -> (index, index) {
      stream.prefetch %t, %start : RING
      %is_first = arith.cmpi eq, %start, %first : index
      %previous = arith.select %is_first, %second, %first : index
      %slot = stream.dequeue %t, %previous : RING
      %end = arith.addi %slot, %tile : index
      scf.yield %end, %end : index, index
    } else {
      scf.yield %a, %l : index, index
    }""",
)
"""Level 6b."""

LEVELS = {
    "stacks": (STACKS, 9),
    "soa": (regions("soa"), 9),
    "aos": (regions("aos"), 16),
    "arena": (ARENA, 16),
    "layers": (LAYERS, 16),
    "cursor-1": (cursor(1), 16),
    "cursor-2": (cursor(2), 16),
    "cursor-3": (cursor(3), 16),
    "blocking": (BLOCKING, 16),
    "streams": (STREAMS, 16),
}
"""Program and tape bytes per record."""


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 6, 7, 20])
@pytest.mark.parametrize("level", LEVELS)
def test_every_level_gives_the_same(run, level, count):
    text, record_bytes = LEVELS[level]
    x = np.random.default_rng(3).normal(size=count)
    out = np.zeros(count)
    outcome = run(text, x, out)
    assert out.tolist() == [abs((v * v) * v) for v in x.tolist()]
    assert outcome.tape_bytes == count * record_bytes


@pytest.mark.parametrize("level", ["arena", "blocking", "streams"])
def test_the_lowest_levels_run_on_a_machine(run, level):
    x, out = np.random.default_rng(3).normal(size=20), np.zeros(20)
    counters = run(LEVELS[level][0], x, out, machine=preset("fair")).counters
    assert out.tolist() == [abs((v * v) * v) for v in x.tolist()]
    assert counters is not None and counters.cycles > 0
    tape_accesses = 0 if level == "arena" else 80
    assert counters.scratchpad_accesses == tape_accesses
    assert counters.cache_accesses == 40 + 80 - tape_accesses
    if level != "arena":  # six full tiles leave; what is still on chip needs no return
        slots = 1 if level == "blocking" else 2
        assert counters.tiles_pushed == 6
        assert counters.dma_transfers == 6 + 7 - slots
    assert 0 < counters.forward_cycles < counters.cycles


@pytest.mark.parametrize("level", ["stacks", "aos", "layers", "cursor-1"])
def test_abstract_levels_have_no_machine_cost(run, level):
    with pytest.raises(ExecutionError, match="lower them with a pipeline first"):
        run(LEVELS[level][0], np.ones(2), np.ones(2), machine=preset("fair"))


Edit = Callable[[str], str]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            LAYERS.replace("    %room =", "    // %room ="),
            "push to a full tile: tile 0 holds its 3 records",
        ),
        (
            LAYERS.replace("    %ready =", "    // %ready ="),
            "pop from a used-up tile: tile 6 has no record left",
        ),
        (
            regions("aos").replace("tape.allocate %n", "tape.allocate %c1"),
            "push to a full tape region: its capacity is 1 records",
        ),
        (
            STACKS.replace("    tape.push %u, %sign : !tape.stack<i1>", ""),
            "pop from an empty tape",
        ),
        (
            ARENA.replace("%b = arith.addi %a, %stride", "%b = arith.addi %a, %c1"),
            "no record begins at byte 1 of arena 't'",
        ),
        (
            ARENA.replace("tape.allocate_arena %n", "tape.allocate_arena %c1"),
            "no record begins at byte 16 of arena 't' with 1 records of 16 bytes",
        ),
    ],
)
def test_misused_tapes_are_found(run, text, message):
    with pytest.raises(ExecutionError, match=message):
        run(text, np.ones(20), np.zeros(20))
