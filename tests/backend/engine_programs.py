"""Small programs at every level, each with arguments, for comparing engines."""

import numpy as np

CONTROL = """
func.func @f(%n: index, %x: f64) -> (f64, index, i32) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %zero = arith.constant 0.0 : f64
  %seed = arith.constant 12345 : i32
  %s, %h = scf.for %i = %c0 to %n step %c1 iter_args(%a = %zero, %b = %seed)
      -> (f64, i32) {
    %m = arith.remui %i, %c3 : index
    %is = arith.cmpi eq, %m, %c1 : index
    %v = scf.if %is -> (f64) {
      %e = math.exp %a : f64
      scf.yield %e : f64
    } else {
      %w = scf.index_switch %m -> f64
      case 2 {
        %t = arith.mulf %x, %a : f64
        scf.yield %t : f64
      }
      default {
        scf.yield %x : f64
      }
      scf.yield %w : f64
    }
    %next = arith.addf %v, %x : f64
    %k = arith.constant 1664525 : i32
    %p = arith.muli %b, %k : i32
    scf.yield %next, %p : f64, i32
  }
  %steps, %last = scf.while (%i = %c0, %y = %s) : (index, f64) -> (index, f64) {
    %half = arith.constant 0.5 : f64
    %small = arith.mulf %y, %half : f64
    %one = arith.constant 1.0 : f64
    %go = arith.cmpf ogt, %small, %one : f64
    scf.condition(%go) %i, %small : index, f64
  } do {
  ^bb0(%i: index, %y: f64):
    %j = arith.addi %i, %c1 : index
    scf.yield %j, %y : index, f64
  }
  func.return %last, %steps, %h : f64, index, i32
}
"""

SWAPPED_BUFFERS = """
func.func @f(%a: memref<?x3xf64>, %b: memref<?x3xf64>, %t: index) -> memref<?x3xf64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %n = memref.dim %a, %c0 : memref<?x3xf64>
  %p, %q = scf.for %k = %c0 to %t step %c1 iter_args(%u = %a, %v = %b)
      -> (memref<?x3xf64>, memref<?x3xf64>) {
    scf.for %i = %c0 to %n step %c1 {
      scf.for %j = %c0 to %c3 step %c1 {
        %e = memref.load %u[%i, %j] : memref<?x3xf64>
        %g = memref.load %v[%i, %j] : memref<?x3xf64>
        %h = arith.addf %e, %g : f64
        memref.store %h, %v[%i, %j] : memref<?x3xf64>
      }
    }
    scf.yield %v, %u : memref<?x3xf64>, memref<?x3xf64>
  }
  func.return %p : memref<?x3xf64>
}
"""

CALLS = """
func.func private @square(%x: f64) -> (f64, f64) {
  %y = arith.mulf %x, %x : f64
  %z = math.sin %y : f64
  func.return %y, %z : f64, f64
}
func.func @fill(%m: memref<?xf64>, %v: f64) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = memref.dim %m, %c0 : memref<?xf64>
  scf.for %i = %c0 to %n step %c1 {
    %a, %b = func.call @square(%v) : (f64) -> (f64, f64)
    %c = arith.subf %a, %b : f64
    memref.store %c, %m[%i] : memref<?xf64>
  }
  func.return
}
func.func @f(%m: memref<?xf64>, %v: f64) -> f64 {
  func.call @fill(%m, %v) : (memref<?xf64>, f64) -> ()
  %c0 = arith.constant 0 : index
  %e = memref.load %m[%c0] : memref<?xf64>
  %a, %b = func.call @square(%e) : (f64) -> (f64, f64)
  %c, %d = func.call @square(%b) : (f64) -> (f64, f64)
  %s = arith.addf %a, %d : f64
  func.return %s : f64
}
"""

