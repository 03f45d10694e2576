"""Tapes whose length only the run tells: the same at every level and engine."""

import pytest
from xdsl.dialects import scf

from hwmodel import PRESETS
from tapeflow.backend.execute import Execution, execute
from tapeflow.dialects.tape_types import LAYOUTS, Layout
from tapeflow.frontend.reader import parse_module
from tapeflow.transforms import FormRegionsPass, LowerTapeToMemrefPass
from tapeflow.universe import full_context

HEAD = """
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %half = arith.constant 0.5 : f64
"""

AFTER = f"""
func.func @f(%n: index, %x: f64) -> f64 {{
  {HEAD}
  %s = tape.stack : !tape.stack<f64>
  %k, %y = scf.while (%i = %c0, %a = %x) : (index, f64) -> (index, f64) {{
    %more = arith.cmpi slt, %i, %n : index
    scf.condition(%more) %i, %a : index, f64
  }} do {{
  ^bb0(%i: index, %a: f64):
    tape.push %s, %a : !tape.stack<f64>
    %b = math.sin %a : f64
    %next = arith.addi %i, %c1 : index
    scf.yield %next, %b : index, f64
  }}
  ad.turn
  %z = scf.for %i = %c0 to %k step %c1 iter_args(%a = %y) -> (f64) {{
    %v = tape.pop %s : !tape.stack<f64>
    %h = arith.mulf %a, %half : f64
    %b = arith.addf %h, %v : f64
    scf.yield %b : f64
  }}
  func.return %z : f64
}}
"""

# One push more than iterations; popped in two places; records of mixed types.
BEFORE = f"""
func.func @f(%n: index, %x: f64) -> f64 {{
  {HEAD}
  %s = tape.stack : !tape.stack<i1>
  %t = tape.stack : !tape.stack<f64>
  %u = tape.stack : !tape.stack<f32>
  %w = tape.stack : !tape.stack<index>
  %k, %y = scf.while (%i = %c0, %a = %x) : (index, f64) -> (index, f64) {{
    %more = arith.cmpi slt, %i, %n : index
    %b = math.sin %a : f64
    %is = arith.cmpf ogt, %b, %half : f64
    %narrow = arith.truncf %b : f64 to f32
    tape.push %s, %is : !tape.stack<i1>
    tape.push %t, %a : !tape.stack<f64>
    tape.push %u, %narrow : !tape.stack<f32>
    tape.push %w, %i : !tape.stack<index>
    scf.condition(%more) %i, %b : index, f64
  }} do {{
  ^bb0(%i: index, %a: f64):
    %next = arith.addi %i, %c1 : index
    %b = arith.addf %a, %x : f64
    scf.yield %next, %b : index, f64
  }}
  ad.turn
  %l0 = tape.pop %s : !tape.stack<i1>
  %l1 = tape.pop %t : !tape.stack<f64>
  %l2 = tape.pop %u : !tape.stack<f32>
  %l3 = tape.pop %w : !tape.stack<index>
  %l4 = arith.select %l0, %l1, %y : f64
  %z, %d = scf.for %i = %c0 to %k step %c1 iter_args(%a = %l4, %e = %l3)
      -> (f64, index) {{
    %p = tape.pop %s : !tape.stack<i1>
    %q = tape.pop %t : !tape.stack<f64>
    %r = tape.pop %u : !tape.stack<f32>
    %o = tape.pop %w : !tape.stack<index>
    %wide = arith.extf %r : f32 to f64
    %c = arith.select %p, %q, %wide : f64
    %h = arith.mulf %a, %half : f64
    %b = arith.addf %h, %c : f64
    %sum = arith.addi %e, %o : index
    scf.yield %b, %sum : f64, index
  }}
  %whole = arith.index_cast %d : index to i64
  %float = arith.sitofp %whole : i64 to f64
  %result = arith.addf %z, %float : f64
  func.return %result : f64
}}
"""

# One stack pushed in both regions, and popped by an scf.while.
BOTH = f"""
func.func @f(%n: index, %x: f64) -> f64 {{
  {HEAD}
  %s = tape.stack : !tape.stack<f64>
  %k, %y = scf.while (%i = %c0, %a = %x) : (index, f64) -> (index, f64) {{
    %more = arith.cmpi slt, %i, %n : index
    %b = math.sin %a : f64
    tape.push %s, %a : !tape.stack<f64>
    scf.condition(%more) %i, %b : index, f64
  }} do {{
  ^bb0(%i: index, %a: f64):
    %next = arith.addi %i, %c1 : index
    tape.push %s, %a : !tape.stack<f64>
    %b = arith.addf %a, %x : f64
    scf.yield %next, %b : index, f64
  }}
  ad.turn
  %twice = arith.muli %k, %c2 : index
  %all = arith.addi %twice, %c1 : index
  %left, %z = scf.while (%i = %all, %a = %y) : (index, f64) -> (index, f64) {{
    %v = tape.pop %s : !tape.stack<f64>
    %h = arith.mulf %a, %half : f64
    %b = arith.addf %h, %v : f64
    %j = arith.subi %i, %c1 : index
    %more = arith.cmpi sgt, %j, %c0 : index
    scf.condition(%more) %j, %b : index, f64
  }} do {{
  ^bb0(%i: index, %a: f64):
    scf.yield %i, %a : index, f64
  }}
  func.return %z : f64
}}
"""

