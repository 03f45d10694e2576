// RUN: tapeflow-opt %s --split-input-file -p lower-tape-to-memref | filecheck %s

// Layout soa: an array a field, a record counter through every loop with a push or pop.
func.func @arrays(%n: index, %a: f64, %b: i1) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %s = tape.allocate %n : !tape.region<[f64, i1], soa>
  scf.for %i = %c0 to %n step %c1 {
    tape.push %s, %a, %b : !tape.region<[f64, i1], soa>
  }
  scf.for %k = %c0 to %n step %c1 {
    %x, %y = tape.pop %s : !tape.region<[f64, i1], soa>
    "test.op"(%x, %y) : (f64, i1) -> ()
  }
  func.return
}
// CHECK-LABEL: func.func @arrays(%n: index, %a: f64, %b: i1) {
// CHECK-NEXT:   %c0 = arith.constant 0 : index
// CHECK-NEXT:   %c1 = arith.constant 1 : index
// CHECK-NEXT:   tape.expect %n of 9 bytes
// CHECK-NEXT:   %field = memref.alloc(%n) : memref<?xf64>
// CHECK-NEXT:   %field_1 = memref.alloc(%n) : memref<?xi8>
// CHECK-NEXT:   %top = scf.for %i = %c0 to %n step %c1 iter_args(%top_1 = %c0) -> (index) {
// CHECK-NEXT:     memref.store %a, %field[%top_1] {tape.field} : memref<?xf64>
// CHECK-NEXT:     %b_1 = arith.extui %b {tape.field} : i1 to i8
// CHECK-NEXT:     memref.store %b_1, %field_1[%top_1] {tape.field} : memref<?xi8>
// CHECK-NEXT:     %top_2 = arith.addi %top_1, %c1 : index
// CHECK-NEXT:     scf.yield %top_2 : index
// CHECK-NEXT:   }
// CHECK-NEXT:   %top_3 = scf.for %k = %c0 to %n step %c1 iter_args(%top_4 = %top) -> (index) {
// CHECK-NEXT:     %top_5 = arith.subi %top_4, %c1 : index
// CHECK-NEXT:     %x = memref.load %field[%top_5] {tape.field} : memref<?xf64>
// CHECK-NEXT:     %0 = memref.load %field_1[%top_5] {tape.field} : memref<?xi8>
// CHECK-NEXT:     %y = arith.trunci %0 {tape.field} : i8 to i1
// CHECK-NEXT:     "test.op"(%x, %y) : (f64, i1) -> ()
// CHECK-NEXT:     scf.yield %top_5 : index
// CHECK-NEXT:   }
// CHECK-NEXT:   memref.dealloc %field : memref<?xf64>
// CHECK-NEXT:   memref.dealloc %field_1 : memref<?xi8>

// -----

// Layout aos: one arena, its register counts bytes.
func.func @arena(%n: index, %a: f64, %b: i1) {
  %s = tape.allocate %n : !tape.region<[f64, i1], aos>
  tape.push %s, %a, %b : !tape.region<[f64, i1], aos>
  %x, %y = tape.pop %s : !tape.region<[f64, i1], aos>
  "test.op"(%x, %y) : (f64, i1) -> ()
  func.return
}
// CHECK-LABEL: func.func @arena(%n: index, %a: f64, %b: i1) {
// CHECK-NEXT:   %c0 = arith.constant 0 : index
// CHECK-NEXT:   %c16 = arith.constant 16 : index
// CHECK-NEXT:   %s = tape.allocate_arena %n : !tape.arena<[f64, i1]>
// CHECK-NEXT:   tape.store %a, %s[%c0] field 0 : !tape.arena<[f64, i1]>
// CHECK-NEXT:   tape.store %b, %s[%c0] field 1 : !tape.arena<[f64, i1]>
// CHECK-NEXT:   %x = tape.load %s[%c0] field 0 : !tape.arena<[f64, i1]>
// CHECK-NEXT:   %y = tape.load %s[%c0] field 1 : !tape.arena<[f64, i1]>
// CHECK-NEXT:   "test.op"(%x, %y) : (f64, i1) -> ()
// CHECK-NEXT:   tape.deallocate_arena %s : !tape.arena<[f64, i1]>