MEMORY = """
"memref.global"() <{sym_name = "weights", sym_visibility = "private", constant,
  type = memref<4xf64>, initial_value = dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf64>
}> : () -> ()
func.func @f(%x: memref<?xf32>, %k: memref<?xi32>, %mask: memref<?xi1>, %n: index)
    -> (f32, memref<?xf64>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c4 = arith.constant 4 : index
  %w = memref.get_global @weights : memref<4xf64>
  %d = "memref.cast"(%w) : (memref<4xf64>) -> memref<?xf64>
  %t = memref.alloc(%n) : memref<?x4xf64>
  %o = memref.alloca() : memref<f32>
  %zero = arith.constant 0.0 : f32
  memref.store %zero, %o[] : memref<f32>
  scf.for %i = %c0 to %n step %c1 {
    %scratch = memref.alloc(%c2) : memref<?xi8>
    %i8 = arith.index_cast %i : index to i8
    memref.store %i8, %scratch[%c1] : memref<?xi8>
    scf.for %j = %c0 to %c4 step %c1 {
      %g = memref.load %d[%j] : memref<?xf64>
      %v = memref.load %scratch[%c1] : memref<?xi8>
      %f = arith.sitofp %v : i8 to f64
      %p = arith.mulf %f, %g : f64
      memref.store %p, %t[%i, %j] : memref<?x4xf64>
    }
    memref.dealloc %scratch : memref<?xi8>
    %at = memref.load %k[%i] : memref<?xi32>
    %index = arith.index_cast %at : i32 to index
    %e = memref.load %x[%index] : memref<?xf32>
    %s = memref.load %o[] : memref<f32>
    %q = math.exp %e : f32
    %r = arith.divf %q, %s : f32
    %keep = memref.load %mask[%i] : memref<?xi1>
    %u = arith.select %keep, %r, %q : f32
    memref.store %u, %o[] : memref<f32>
    %flipped = arith.xori %keep, %keep : i1
    memref.store %flipped, %mask[%i] : memref<?xi1>
  }
  %column = memref.subview %t[0, 1] [4, 2] [1, 2]
    : memref<?x4xf64> to memref<4x2xf64, strided<[4, 2], offset: 1>>
  %part = memref.subview %column[%c1, %c0] [%c2, 1] [1, 1]
    : memref<4x2xf64, strided<[4, 2], offset: 1>>
    to memref<?xf64, strided<[4], offset: ?>>
  %out = memref.alloc(%c2) : memref<?xf64>
  "memref.copy"(%part, %out)
    : (memref<?xf64, strided<[4], offset: ?>>, memref<?xf64>) -> ()
  %last = memref.load %o[] : memref<f32>
  func.return %last, %out : f32, memref<?xf64>
}
"""

STACKS = """
func.func @f(%n: index, %x: f64) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %s = tape.stack : !tape.stack<f64>
  %b = tape.stack : !tape.stack<i1>
  %y = scf.for %i = %c0 to %n step %c1 iter_args(%a = %x) -> (f64) {
    %e = math.tanh %a : f64
    %p = arith.cmpf ogt, %e, %x : f64
    tape.push %s, %e : !tape.stack<f64>
    tape.push %b, %p : !tape.stack<i1>
    %t = arith.addf %e, %x : f64
    scf.yield %t : f64
  }
  ad.turn
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%a = %y) -> (f64) {
    %p = tape.pop %b : !tape.stack<i1>
    %e = tape.pop %s : !tape.stack<f64>
    %t = arith.mulf %a, %e : f64
    %u = arith.select %p, %t, %a : f64
    scf.yield %u : f64
  }
  func.return %r : f64
}
"""

REGION = """
func.func @f(%n: index, %x: f64) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = tape.allocate %n : !tape.region<[f64, i1], LAYOUT>
  scf.for %i = %c0 to %n step %c1 {
    %k = arith.index_cast %i : index to i64
    %v = arith.sitofp %k : i64 to f64
    %p = arith.cmpf ogt, %v, %x : f64
    BEFORE_PUSH
    tape.push %r, %v, %p : !tape.region<[f64, i1], LAYOUT>
  }
  ad.turn
  %s = scf.for %i = %c0 to %n step %c1 iter_args(%a = %x) -> (f64) {
    BEFORE_POP
    %v, %p = tape.pop %r : !tape.region<[f64, i1], LAYOUT>
    %t = arith.mulf %a, %v : f64
    %u = arith.select %p, %v, %t : f64
    scf.yield %u : f64
  }
  func.return %s : f64
}
"""

