"""Which names mean one buffer, and what may have changed since a load from one."""

import pytest
from xdsl.dialects import func, memref
from xdsl.dialects.builtin import MemRefType
from xdsl.ir import Operation, SSAValue

from tapeflow.analysis.memory.aliasing import find_buffers
from tapeflow.analysis.memory.later_writes import LaterWrites
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
    later = LaterWrites(find_buffers(function))
    is_changed = not later.unchanged_after(load, function.body.block)
    assert is_changed == (buffer in CHANGES[change])


STRIDED = "memref<4xindex, strided<[?]>>"
CALLED = f"""
  "memref.global"() <{{sym_name = "t", type = memref<4xindex>,
    sym_visibility = "private", initial_value = dense<6> : tensor<4xindex>}}> : () -> ()
  func.func @f(%x: memref<4xindex>, %y: {STRIDED}, %z: memref<4xf64>) {{
    %t = memref.get_global @t : memref<4xindex>
    func.return
  }}"""
CALL = f"func.call @f(%x, %s, %z) : (memref<4xindex>, {STRIDED}, memref<4xf64>) -> ()"
CAST = f": memref<4xindex> to {STRIDED}"
PASSED = {
    "": False,
    f"%s = memref.cast %y {CAST}": False,
    f"%a = memref.alloc() : memref<4xindex>\n%s = memref.cast %a {CAST}": False,
    f"%s = memref.cast %x {CAST}": True,
    f"%t = memref.get_global @t : memref<4xindex>\n%s = memref.cast %t {CAST}": True,
    f"""%s = memref.reinterpret_cast %y to offset: [0], sizes: [4], strides: [%c]
      {CAST}""": True,
    f"""%v = arith.select %p, %x, %y : memref<4xindex>
    %s = memref.cast %v {CAST}""": True,
}
"""By how a caller gets what it passes beside %x, whether that may be %x or a global."""


def caller(passed: str) -> str:
    return f"""
  func.func @caller(%x: memref<4xindex>, %y: memref<4xindex>, %z: memref<4xf64>,
                    %c: index, %p: i1) {{
    {passed}
    {CALL}
    func.return
  }}"""


@pytest.mark.parametrize("may_share", [None, False])
@pytest.mark.parametrize("passed", PASSED)
def test_arguments_of_functions_that_others_call(
    passed: str, may_share: bool | None
) -> None:
    text = CALLED + (caller(passed) if passed else "")
    module = parse_module(text, "f.mlir", full_context())
    function = next(op for op in module.ops if isinstance(op, func.FuncOp))
    buffers = find_buffers(function, may_share=may_share)
    x, y, _ = function.args
    get = next(op for op in function.walk() if isinstance(op, memref.GetGlobalOp))
    may_be_one = PASSED[passed] and may_share is None
    assert buffers.same(x, y) == buffers.same(x, get.memref) == may_be_one
    assert buffers.overlaps_itself(y) == may_be_one


def test_a_caller_that_is_called_promises_nothing_of_its_arguments() -> None:
    outer = """
  func.func @outer(%x: memref<4xindex>, %z: memref<4xf64>, %c: index, %p: i1) {
    func.call @caller(%x, %x, %z, %c, %p) : (memref<4xindex>, memref<4xindex>,
      memref<4xf64>, index, i1) -> ()
    func.return
  }"""
    text = CALLED + caller(f"%s = memref.cast %y {CAST}") + outer
    module = parse_module(text, "f.mlir", full_context())
    called = next(op for op in module.ops if isinstance(op, func.FuncOp))
    x, y, _ = called.args
    assert find_buffers(called).same(x, y)