# Conditional pushes; another stack says where.
BRANCH = f"""
func.func @f(%n: index, %x: f64) -> f64 {{
  {HEAD}
  %s = tape.stack : !tape.stack<f64>
  %t = tape.stack : !tape.stack<i1>
  %k, %y = scf.while (%i = %c0, %a = %x) : (index, f64) -> (index, f64) {{
    %more = arith.cmpi slt, %i, %n : index
    scf.condition(%more) %i, %a : index, f64
  }} do {{
  ^bb0(%i: index, %a: f64):
    %rest = arith.remui %i, %c3 : index
    %is = arith.cmpi ne, %rest, %c1 : index
    %b = scf.if %is -> (f64) {{
      tape.push %s, %a : !tape.stack<f64>
      %e = math.sin %a : f64
      scf.yield %e : f64
    }} else {{
      scf.yield %half : f64
    }}
    tape.push %t, %is : !tape.stack<i1>
    %next = arith.addi %i, %c1 : index
    scf.yield %next, %b : index, f64
  }}
  ad.turn
  %z = scf.for %i = %c0 to %k step %c1 iter_args(%a = %y) -> (f64) {{
    %is = tape.pop %t : !tape.stack<i1>
    %b = scf.if %is -> (f64) {{
      %v = tape.pop %s : !tape.stack<f64>
      %e = arith.addf %v, %a : f64
      scf.yield %e : f64
    }} else {{
      scf.yield %a : f64
    }}
    %h = arith.mulf %b, %half : f64
    scf.yield %h : f64
  }}
  func.return %z : f64
}}
"""

# A loop of known length in an scf.while in a loop: room is made once per inner loop.
NESTED = f"""
func.func @f(%n: index, %x: f64) -> f64 {{
  {HEAD}
  %s = tape.stack : !tape.stack<f64>
  %t = tape.stack : !tape.stack<f64>
  %counts = tape.stack : !tape.stack<index>
  %y = scf.for %o = %c0 to %c3 step %c1 iter_args(%p = %x) -> (f64) {{
    %k, %q = scf.while (%i = %c0, %a = %p) : (index, f64) -> (index, f64) {{
      %more = arith.cmpi slt, %i, %n : index
      tape.push %t, %a : !tape.stack<f64>
      scf.condition(%more) %i, %a : index, f64
    }} do {{
    ^bb0(%i: index, %a: f64):
      %b = scf.for %j = %c0 to %i step %c1 iter_args(%e = %a) -> (f64) {{
        tape.push %s, %e : !tape.stack<f64>
        %g = math.sin %e : f64
        scf.yield %g : f64
      }}
      %next = arith.addi %i, %c1 : index
      %w = arith.addf %b, %half : f64
      scf.yield %next, %w : index, f64
    }}
    tape.push %counts, %k : !tape.stack<index>
    scf.yield %q : f64
  }}
  ad.turn
  %z = scf.for %o = %c0 to %c3 step %c1 iter_args(%p = %y) -> (f64) {{
    %k = tape.pop %counts : !tape.stack<index>
    %last = tape.pop %t : !tape.stack<f64>
    %m = arith.mulf %p, %last : f64
    %q = scf.for %back = %c0 to %k step %c1 iter_args(%a = %m) -> (f64) {{
      %u = tape.pop %t : !tape.stack<f64>
      %one = arith.addi %back, %c1 : index
      %trips = arith.subi %k, %one : index
      %b = scf.for %j = %c0 to %trips step %c1 iter_args(%e = %a) -> (f64) {{
        %v = tape.pop %s : !tape.stack<f64>
        %h = arith.mulf %e, %half : f64
        %g = arith.addf %h, %v : f64
        scf.yield %g : f64
      }}
      %w = arith.addf %b, %u : f64
      scf.yield %w : f64
    }}
    scf.yield %q : f64
  }}
  func.return %z : f64
}}
"""

# The stack lives in one iteration: its memory can be used again in the next.
LOCAL = f"""
func.func @f(%n: index, %x: f64) -> f64 {{
  {HEAD}
  %z = scf.for %o = %c0 to %c3 step %c1 iter_args(%p = %x) -> (f64) {{
    %s = tape.stack : !tape.stack<f64>
    %k, %y = scf.while (%i = %c0, %a = %p) : (index, f64) -> (index, f64) {{
      %more = arith.cmpi slt, %i, %n : index
      scf.condition(%more) %i, %a : index, f64
    }} do {{
    ^bb0(%i: index, %a: f64):
      tape.push %s, %a : !tape.stack<f64>
      %b = math.sin %a : f64
      %next = arith.addi %i, %c1 : index
      scf.yield %next, %b : index, f64
    }}
    %q = scf.for %j = %c0 to %k step %c1 iter_args(%a = %y) -> (f64) {{
      %v = tape.pop %s : !tape.stack<f64>
      %b = arith.addf %a, %v : f64
      scf.yield %b : f64
    }}
    scf.yield %q : f64
  }}
  func.return %z : f64
}}
"""