TILED = "aos, tile 3"
TILED_REGION = (
    REGION.replace(
        "BEFORE_PUSH",
        "%room = tape.advance %r : !tape.region<[f64, i1], LAYOUT>",
    )
    .replace(
        "BEFORE_POP",
        "%ready = tape.retreat %r : !tape.region<[f64, i1], LAYOUT>",
    )
    .replace("LAYOUT", TILED)
)
PLAIN_REGION = REGION.replace("BEFORE_PUSH", "").replace("BEFORE_POP", "")

ARENA = """
func.func @f(%n: index, %x: f64) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c16 = arith.constant 16 : index
  %arena = tape.allocate_arena %n : !tape.arena<[f64, i1]>
  %end = scf.for %i = %c0 to %n step %c1 iter_args(%at = %c0) -> (index) {
    %k = arith.index_cast %i : index to i64
    %v = arith.sitofp %k : i64 to f64
    %p = arith.cmpf ogt, %v, %x : f64
    tape.store %v, %arena[%at] field 0 : !tape.arena<[f64, i1]>
    tape.store %p, %arena[%at] field 1 : !tape.arena<[f64, i1]>
    %next = arith.addi %at, %c16 : index
    scf.yield %next : index
  }
  ad.turn
  %s, %start = scf.for %i = %c0 to %n step %c1 iter_args(%a = %x, %at = %end)
      -> (f64, index) {
    %before = arith.subi %at, %c16 : index
    %p = tape.load %arena[%before] field 1 : !tape.arena<[f64, i1]>
    %v = tape.load %arena[%before] field 0 : !tape.arena<[f64, i1]>
    %t = arith.mulf %a, %v : f64
    %u = arith.select %p, %v, %t : f64
    scf.yield %u, %before : f64, index
  }
  func.return %s : f64
}
"""

RING = """
func.func @f(%n: index, %x: f64) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c16 = arith.constant 16 : index
  %start = arith.constant 64 : index
  %tile = arith.constant 48 : index
  %limit = arith.constant 112 : index
  %ring = spm.allocate %n : !RING
  %end, %elimit = scf.for %i = %c0 to %n step %c1 iter_args(%at0 = %start, %l0 = %limit)
      -> (index, index) {
    ADVANCE
    %k = arith.index_cast %i : index to i64
    %v = arith.sitofp %k : i64 to f64
    %p = arith.cmpf ogt, %v, %x : f64
    spm.store %v, %ring[%at] field 0 : !RING
    spm.store %p, %ring[%at] field 1 : !RING
    %next = arith.addi %at, %c16 : index
    scf.yield %next, %l : index, index
  }
  ad.turn
  %s, %sat, %sl = scf.for %i = %c0 to %n step %c1
      iter_args(%a = %x, %at0 = %end, %l0 = %elimit) -> (f64, index, index) {
    RETREAT
    %before = arith.subi %at, %c16 : index
    %v = spm.load %ring[%before] field 0 : !RING
    %p = spm.load %ring[%before] field 1 : !RING
    %t = arith.mulf %a, %v : f64
    %u = arith.select %p, %v, %t : f64
    scf.yield %u, %before, %l : f64, index, index
  }
  func.return %s : f64
}
"""

CURSOR = RING.replace(
    "ADVANCE", "%at, %l, %room = spm.advance %ring, %at0, %l0 : !RING"
).replace("RETREAT", "%at, %l, %ready = spm.retreat %ring, %at0, %l0 : !RING")
CURSORS = {
    slots: CURSOR.replace(
        "!RING", f"!spm.ring<[f64, i1], tile 3, slots {slots}, base 64>"
    )
    for slots in (1, 2, 3)
}