T = "memref<4xf64>"
PART = "memref<2xf64, strided<[1], offset: 1>>"
LAST = "memref<1xf64, strided<[1], offset: 2>>"
SWAPPED = f"""%v, %w = scf.for %i = %n to %n step %n
    iter_args(%c = %a, %d = %b) -> ({T}, {T}) {{
  scf.yield %d, %c : {T}, {T}
}}"""
CARRIED = f"""%v, %w = scf.for %i = %n to %n step %n
    iter_args(%c = %a, %d = %b) -> ({T}, {T}) {{
  scf.yield %c, %d : {T}, {T}
}}"""
WHILE = f"""%v = scf.while (%c = %a) : ({T}) -> {T} {{
  scf.condition(%p) BACK : {T}
}} do {{
^bb0(%d: {T}):
  scf.yield AROUND : {T}
}}"""
SWITCH = f"""%v = scf.index_switch %n -> {T}
case 1 {{
  scf.yield %a : {T}
}}
default {{
  scf.yield %b : {T}
}}"""
ALIASES = {
    "apart": ("", "a | b | z"),
    "cast": (f"%v = memref.cast %a : {T} to memref<?xf64>", "a v | b | z"),
    "views of views": (
        f"""%v = memref.subview %a[1] [2] [1] : {T} to {PART}
        %w = memref.subview %v[1] [1] [1] : {PART} to {LAST}
        %u = memref.subview %b[1] [2] [1] : {T} to {PART}""",
        "a v w | b u | z",
    ),
    "chosen": (f"%v = arith.select %p, %a, %b : {T}", "a b v | z"),
    "branch": (
        f"""%v, %w = scf.if %p -> ({T}, {T}) {{
          scf.yield %a, %z : {T}, {T}
        }} else {{
          scf.yield %b, %z : {T}, {T}
        }}""",
        "a b v | w z",
    ),
    "switch": (SWITCH, "a b v | z"),
    "region": (
        f"%v = scf.execute_region -> {T} {{\n scf.yield %a : {T}\n}}",
        "a v | b | z",
    ),
    "carried": (CARRIED, "a c v | b d w | z"),
    "swapped": (SWAPPED, "a b c d v w | z"),
    "swapped on the way through an inner loop": (
        f"""%u, %x = scf.for %j = %n to %n step %n
            iter_args(%e = %a, %f = %b) -> ({T}, {T}) {{
          {SWAPPED.replace("%a", "%e").replace("%b", "%f")}
          scf.yield %v, %w : {T}, {T}
        }}""",
        "a b c d e f u v w x | z",
    ),
    "replaced by an iteration": (
        f"""%v = scf.for %i = %n to %n step %n iter_args(%c = %a) -> ({T}) {{
          scf.yield %b : {T}
        }}""",
        "a b c v | z",
    ),
    "while": (WHILE.replace("BACK", "%c").replace("AROUND", "%d"), "a c d v | b | z"),
    "the test of a while passes on another": (
        WHILE.replace("BACK", "%b").replace("AROUND", "%z"),
        "a c z | b d v",
    ),
    "affine loop": (
        f"""%v = affine.for %i = 0 to 8 iter_args(%c = %a) -> ({T}) {{
          affine.yield %b : {T}
        }}""",
        "a b c v | z",
    ),
    "kept in a buffer": (
        f"""%k = memref.alloc() : memref<1x{T}>
        memref.store %a, %k[%n] : memref<1x{T}>
        %v = memref.load %k[%n] : memref<1x{T}>""",
        "a k v | b | z",
    ),
}
"""Operations, and which names mean one buffer after them."""


@pytest.mark.parametrize("case", ALIASES)
def test_what_names_mean_one_buffer(case: str) -> None:
    body, expected = ALIASES[case]
    text = f"""func.func @f(%n: index, %p: i1, %a: {T}, %b: {T}, %z: {T}) {{
      {body}
      func.return
    }}"""
    (function,) = parse_module(text, "f.mlir", full_context()).ops
    assert isinstance(function, func.FuncOp)
    buffers = find_buffers(function)
    classes: dict[SSAValue, set[str]] = {}
    for op in function.walk():
        blocks = [block for region in op.regions for block in region.blocks]
        for value in (*op.results, *(arg for block in blocks for arg in block.args)):
            if isinstance(value.type, MemRefType):
                names = classes.setdefault(buffers.of(value), set())
                names.add(value.name_hint or "")
    assert sorted(" ".join(sorted(names)) for names in classes.values()) == sorted(
        expected.split(" | ")
    )
