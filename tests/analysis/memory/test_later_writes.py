"""Whether what was loaded is still there when all loops are done."""

import pytest
from xdsl.dialects import memref
from xdsl.dialects.func import FuncOp

from tapeflow.analysis.memory.aliasing import find_buffers
from tapeflow.analysis.memory.later_writes import LaterWrites
from tapeflow.frontend.reader import parse_module
from tapeflow.universe import full_context

HEAD = """func.func @f(%x: memref<?xf64>, %a: memref<?x?xf64>, %v: f64, %k: index,
    %cond: i1) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %n = memref.dim %x, %c0 : memref<?xf64>
  %last = arith.subi %n, %c1 : index"""
NOW = "%t1 = arith.addi %t, %c1 : index\n%before = arith.subi %t, %c1 : index"


def loop(*lines: str, low: str = "c0", up: str = "n", step: str = "c1", iv: str = "t"):
    head = f"scf.for %{iv} = %{low} to %{up} step %{step} {{"
    return "\n".join([head, *lines, "}"])


def load(*at: str, of: str = "x") -> str:
    return f"%l = memref.load %{of}[{', '.join(at)}] : {TYPES[len(at)]}"


def store(*at: str, to: str = "x") -> str:
    return f"memref.store %v, %{to}[{', '.join(at)}] : {TYPES[len(at)]}"


TYPES = {1: "memref<?xf64>", 2: "memref<?x?xf64>"}
BRANCH = "scf.if %cond {{\n{}\n}} else {{\n{}\n}}"
TWICE = "%even = arith.muli %t, %c2 : index\n%odd = arith.addi %even, %c1 : index"
FLAT = """%row = arith.muli %i, %n : index
  %at = arith.addi %row, %j : index"""
ROW = "memref.subview %a[{}, 0] [1, %n] [1, 1] : memref<?x?xf64> to " + (
    VIEW := "memref<?xf64, strided<[1], offset: ?>>"
)
ROWS = f"""%r = {ROW.format("%t")}
  %s = {ROW.format("%t1")}
  %l = memref.load %r[%k] : {VIEW}
  memref.store %v, %s[%k] : {VIEW}"""
MIRRORED = "%m = arith.subi %last, %t : index\n%m1 = arith.addi %m, %c1 : index"
STILL_THERE = {
    "written once, an element ahead": loop(NOW, load("%t"), store("%t1")),
    "nothing but the element of each iteration": loop(store("%t"), load("%t")),
    "the other way round": loop(MIRRORED, load("%m1"), store("%m")),
    "odd elements, even ones": loop(TWICE, load("%even"), store("%odd")),
    "a triangle below": loop(
        "%i1 = arith.addi %t, %c1 : index",
        load("%t", "%t", of="a"),
        loop(store("%s", "%t", to="a"), low="i1", iv="s"),
    ),
    "rows below the pivot's": loop(
        "%i1 = arith.addi %t, %c1 : index",
        loop(
            load("%t", "%j", of="a"),
            loop(store("%s", "%j", to="a"), low="i1", iv="s"),
            iv="j",
        ),
    ),
    "one loop for the lower half, one for the upper": loop(load("%t"), up="k")
    + loop(store("%s"), low="k", iv="s"),
    "the other branch": BRANCH.format(load("%k"), store("%k")),
    "rows in a flat buffer": loop(
        loop(
            FLAT,
            load("%at"),
            "%next = arith.addi %at, %n : index",
            store("%next"),
            iv="j",
        ),
        iv="i",
        up="k",
    ),
    "a view of the next row": loop(NOW, ROWS),
    "in front of it": store("%k") + "\n" + load("%k"),
}
OVERWRITTEN = {
    "a view of the same row": loop(NOW, ROWS.replace("%t1", "%t")),
    "a view of the row before": loop(NOW, ROWS.replace("%t1", "%before"), low="c1"),
    "an element behind": loop(NOW, load("%t"), store("%before"), low="c1"),
    "the same element": loop(load("%t"), store("%t")),
    "one element in all iterations": loop(load("%k"), store("%t")),
    "an element that nobody knows": loop(load("%t"), store("%k")),
    "a branch in a loop": loop(BRANCH.format(load("%k"), store("%k"))),
    "even elements, even ones": loop(
        TWICE, "%six = arith.addi %even, %c2 : index", load("%six"), store("%even")
    ),
    "an inner loop from the same element on": loop(
        load("%t"), loop(store("%s"), low="t", iv="s")
    ),
    "an element ahead, in inner iterations": loop(
        loop(NOW, load("%t"), store("%t1")), iv="i"
    ),
    "a number that may wrap": loop(
        "%far = arith.addi %t, %k : index", load("%t"), store("%far")
    ),
    "a step that may wrap": loop(
        TWICE, "%two = arith.addi %even, %k : index", load("%even"), store("%two")
    ),
    "a loop behind": loop(load("%t")) + loop(store("%s"), iv="s"),
}


def is_unchanged(body: str) -> bool:
    module = parse_module(f"{HEAD}\n{body}\nfunc.return\n}}", "m.mlir", full_context())
    function = module.body.block.first_op
    assert isinstance(function, FuncOp)
    (access,) = (op for op in function.walk() if isinstance(op, memref.LoadOp))
    later = LaterWrites(find_buffers(function, may_share=False))
    return later.unchanged_after(access, function.body.block)


@pytest.mark.parametrize("case", STILL_THERE)
def test_what_is_still_there(case: str):
    assert is_unchanged(STILL_THERE[case])


@pytest.mark.parametrize("case", OVERWRITTEN)
def test_what_may_be_overwritten(case: str):
    assert not is_unchanged(OVERWRITTEN[case])
