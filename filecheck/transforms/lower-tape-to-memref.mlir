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
// CHECK-NEXT:   %field = memref.alloc(%n) {tape.field} : memref<?xf64>
// CHECK-NEXT:   %field_1 = memref.alloc(%n) {tape.field} : memref<?xi8>
// CHECK-NEXT:   %top = scf.for %i = %c0 to %n step %c1 iter_args(%top_1 = %c0) -> (index) {
// CHECK-NEXT:     memref.store %a, %field[%top_1] : memref<?xf64>
// CHECK-NEXT:     %b_1 = arith.extui %b : i1 to i8
// CHECK-NEXT:     memref.store %b_1, %field_1[%top_1] : memref<?xi8>
// CHECK-NEXT:     %top_2 = arith.addi %top_1, %c1 : index
// CHECK-NEXT:     scf.yield %top_2 : index
// CHECK-NEXT:   }
// CHECK-NEXT:   %top_3 = scf.for %k = %c0 to %n step %c1 iter_args(%top_4 = %top) -> (index) {
// CHECK-NEXT:     %top_5 = arith.subi %top_4, %c1 : index
// CHECK-NEXT:     %x = memref.load %field[%top_5] : memref<?xf64>
// CHECK-NEXT:     %0 = memref.load %field_1[%top_5] : memref<?xi8>
// CHECK-NEXT:     %y = arith.trunci %0 : i8 to i1
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
// CHECK-NEXT:   %field = memref.alloc(%n) {tape.field} : memref<?xf64>
// CHECK-NEXT:   %r, %top = scf.while (%i = %c0, %top_1 = %c0) : (index, index) -> (index, index) {
// CHECK-NEXT:     %m = arith.cmpi slt, %i, %n : index
// CHECK-NEXT:     scf.condition(%m) %i, %top_1 : index, index
// CHECK-NEXT:   } do {
// CHECK-NEXT:   ^bb0(%i_1: index, %top_2: index):
// CHECK-NEXT:     memref.store %a, %field[%top_2] : memref<?xf64>
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
// CHECK-NEXT:     %field = memref.alloc(%n) {tape.field} : memref<?xf64>
// CHECK-NEXT:     memref.store %a, %field[%c0] : memref<?xf64>
// CHECK-NEXT:     %x = memref.load %field[%c0] : memref<?xf64>
// CHECK-NEXT:     "test.op"(%x) : (f64) -> ()
// CHECK-NEXT:     memref.dealloc %field : memref<?xf64>
// CHECK-NEXT:   }