// -----

// The register passes through branches; the other branch hands it on.
func.func @branch(%n: index, %p: i1, %a: f64) -> f64 {
  %s = tape.allocate %n : !tape.region<[f64], aos>
  %r = scf.if %p -> (f64) {
    tape.push %s, %a : !tape.region<[f64], aos>
    scf.yield %a : f64
  } else {
    scf.yield %a : f64
  }
  scf.if %p {
    %x = tape.pop %s : !tape.region<[f64], aos>
    "test.op"(%x) : (f64) -> ()
  }
  func.return %r : f64
}
// CHECK-LABEL: func.func @branch(%n: index, %p: i1, %a: f64) -> f64 {
// CHECK-NEXT:   %c0 = arith.constant 0 : index
// CHECK-NEXT:   %c8 = arith.constant 8 : index
// CHECK-NEXT:   %s = tape.allocate_arena %n : !tape.arena<[f64]>
// CHECK-NEXT:   %r, %top = scf.if %p -> (f64, index) {
// CHECK-NEXT:     tape.store %a, %s[%c0] field 0 : !tape.arena<[f64]>
// CHECK-NEXT:     scf.yield %a, %c8 : f64, index
// CHECK-NEXT:   } else {
// CHECK-NEXT:     scf.yield %a, %c0 : f64, index
// CHECK-NEXT:   }
// CHECK-NEXT:   %top_1 = scf.if %p -> (index) {
// CHECK-NEXT:     %top_2 = arith.subi %top, %c8 : index
// CHECK-NEXT:     %x = tape.load %s[%top_2] field 0 : !tape.arena<[f64]>
// CHECK-NEXT:     "test.op"(%x) : (f64) -> ()
// CHECK-NEXT:     scf.yield %top_2 : index
// CHECK-NEXT:   } else {
// CHECK-NEXT:     scf.yield %top : index
// CHECK-NEXT:   }
// CHECK-NEXT:   tape.deallocate_arena %s : !tape.arena<[f64]>
// CHECK-NEXT:   func.return %r : f64

// -----

func.func @while(%n: index, %a: f64) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %s = tape.allocate %n : !tape.region<[f64], soa>
  %r = scf.while (%i = %c0) : (index) -> index {
    %m = arith.cmpi slt, %i, %n : index
    scf.condition(%m) %i : index
  } do {
  ^bb0(%i: index):
    tape.push %s, %a : !tape.region<[f64], soa>
    %next = arith.addi %i, %c1 : index
    scf.yield %next : index
  }
  func.return
}
// CHECK-LABEL: func.func @while(%n: index, %a: f64) {
// CHECK-NEXT:   %c0 = arith.constant 0 : index
// CHECK-NEXT:   %c1 = arith.constant 1 : index
// CHECK-NEXT:   %field = memref.alloc(%n) : memref<?xf64>
// CHECK-NEXT:   %r, %top = scf.while (%i = %c0, %top_1 = %c0) : (index, index) -> (index, index) {
// CHECK-NEXT:     %m = arith.cmpi slt, %i, %n : index
// CHECK-NEXT:     scf.condition(%m) %i, %top_1 : index, index
// CHECK-NEXT:   } do {
// CHECK-NEXT:   ^bb0(%i_1: index, %top_2: index):
// CHECK-NEXT:     memref.store %a, %field[%top_2] {tape.field} : memref<?xf64>
// CHECK-NEXT:     %top_3 = arith.addi %top_2, %c1 : index
// CHECK-NEXT:     %next = arith.addi %i_1, %c1 : index
// CHECK-NEXT:     scf.yield %next, %top_3 : index, index
// CHECK-NEXT:   }
// CHECK-NEXT:   memref.dealloc %field : memref<?xf64>

// -----