BLOCKING = (
    RING.replace(
        "ADVANCE",
        """%full = arith.cmpi eq, %at0, %l0 : index
    %at = scf.if %full -> (index) {
      spm.drain %ring, %start : !RING
      scf.yield %start : index
    } else {
      scf.yield %at0 : index
    }
    %l = arith.addi %l0, %c0 : index""",
    )
    .replace(
        "RETREAT",
        """%empty = arith.cmpi eq, %at0, %start : index
    %at = scf.if %empty -> (index) {
      spm.fill %ring, %start : !RING
      scf.yield %limit : index
    } else {
      scf.yield %at0 : index
    }
    %l = arith.addi %l0, %c0 : index""",
    )
    .replace("!RING", "!spm.ring<[f64, i1], tile 3, slots 1, base 64>")
)

STREAMED = (
    RING.replace(
        "ADVANCE",
        """%full = arith.cmpi eq, %at0, %l0 : index
    %at, %l = scf.if %full -> (index, index) {
      %now = arith.subi %l0, %tile : index
      stream.enqueue %ring, %now : !RING
      %is = arith.cmpi eq, %now, %start : index
      %other = arith.constant 128 : index
      %next = arith.select %is, %other, %start : index
      %slot = stream.acquire %ring, %next : !RING
      %last = arith.addi %slot, %tile : index
      scf.yield %slot, %last : index, index
    } else {
      scf.yield %at0, %l0 : index, index
    }""",
    )
    .replace(
        "RETREAT",
        """%first = arith.subi %l0, %tile : index
    %empty = arith.cmpi eq, %at0, %first : index
    %at, %l = scf.if %empty -> (index, index) {
      stream.prefetch %ring, %first : !RING
      %is = arith.cmpi eq, %first, %start : index
      %other = arith.constant 128 : index
      %next = arith.select %is, %other, %start : index
      %slot = stream.dequeue %ring, %next : !RING
      %last = arith.addi %slot, %tile : index
      scf.yield %last, %last : index, index
    } else {
      scf.yield %at0, %l0 : index, index
    }""",
    )
    .replace("%next = arith.addi %at, %c16", "%further = arith.addi %at, %c16")
    .replace("scf.yield %next, %l :", "scf.yield %further, %l :")
    .replace("!RING", "!spm.ring<[f64, i1], tile 3, slots 2, base 64>")
)


def _memory_arguments() -> list[object]:
    return [
        np.linspace(-1.0, 1.0, 6, dtype=np.float32),
        np.array([5, 0, 3, 3], np.int32),
        np.array([True, False, True, True]),
        4,
    ]


PROGRAMS = {
    "control": (CONTROL, lambda: [9, 0.7]),
    "no trips": (CONTROL, lambda: [0, 0.7]),
    **{
        f"{trips} swaps": (
            SWAPPED_BUFFERS,
            lambda trips=trips: [np.ones((2, 3)), np.full((2, 3), 0.25), trips],
        )
        for trips in range(4)
    },
    "calls": (CALLS, lambda: [np.zeros(3), 1.25]),
    "memory": (MEMORY, _memory_arguments),
    "arena": (ARENA, lambda: [7, 2.5]),
    "blocking": (BLOCKING, lambda: [10, 2.5]),
    "streamed": (STREAMED, lambda: [11, 2.5]),
}
"""Programs that run on the machine, with fresh arguments."""

ABSTRACT_PROGRAMS = {
    "stacks": (STACKS, lambda: [40, 0.3]),
    **{
        f"{layout} region": (
            PLAIN_REGION.replace("LAYOUT", layout),
            lambda: [30, 2.5],
        )
        for layout in ("soa", "aos")
    },
    "tiled region": (TILED_REGION, lambda: [10, 2.5]),
    **{
        f"cursor over {slots} slots": (text, lambda: [11, 2.5])
        for slots, text in CURSORS.items()
    },
}
"""Programs at levels that have no machine cost."""
