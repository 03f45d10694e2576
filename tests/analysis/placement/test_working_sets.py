"""Lines of its own data that a program fetches, by how its loops walk along them."""

import pytest

from tapeflow.analysis.integers.estimates import IndexEstimates
from tapeflow.analysis.placement.working_sets import WorkingSets
from tapeflow.backend.signature import find_function
from tapeflow.dialects.tape import AllocateOp
from tapeflow.frontend.reader import parse_module
from tapeflow.universe import full_context

ROOMY, TIGHT = 1 << 20, 1024


def sets(body: str) -> WorkingSets:
    """Of a nest over 64 x 64 elements of %a, which has 512 lines."""
    text = f"""
    func.func @f(%a: memref<64x64xf64>, %b: memref<64xindex>) {{
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %n = arith.constant 64 : index
      %tape = tape.allocate %n : !tape.region<[f64], aos>
      scf.for %i = %c0 to %n step %c1 {{
        scf.for %j = %c0 to %n step %c1 {{
          {body}
        }}
      }}
      func.return
    }}"""
    function = find_function(parse_module(text, "f.mlir", full_context()), "f")
    return WorkingSets(function, IndexEstimates(function, {}, 64))


LOADS = {
    "row": "%x = memref.load %a[%i, %j] : memref<64x64xf64>",
    "column": "%x = memref.load %a[%j, %i] : memref<64x64xf64>",
    "element": "%x = memref.load %a[%c0, %c0] : memref<64x64xf64>",
}


@pytest.mark.parametrize(
    ("walk", "roomy", "tight"),
    [("row", 512, 512), ("column", 512, 4096), ("element", 1, 1)],
)
def test_walks(walk: str, roomy: float, tight: float) -> None:
    """Down a column each access is another line, gone when the next column comes."""
    found = sets(LOADS[walk])
    assert found.accesses == 64 * 64
    assert (found.fetched_lines(ROOMY), found.fetched_lines(TIGHT)) == (roomy, tight)


def test_neighbours_come_by_each_others_lines() -> None:
    beside = """%k = arith.addi %j, %c1 : index
      %y = memref.load %a[%i, %k] : memref<64x64xf64>"""
    alone, both = sets(LOADS["row"]), sets(LOADS["row"] + beside)
    assert both.accesses == 2 * alone.accesses
    assert both.fetched_lines(TIGHT) == alone.fetched_lines(TIGHT)


def test_what_is_gathered_shares_no_line() -> None:
    gathered = sets("""%k = memref.load %b[%j] : memref<64xindex>
      %x = memref.load %a[%c0, %k] : memref<64x64xf64>""")
    dense = sets("""%k = memref.load %b[%j] : memref<64xindex>
      %x = memref.load %a[%c0, %j] : memref<64x64xf64>""")
    assert gathered.fetched_lines(ROOMY) == dense.fetched_lines(ROOMY) + 64 - 8


def test_a_tape_behind_the_cache_takes_room() -> None:
    """A row that is walked again stays, unless records pass by meanwhile."""
    row = "%x = memref.load %a[%c0, %j] : memref<64x64xf64>"
    pushed = f"{row} tape.push %tape, %x : !tape.region<[f64], aos>"
    found = sets(pushed)
    (tape,) = (op.tape for op in found._root.op.walk() if isinstance(op, AllocateOp))
    assert found.fetched_lines(TIGHT) == 8
    assert found.fetched_lines(2 * TIGHT, [tape]) == 8
    assert found.fetched_lines(TIGHT // 2, [tape]) > 8