// A loop carries only what moves inside it.
func.func @several(%n: index, %a: f64) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %s = tape.allocate %n : !tape.region<[f64], aos>
  %t = tape.allocate %n : !tape.region<[f64], aos>
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%sum = %a) -> (f64) {
    tape.push %s, %a : !tape.region<[f64], aos>
    scf.for %j = %c0 to %n step %c1 {
      tape.push %t, %a : !tape.region<[f64], aos>
    }
    scf.for %j = %c0 to %n step %c1 {
      "test.op"() : () -> ()
    }
    scf.yield %a : f64
  }
  func.return
}
// CHECK-LABEL: func.func @several(%n: index, %a: f64) {
// CHECK-NEXT:   %c0 = arith.constant 0 : index
// CHECK-NEXT:   %c1 = arith.constant 1 : index
// CHECK-NEXT:   %c8 = arith.constant 8 : index
// CHECK-NEXT:   %s = tape.allocate_arena %n : !tape.arena<[f64]>
// CHECK-NEXT:   %t = tape.allocate_arena %n : !tape.arena<[f64]>
// CHECK-NEXT:   %r, %top, %top_1 = scf.for %i = %c0 to %n step %c1 iter_args(%sum = %a, %top_2 = %c0, %top_3 = %c0) -> (f64, index, index) {
// CHECK-NEXT:     tape.store %a, %s[%top_2] field 0 : !tape.arena<[f64]>
// CHECK-NEXT:     %top_4 = arith.addi %top_2, %c8 : index
// CHECK-NEXT:     %top_5 = scf.for %j = %c0 to %n step %c1 iter_args(%top_6 = %top_3) -> (index) {
// CHECK-NEXT:       tape.store %a, %t[%top_6] field 0 : !tape.arena<[f64]>
// CHECK-NEXT:       %top_7 = arith.addi %top_6, %c8 : index
// CHECK-NEXT:       scf.yield %top_7 : index
// CHECK-NEXT:     }
// CHECK-NEXT:     scf.for %j_1 = %c0 to %n step %c1 {
// CHECK-NEXT:       "test.op"() : () -> ()
// CHECK-NEXT:     }
// CHECK-NEXT:     scf.yield %a, %top_4, %top_5 : f64, index, index
// CHECK-NEXT:   }
// CHECK-NEXT:   tape.deallocate_arena %s : !tape.arena<[f64]>
// CHECK-NEXT:   tape.deallocate_arena %t : !tape.arena<[f64]>

// -----

// A tape that lives in one iteration only.
func.func @local(%n: index, %a: f64) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    %s = tape.allocate %n : !tape.region<[f64], soa>
    tape.push %s, %a : !tape.region<[f64], soa>
    %x = tape.pop %s : !tape.region<[f64], soa>
    "test.op"(%x) : (f64) -> ()
  }
  func.return
}
// CHECK-LABEL: func.func @local(%n: index, %a: f64) {
// CHECK-NEXT:   %c0 = arith.constant 0 : index
// CHECK-NEXT:   %c1 = arith.constant 1 : index
// CHECK-NEXT:   scf.for %i = %c0 to %n step %c1 {
// CHECK-NEXT:     %field = memref.alloc(%n) : memref<?xf64>
// CHECK-NEXT:     memref.store %a, %field[%c0] {tape.field} : memref<?xf64>
// CHECK-NEXT:     %x = memref.load %field[%c0] {tape.field} : memref<?xf64>
// CHECK-NEXT:     "test.op"(%x) : (f64) -> ()
// CHECK-NEXT:     memref.dealloc %field : memref<?xf64>
// CHECK-NEXT:   }

// -----

