"""What may have changed since a load: writes through calls, globals and names kept."""

import pytest
from xdsl.dialects import func, memref
from xdsl.ir import Operation

from tapeflow.analysis.memory.aliasing import find_buffers
from tapeflow.frontend.reader import parse_module
from tapeflow.universe import full_context

GLOBALS = """
  "memref.global"() <{sym_name = "t", type = memref<1xindex>,
    sym_visibility = "private", initial_value = dense<6> : tensor<1xindex>}> : () -> ()
  "memref.global"() <{sym_name = "s", type = memref<1xindex>,
    sym_visibility = "private", initial_value = dense<6> : tensor<1xindex>}> : () -> ()
  func.func private @elsewhere()
  func.func private @takes(memref<1xindex>)
  func.func private @takes_kept(memref<1xmemref<1xindex>>)
  func.func private @gives() -> memref<1xindex>
  func.func @writes_t() {
    %g = memref.get_global @t : memref<1xindex>
    %c0 = arith.constant 0 : index
    memref.store %c0, %g[%c0] : memref<1xindex>
    func.return
  }
  func.func @reads_t() -> index {
    %g = memref.get_global @t : memref<1xindex>
    %c0 = arith.constant 0 : index
    %n = memref.load %g[%c0] : memref<1xindex>
    func.return %n : index
  }
  func.func @calls_writes_t() {
    func.call @writes_t() : () -> ()
    func.return
  }
  func.func @names_t() -> memref<1xindex> {
    %g = memref.get_global @t : memref<1xindex>
    func.return %g : memref<1xindex>
  }
  func.func @writes_second(%a: memref<1xindex>, %b: memref<1xindex>) {
    %c0 = arith.constant 0 : index
    %n = memref.load %a[%c0] : memref<1xindex>
    memref.store %n, %b[%c0] : memref<1xindex>
    func.return
  }
  func.func @frees(%a: memref<1xindex>) {
    memref.dealloc %a : memref<1xindex>
    func.return
  }
  func.func @again(%a: memref<1xindex>) {
    func.call @again(%a) : (memref<1xindex>) -> ()
    func.return
  }
"""
BUFFERS = {
    "t": "%m = memref.get_global @t : memref<1xindex>",
    "s": "%m = memref.get_global @s : memref<1xindex>",
    "t by name": "%m = func.call @names_t() : () -> memref<1xindex>",
    "given": "%m = func.call @gives() : () -> memref<1xindex>",
    "argument": "%m = memref.cast %x : memref<1xindex> to memref<1xindex>",
    "own": "%m = memref.alloc() : memref<1xindex>",
    "kept": "%m = memref.alloc() : memref<1xindex>\n"
    "func.call @takes(%m) : (memref<1xindex>) -> ()",
    "kept in memory": "%m = memref.alloc() : memref<1xindex>\n"
    "%c = memref.alloc() : memref<1xmemref<1xindex>>\n"
    "memref.store %m, %c[%c0] : memref<1xmemref<1xindex>>\n"
    "func.call @takes_kept(%c) : (memref<1xmemref<1xindex>>) -> ()",
}
EVERYBODYS = {"t", "s", "t by name", "given", "argument", "kept", "kept in memory"}
MINE = "(%m) : (memref<1xindex>) -> ()"
BOTH = ": (memref<1xindex>, memref<1xindex>) -> ()"
CHANGES = {
    "func.call @writes_t() : () -> ()": {"t", "t by name", "given"},
    "func.call @calls_writes_t() : () -> ()": {"t", "t by name", "given"},
    "%n = func.call @reads_t() : () -> index": set[str](),
    "func.call @elsewhere() : () -> ()": EVERYBODYS,
    '"gpu.barrier"() : () -> ()': EVERYBODYS,
    f"func.call @writes_second(%m, %y) {BOTH}": {"given"},
    f"func.call @writes_second(%y, %m) {BOTH}": {*BUFFERS},
    f"func.call @frees{MINE}": {*BUFFERS},
    f"func.call @takes{MINE}": {*BUFFERS},
    f"func.call @again{MINE}": {*BUFFERS},
    "memref.store %c0, %x[%c0] : memref<1xindex>": {"argument", "given"},
    "memref.store %c0, %own[%c0] : memref<1xindex>": set[str](),
    "memref.dealloc %m : memref<1xindex>": set[str](),
}
"""By operation behind a load, the buffers of which it may change the element."""


def loaded_and_all(buffer: str, change: str) -> tuple[Operation, func.FuncOp]:
    text = f"""{GLOBALS}
      func.func @f(%x: memref<1xindex>, %y: memref<1xindex>) {{
        %c0 = arith.constant 0 : index
        %own = memref.alloc() : memref<1xindex>
        {BUFFERS[buffer]}
        %v = memref.load %m[%c0] : memref<1xindex>
        {change}
        func.return
      }}"""
    module = parse_module(text, "f.mlir", full_context())
    *_, function = [op for op in module.walk() if isinstance(op, func.FuncOp)]
    (load,) = [op for op in function.walk() if isinstance(op, memref.LoadOp)]
    return load, function


@pytest.mark.parametrize("buffer", BUFFERS)
@pytest.mark.parametrize("change", CHANGES)
def test_what_an_operation_may_change(buffer: str, change: str) -> None:
    load, function = loaded_and_all(buffer, change)
    assert isinstance(load, memref.LoadOp)
    is_changed = not find_buffers(function).unchanged_after(load, function.body.block)
    assert is_changed == (buffer in CHANGES[change])


STRIDED = "memref<4xindex, strided<[?]>>"
CALLED = f"""
  "memref.global"() <{{sym_name = "t", type = memref<4xindex>,
    sym_visibility = "private", initial_value = dense<6> : tensor<4xindex>}}> : () -> ()
  func.func @f(%x: memref<4xindex>, %y: {STRIDED}, %z: memref<4xf64>) {{
    %t = memref.get_global @t : memref<4xindex>
    func.return
  }}"""
CALLER = f"""
  func.func @caller(%x: memref<4xindex>, %y: {STRIDED}, %z: memref<4xf64>) {{
    func.call @f(%x, %y, %z) : (memref<4xindex>, {STRIDED}, memref<4xf64>) -> ()
    func.return
  }}"""


@pytest.mark.parametrize("may_share", [None, False])
@pytest.mark.parametrize("caller", ["", CALLER])
def test_arguments_of_functions_that_others_call(
    caller: str, may_share: bool | None
) -> None:
    module = parse_module(CALLED + caller, "f.mlir", full_context())
    function = next(op for op in module.ops if isinstance(op, func.FuncOp))
    buffers = find_buffers(function, may_share=may_share)
    x, y, _ = function.args
    get = next(op for op in function.walk() if isinstance(op, memref.GetGlobalOp))
    may_be_one = bool(caller) and may_share is None
    assert buffers.same(x, y) == buffers.same(x, get.memref) == may_be_one
    assert buffers.overlaps_itself(y) == may_be_one