# Bounds that a loop carries, of loops around the pushes.
CARRIED = f"""
func.func @f(%n: index, %x: f64) -> f64 {{
  {HEAD}
  %s = tape.stack : !tape.stack<f64>
  %m, %y, %k = scf.for %i = %c0 to %n step %c1
      iter_args(%m = %c1, %a = %x, %all = %c0) -> (index, f64, index) {{
    %b = scf.for %j = %c0 to %m step %c1 iter_args(%e = %a) -> (f64) {{
      %g = scf.for %l = %c0 to %c2 step %c1 iter_args(%v = %e) -> (f64) {{
        tape.push %s, %v : !tape.stack<f64>
        %w = math.sin %v : f64
        scf.yield %w : f64
      }}
      scf.yield %g : f64
    }}
    %both = arith.muli %m, %c2 : index
    %sum = arith.addi %all, %both : index
    %more = arith.addi %m, %i : index
    %next = arith.remui %more, %c3 : index
    scf.yield %next, %b, %sum : index, f64, index
  }}
  ad.turn
  %z = scf.for %i = %c0 to %k step %c1 iter_args(%a = %y) -> (f64) {{
    %v = tape.pop %s : !tape.stack<f64>
    %h = arith.mulf %a, %half : f64
    %b = arith.addf %h, %v : f64
    scf.yield %b : f64
  }}
  func.return %z : f64
}}
"""

PROGRAMS = {
    "after": AFTER,
    "before": BEFORE,
    "both": BOTH,
    "branch": BRANCH,
    "nested": NESTED,
    "local": LOCAL,
    "carried": CARRIED,
}
LINE_BYTES = 64
FIRST_RECORDS = 8
"""Room at first for records of 8 bytes; doubling comes after 8, 16, 32, ..."""


@pytest.mark.parametrize("n", [0, 1, 2, 7, 8, 9, 16, 17, 33])
@pytest.mark.parametrize("name", PROGRAMS)
def test_every_level_agrees(compare_levels, name: str, n: int):
    scratchpads = ((256, 1), (512, 2), (1024, 3), (4096, 2))
    compare_levels(PROGRAMS[name], n, 0.7, scratchpads=scratchpads)


@pytest.mark.parametrize("n", [0, 8, 9, 20])
@pytest.mark.parametrize("name", PROGRAMS)
def test_engines_agree(compare_engines, name: str, n: int):
    scratchpads = ((256, 1), (512, 2))
    compare_engines(PROGRAMS[name], n, 0.7, scratchpads=scratchpads)


def _run(text: str, layout: Layout, n: int) -> Execution:
    context = full_context()
    module = parse_module(text, "program.mlir", context)
    FormRegionsPass(layout).apply(context, module)
    LowerTapeToMemrefPass().apply(context, module)
    return execute(module, "f", [n, 0.7], PRESETS["fair"])


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("n", [0, 1, 8, 9, 16, 17, 100, 1000])
def test_memory_is_at_most_twice_the_need(layout: Layout, n: int):
    """What is allocated last is all that stays."""
    sizes = [buffer.size_bytes for buffer in _run(AFTER, layout, n).addresses]
    assert sizes[-1] == max(sizes)
    assert 8 * n <= sizes[-1] <= max(2 * 8 * n, LINE_BYTES)
    assert sum(sizes) <= max(4 * 8 * n, LINE_BYTES)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(
    ("n", "copied"), [(0, 0), (8, 0), (9, 8), (16, 8), (17, 24), (33, 56)]
)
def test_copies_are_counted_as_traffic(layout: Layout, n: int, copied: int):
    """Each record is stored once when pushed, and once for each time it is moved."""
    execution = _run(AFTER, layout, n)
    counters = execution.counters
    assert counters is not None
    assert execution.tape_bytes == 8 * n
    assert counters.cache_writes == n + copied
    assert counters.cache_reads == n + copied


@pytest.mark.parametrize("layout", LAYOUTS)
def test_memory_is_given_back(layout: Layout):
    """The second and third iteration use the memory of the first again."""
    buffers = _run(LOCAL, layout, 17).addresses
    once = len(buffers) // 3
    assert once == 3
    addresses = [buffer.address for buffer in buffers]
    assert addresses[:once] == addresses[once : 2 * once] == addresses[2 * once :]


def test_room_is_made_once_for_a_loop_of_known_length():
    """No test at the single push: its loop carries the place, not the memory."""
    context = full_context()
    module = parse_module(NESTED, "program.mlir", context)
    FormRegionsPass("soa").apply(context, module)
    LowerTapeToMemrefPass().apply(context, module)
    inner = next(
        op
        for op in module.walk()
        if isinstance(op, scf.ForOp) and isinstance(op.parent_op(), scf.WhileOp)
    )
    assert [str(argument.type) for argument in inner.body.block.args] == [
        "index",
        "f64",
        "index",
    ]