// A growing region: before the push, twice the memory if it is used up; the memory
// passes through the loop with the place of the next record.
func.func @grow(%n: index, %a: f64) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %s = tape.allocate %c8 growing : !tape.region<[f64], soa>
  %r = scf.while (%i = %c0) : (index) -> index {
    %m = arith.cmpi slt, %i, %n : index
    tape.push %s, %a : !tape.region<[f64], soa>
    scf.condition(%m) %i : index
  } do {
  ^bb0(%i: index):
    %next = arith.addi %i, %c1 : index
    scf.yield %next : index
  }
  %x = tape.pop %s : !tape.region<[f64], soa>
  func.return %x : f64
}
// CHECK-LABEL: func.func @grow(%n: index, %a: f64) -> f64 {
// CHECK-NEXT:   %c0 = arith.constant 0 : index
// CHECK-NEXT:   %c1 = arith.constant 1 : index
// CHECK-NEXT:   %c8 = arith.constant 8 : index
// CHECK-NEXT:   %field = memref.alloc(%c8) : memref<?xf64>
// CHECK-NEXT:   %r, %limit, %field_1, %top = scf.while (%i = %c0, %limit_1 = %c8, %field_2 = %field, %top_1 = %c0) : (index, index, memref<?xf64>, index) -> (index, index, memref<?xf64>, index) {
// CHECK-NEXT:     %m = arith.cmpi slt, %i, %n : index
// CHECK-NEXT:     %full = arith.cmpi eq, %top_1, %limit_1 : index
// CHECK-NEXT:     %limit_2, %field_3 = scf.if %full -> (index, memref<?xf64>) {
// CHECK-NEXT:       %limit_3 = arith.addi %limit_1, %limit_1 : index
// CHECK-NEXT:       %field_4 = memref.alloc(%limit_3) : memref<?xf64>
// CHECK-NEXT:       scf.for %place = %c0 to %top_1 step %c1 {
// CHECK-NEXT:         %moved = memref.load %field_2[%place] {tape.moved} : memref<?xf64>
// CHECK-NEXT:         memref.store %moved, %field_4[%place] {tape.moved} : memref<?xf64>
// CHECK-NEXT:       }
// CHECK-NEXT:       memref.dealloc %field_2 : memref<?xf64>
// CHECK-NEXT:       scf.yield %limit_3, %field_4 : index, memref<?xf64>
// CHECK-NEXT:     } else {
// CHECK-NEXT:       scf.yield %limit_1, %field_2 : index, memref<?xf64>
// CHECK-NEXT:     }
// CHECK-NEXT:     memref.store %a, %field_3[%top_1] {tape.field} : memref<?xf64>
// CHECK-NEXT:     %top_2 = arith.addi %top_1, %c1 : index
// CHECK-NEXT:     scf.condition(%m) %i, %limit_2, %field_3, %top_2 : index, index, memref<?xf64>, index
// CHECK-NEXT:   } do {
// CHECK-NEXT:   ^bb0(%i_1: index, %limit_4: index, %field_5: memref<?xf64>, %top_3: index):
// CHECK-NEXT:     %next = arith.addi %i_1, %c1 : index
// CHECK-NEXT:     scf.yield %next, %limit_4, %field_5, %top_3 : index, index, memref<?xf64>, index
// CHECK-NEXT:   }
// CHECK-NEXT:   %top_4 = arith.subi %top, %c1 : index
// CHECK-NEXT:   %x = memref.load %field_1[%top_4] {tape.field} : memref<?xf64>
// CHECK-NEXT:   memref.dealloc %field_1 : memref<?xf64>
// CHECK-NEXT:   func.return %x : f64

// -----

