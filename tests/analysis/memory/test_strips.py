"""Subscripts of loops by strips: which meet, and what such loops fill together."""

import pytest
from xdsl.dialects import memref, scf
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp

from tapeflow.analysis.memory.aliasing import find_buffers
from tapeflow.analysis.memory.later_writes import LaterWrites
from tapeflow.analysis.memory.overwriting import find_accesses
from tapeflow.frontend.reader import parse_module
from tapeflow.universe import full_context

WHOLE = "arith.andi %positive, %c-2 : index"
STRIPS = """
  scf.for %i = %c0 to %end step %c2 {{
    %i_1 = arith.addi %i, %c1 : index
    memref.store %x, %a[%i] : memref<?xf64>
    {second}
  }}
  scf.for %j = %from to %n step %c1 {{
    memref.store %x, %a[%j] : memref<?xf64>
  }}"""
SECOND = "memref.store %x, %a[%i_1] : memref<?xf64>"


def function(end: str = WHOLE, from_: str = "%end", second: str = SECOND) -> FuncOp:
    text = f"""func.func @f(%n: index, %m: index, %x: f64) {{
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c2 = arith.constant 2 : index
      %c-2 = arith.constant -2 : index
      %positive = arith.maxsi %n, %c0 : index
      %end = {end}
      %a = memref.alloc(%n) : memref<?xf64>
      scf.for %k = %c0 to %m step %c1 {{
        {STRIPS.format(second=second).replace("%from", from_)}
        %y = memref.load %a[%c0] : memref<?xf64>
      }}
      func.return
    }}"""
    module: ModuleOp = parse_module(text, "strips.mlir", full_context())
    return next(op for op in module.walk() if isinstance(op, FuncOp))


def body(f: FuncOp):
    return next(op for op in f.walk() if isinstance(op, scf.ForOp)).body.block


FILLED = {
    "strips": ({}, True),
    "half of a strip": ({"second": ""}, False),
    "the wrong half": ({"second": SECOND.replace("%i_1", "%i")}, False),
    "strips that overshoot": ({"end": "arith.addi %positive, %c0 : index"}, True),
    "a gap between": ({"from_": "%n"}, False),
    "a load in between": (
        {"second": f"%z = memref.load %a[%i_1] : memref<?xf64>\n{SECOND}"},
        False,
    ),
    "a load of what is stored": (
        {"second": f"%z = memref.load %a[%i] : memref<?xf64>\n{SECOND}"},
        True,
    ),
}


@pytest.mark.parametrize("name", FILLED)
def test_loops_by_strips_fill_a_buffer(name: str):
    options, is_filled = FILLED[name]
    f = function(**options)
    buffers = find_buffers(f)
    accesses = find_accesses(f, buffers)
    alloc = next(op for op in f.walk() if isinstance(op, memref.AllocOp))
    assert accesses.overwritten_first(body(f), alloc.memref) == is_filled


KEPT = {
    "strips": ({}, [True, True, True]),
    "strips that overshoot": (
        {"end": "arith.addi %positive, %c0 : index"},
        [True, False, True],
    ),
    "the same element twice": (
        {"second": SECOND.replace("%i_1", "%i")},
        [False, True, True],
    ),
    "a strip's neighbour": (
        {"second": SECOND.replace("[%i_1]", "[%n]")},
        [False, False, True],
    ),
}


@pytest.mark.parametrize("name", KEPT)
def test_what_strips_store_stays_to_the_end_of_an_iteration(name: str):
    options, kept = KEPT[name]
    f = function(**options)
    later = LaterWrites(find_buffers(f))
    stores = [op for op in f.walk() if isinstance(op, memref.StoreOp)]
    assert [later.unchanged_after(store, body(f)) for store in stores] == kept
