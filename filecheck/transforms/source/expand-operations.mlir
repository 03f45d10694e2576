// RUN: tapeflow-opt %s --split-input-file -p expand-operations | filecheck %s

// One angle, a class of floats, and a number moved into a range.
func.func @scalars(%x: f64) -> f64 {
  %s, %c = math.sincos %x : f64
  %n = math.isnan %x : f64
  %z = math.clampf %x to [%s, %c] : f64
  %y = arith.select %n, %s, %z : f64
  func.return %y : f64
}
// CHECK-LABEL: @scalars
// CHECK:         %s = math.sin %x : f64
// CHECK-NEXT:    %c = math.cos %x : f64
// CHECK-NEXT:    %n = arith.cmpf uno, %x, %x : f64
// CHECK-NEXT:    %below = arith.minimumf %x, %c : f64
// CHECK-NEXT:    %z = arith.maximumf %below, %s : f64

// -----

// Indices: another dialect's names, and the number of an element.
func.func @indices(%i: index, %j: index, %k: i32) -> (index, index, index) {
  %n = affine.linearize_index [%i, %j] by (3, 4) : index
  %p:2 = affine.delinearize_index %n into (3, 4) : index, index
  %q = index.castu %k : i32 to index
  %r = index.maxs %p#0, %q
  func.return %r, %p#1, %n : index, index, index
}
// CHECK-LABEL: @indices
// CHECK:         %index = arith.muli %i, %c4 : index
// CHECK-NEXT:    %index_1 = arith.addi %index, %j : index
// CHECK-NEXT:    %rest = arith.floordivsi %index_1, %c4 : index
// CHECK:         arith.extui %k : i32 to i64
// CHECK:         %r = arith.maxsi

// -----

// Iterations run one after the other, so an atomic update is a load and a store.
func.func @memory(%a: memref<8xf64>, %x: f64, %n: index) {
  scf.forall (%i) in (%n) {
    %o = memref.atomic_rmw addf %x, %a[%i] : (f64, memref<8xf64>) -> f64
    memref.prefetch %a[%i], read, locality<3>, data : memref<8xf64>
  }
  func.return
}
// CHECK-LABEL: @memory
// CHECK:         scf.parallel
// CHECK:           %old = memref.load %a[%i] : memref<8xf64>
// CHECK-NEXT:      %new = arith.addf %old, %x : f64
// CHECK-NEXT:      memref.store %new, %a[%i] : memref<8xf64>

// -----

func.func @square(%x: f64) -> f64 {
  %y = arith.mulf %x, %x : f64
  func.return %y : f64
}
func.func @called(%x: f64) -> f64 {
  %p = func.constant @square : (f64) -> f64
  %y = func.call_indirect %p(%x) : (f64) -> f64
  func.return %y : f64
}
// CHECK-LABEL: @called
// CHECK-NEXT:    %y = func.call @square(%x) : (f64) -> f64