// In front of a nest of loops whose count is known there, room for all of it; two
// fields, one arena. A first capacity of nothing holds one record.
func.func @reserve(%n: index, %m: index, %p: i1, %a: f64, %b: i8) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %s = tape.allocate %c0 growing : !tape.region<[f64, i8], aos>
  scf.while () : () -> () {
    scf.condition(%p)
  } do {
    scf.for %i = %c0 to %n step %c1 {
      scf.for %j = %c0 to %m step %c1 {
        tape.push %s, %a, %b : !tape.region<[f64, i8], aos>
      }
    }
    scf.yield
  }
  func.return
}
// CHECK-LABEL: func.func @reserve(%n: index, %m: index, %p: i1, %a: f64, %b: i8) {
// CHECK-NEXT:   %c0 = arith.constant 0 : index
// CHECK-NEXT:   %c1 = arith.constant 1 : index
// CHECK-NEXT:   %c16 = arith.constant 16 : index
// CHECK-NEXT:   %c4 = arith.constant 4 : index
// CHECK-NEXT:   %s = tape.allocate_arena %c1 : !tape.arena<[f64, i8]>
// CHECK-NEXT:   %limit, %s_1, %top = scf.while (%limit_1 = %c16, %s_2 = %s, %top_1 = %c0) : (index, !tape.arena<[f64, i8]>, index) -> (index, !tape.arena<[f64, i8]>, index) {
// CHECK-NEXT:     scf.condition(%p) %limit_1, %s_2, %top_1 : index, !tape.arena<[f64, i8]>, index
// CHECK-NEXT:   } do {
// CHECK-NEXT:   ^bb0(%limit_2: index, %s_3: !tape.arena<[f64, i8]>, %top_2: index):
// CHECK-NEXT:     %trips = arith.maxsi %n, %c0 : index
// CHECK-NEXT:     %trips_1 = arith.maxsi %m, %c0 : index
// CHECK-NEXT:     %pushes = arith.muli %trips, %trips_1 {tape.size} : index
// CHECK-NEXT:     %span = arith.muli %pushes, %c16 {tape.size} : index
// CHECK-NEXT:     %needed = arith.addi %top_2, %span {tape.size} : index
// CHECK-NEXT:     %short = arith.cmpi sgt, %needed, %limit_2 : index
// CHECK-NEXT:     %limit_3, %s_4 = scf.if %short -> (index, !tape.arena<[f64, i8]>) {
// CHECK-NEXT:       %limit_4 = arith.addi %limit_2, %limit_2 : index
// CHECK-NEXT:       %limit_5 = arith.maxsi %limit_4, %needed : index
// CHECK-NEXT:       %capacity = arith.shrui %limit_5, %c4 : index
// CHECK-NEXT:       %s_5 = tape.allocate_arena %capacity : !tape.arena<[f64, i8]>
// CHECK-NEXT:       scf.for %place = %c0 to %top_2 step %c16 {
// CHECK-NEXT:         %moved = tape.load %s_3[%place] field 0 {tape.moved} : !tape.arena<[f64, i8]>
// CHECK-NEXT:         tape.store %moved, %s_5[%place] field 0 {tape.moved} : !tape.arena<[f64, i8]>
// CHECK-NEXT:         %moved_1 = tape.load %s_3[%place] field 1 {tape.moved} : !tape.arena<[f64, i8]>
// CHECK-NEXT:         tape.store %moved_1, %s_5[%place] field 1 {tape.moved} : !tape.arena<[f64, i8]>
// CHECK-NEXT:       }
// CHECK-NEXT:       tape.deallocate_arena %s_3 : !tape.arena<[f64, i8]>
// CHECK-NEXT:       scf.yield %limit_5, %s_5 : index, !tape.arena<[f64, i8]>
// CHECK-NEXT:     } else {
// CHECK-NEXT:       scf.yield %limit_2, %s_3 : index, !tape.arena<[f64, i8]>
// CHECK-NEXT:     }
// CHECK-NEXT:     %top_3 = scf.for %i = %c0 to %n step %c1 iter_args(%top_4 = %top_2) -> (index) {
// CHECK-NEXT:       %top_5 = scf.for %j = %c0 to %m step %c1 iter_args(%top_6 = %top_4) -> (index) {
// CHECK-NEXT:         tape.store %a, %s_4[%top_6] field 0 : !tape.arena<[f64, i8]>
// CHECK-NEXT:         tape.store %b, %s_4[%top_6] field 1 : !tape.arena<[f64, i8]>
// CHECK-NEXT:         %top_7 = arith.addi %top_6, %c16 : index
// CHECK-NEXT:         scf.yield %top_7 : index
// CHECK-NEXT:       }
// CHECK-NEXT:       scf.yield %top_5 : index
// CHECK-NEXT:     }
// CHECK-NEXT:     scf.yield %limit_3, %s_4, %top_3 : index, !tape.arena<[f64, i8]>, index
// CHECK-NEXT:   }
// CHECK-NEXT:   tape.deallocate_arena %s_1 : !tape.arena<[f64, i8]>

// -----

// In a branch room is made in the branch; a region with a capacity pays no test.
func.func @untaken(%n: index, %p: i1, %a: f64) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %s = tape.allocate %c4 growing : !tape.region<[f64], soa>
  %t = tape.allocate %n : !tape.region<[f64], soa>
  tape.reserve %t, %n : !tape.region<[f64], soa>
  scf.for %i = %c0 to %n step %c1 {
    tape.push %t, %a : !tape.region<[f64], soa>
    scf.if %p {
      tape.push %s, %a : !tape.region<[f64], soa>
    }
  }
  func.return
}
// CHECK-LABEL: func.func @untaken(%n: index, %p: i1, %a: f64) {
// CHECK-NEXT:   %c0 = arith.constant 0 : index
// CHECK-NEXT:   %c1 = arith.constant 1 : index
// CHECK-NEXT:   %c4 = arith.constant 4 : index
// CHECK-NEXT:   %field = memref.alloc(%c4) : memref<?xf64>
// CHECK-NEXT:   %field_1 = memref.alloc(%n) : memref<?xf64>
// CHECK-NEXT:   %top, %limit, %field_2, %top_1 = scf.for %i = %c0 to %n step %c1 iter_args(%top_2 = %c0, %limit_1 = %c4, %field_3 = %field, %top_3 = %c0) -> (index, index, memref<?xf64>, index) {
// CHECK-NEXT:     memref.store %a, %field_1[%top_2] {tape.field} : memref<?xf64>
// CHECK-NEXT:     %top_4 = arith.addi %top_2, %c1 : index
// CHECK-NEXT:     %limit_2, %field_4, %top_5 = scf.if %p -> (index, memref<?xf64>, index) {
// CHECK-NEXT:       %full = arith.cmpi eq, %top_3, %limit_1 : index
// CHECK-NEXT:       %limit_3, %field_5 = scf.if %full -> (index, memref<?xf64>) {
// CHECK-NEXT:         %limit_4 = arith.addi %limit_1, %limit_1 : index
// CHECK-NEXT:         %field_6 = memref.alloc(%limit_4) : memref<?xf64>
// CHECK-NEXT:         scf.for %place = %c0 to %top_3 step %c1 {
// CHECK-NEXT:           %moved = memref.load %field_3[%place] {tape.moved} : memref<?xf64>
// CHECK-NEXT:           memref.store %moved, %field_6[%place] {tape.moved} : memref<?xf64>
// CHECK-NEXT:         }
// CHECK-NEXT:         memref.dealloc %field_3 : memref<?xf64>
// CHECK-NEXT:         scf.yield %limit_4, %field_6 : index, memref<?xf64>
// CHECK-NEXT:       } else {
// CHECK-NEXT:         scf.yield %limit_1, %field_3 : index, memref<?xf64>
// CHECK-NEXT:       }
// CHECK-NEXT:       memref.store %a, %field_5[%top_3] {tape.field} : memref<?xf64>
// CHECK-NEXT:       %top_6 = arith.addi %top_3, %c1 : index
// CHECK-NEXT:       scf.yield %limit_3, %field_5, %top_6 : index, memref<?xf64>, index
// CHECK-NEXT:     } else {
// CHECK-NEXT:       scf.yield %limit_1, %field_3, %top_3 : index, memref<?xf64>, index
// CHECK-NEXT:     }
// CHECK-NEXT:     scf.yield %top_4, %limit_2, %field_4, %top_5 : index, index, memref<?xf64>, index
// CHECK-NEXT:   }
// CHECK-NEXT:   memref.dealloc %field_2 : memref<?xf64>
// CHECK-NEXT:   memref.dealloc %field_1 : memref<?xf64>

// -----

// Layout padded-soa: the arrays of a function are numbered, whatever their region.
func.func @padded(%n: index, %a: f64, %b: i1) {
  %s = tape.allocate %n : !tape.region<[f64, i1], padded-soa>
  %t = tape.allocate %n : !tape.region<[f64], padded-soa>
  tape.push %s, %a, %b : !tape.region<[f64, i1], padded-soa>
  tape.push %t, %a : !tape.region<[f64], padded-soa>
  func.return
}
// CHECK-LABEL: func.func @padded
// CHECK:        memref.alloc(%n) {tape.skew = 1 : i64} : memref<?xf64>
// CHECK-NEXT:   memref.alloc(%n) {tape.skew = 2 : i64} : memref<?xi8>
// CHECK-NEXT:   memref.alloc(%n) {tape.skew = 3 : i64} : memref<?xf64>
// CHECK-NEXT:   memref.store %a

// -----

// A growing array keeps its number.
func.func @padded_growing(%n: index, %a: f64) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %s = tape.allocate %c8 growing : !tape.region<[f64], padded-soa>
  scf.for %i = %c0 to %n step %c1 {
    tape.push %s, %a : !tape.region<[f64], padded-soa>
  }
  func.return
}
// CHECK-LABEL: func.func @padded_growing
// CHECK:        memref.alloc(%c8) {tape.skew = 1 : i64} : memref<?xf64>
// CHECK:        scf.if
// CHECK:          memref.alloc(%{{.*}}) {tape.skew = 1 : i64} : memref<?xf64>

// -----

// What is cut into tiles is not for the cache.
func.func @tiles(%n: index, %a: f64) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %s = tape.allocate %n growing : !tape.region<[f64], aos, tile 8>
  %t = tape.allocate %n : !tape.region<[f64], soa>
  scf.for %i = %c0 to %n step %c1 {
    %room = tape.advance %s : !tape.region<[f64], aos, tile 8>
    tape.push %s, %a : !tape.region<[f64], aos, tile 8>
    tape.push %t, %a : !tape.region<[f64], soa>
  }
  func.return
}
// CHECK-LABEL: func.func @tiles
// CHECK:        %s = tape.allocate %n growing : !tape.region<[f64], aos, tile 8>
// CHECK-NEXT:   %field = memref.alloc(%n) : memref<?xf64>
// CHECK-NEXT:   %top = scf.for %i = %c0 to %n step %c1 iter_args(%top_1 = %c0) -> (index) {
// CHECK-NEXT:     %room = tape.advance %s : !tape.region<[f64], aos, tile 8>
// CHECK-NEXT:     tape.push %s, %a : !tape.region<[f64], aos, tile 8>
// CHECK-NEXT:     memref.store %a, %field[%top_1] {tape.field} : memref<?xf64>

// -----

// Layout aosoa: an arena of blocks; fields of one width share an address.
func.func @blocks(%n: index, %a: f64, %b: f32) {
  %t = tape.allocate %n : !tape.region<[f64, f64, f32], aosoa 4>
  tape.push %t, %a, %a, %b : !tape.region<[f64, f64, f32], aosoa 4>
  %x, %y, %z = tape.pop %t : !tape.region<[f64, f64, f32], aosoa 4>
  "test.op"(%x, %y, %z) : (f64, f64, f32) -> ()
  func.return
}
// CHECK-LABEL: func.func @blocks
// CHECK:         %t = tape.allocate_arena %n : !tape.arena<[f64, f64, f32], block 4>
// CHECK-NEXT:    tape.store %a, %t[%c0] field 0 : !tape.arena<[f64, f64, f32], block 4>
// CHECK-NEXT:    tape.store %a, %t[%c0] field 1 : !tape.arena<[f64, f64, f32], block 4>
// CHECK-NEXT:    tape.store %b, %t[%c0] field 2 : !tape.arena<[f64, f64, f32], block 4>

// -----

func.func @block_addresses(%n: index, %a: f64, %b: f32) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %t = tape.allocate %n : !tape.region<[f64, f64, f32], aosoa 4>
  scf.for %i = %c0 to %n step %c1 {
    tape.push %t, %a, %a, %b : !tape.region<[f64, f64, f32], aosoa 4>
  }
  func.return
}
// CHECK-LABEL: func.func @block_addresses
// CHECK:         scf.for %i = %c0 to %n step %c1 iter_args(%top_1 = %c0) -> (index) {
// CHECK-NEXT:      %block = arith.shrui %top_1, %c5 : index
// CHECK-NEXT:      %skipped = arith.muli %block, %c48 : index
// CHECK-NEXT:      %address = arith.addi %top_1, %skipped : index
// CHECK-NEXT:      %before = arith.shrui %top_1, %c1 : index
// CHECK-NEXT:      %skipped_1 = arith.muli %block, %c64 : index
// CHECK-NEXT:      %address_1 = arith.addi %before, %skipped_1 : index
// CHECK-NEXT:      tape.store %a, %t[%address] field 0 : !tape.arena<[f64, f64, f32], block 4>
// CHECK-NEXT:      tape.store %a, %t[%address] field 1 : !tape.arena<[f64, f64, f32], block 4>
// CHECK-NEXT:      tape.store %b, %t[%address_1] field 2 : !tape.arena<[f64, f64, f32], block 4>
// CHECK-NEXT:      %top_2 = arith.addi %top_1, %c8 : index
