// RUN: tapeflow-opt %s -p expose-addresses | filecheck %s

// The row leaves the loop over %j as a pointer, which the loop over %i carries; the
// column has a stride of its own, which the loop over %j carries. %j - 1 is %j and a
// displacement: the subtraction is there for the check.
// CHECK-LABEL: func.func @nest
// CHECK:         %extent = memref.dim %y, %c1 : memref<?x?xf64>
// CHECK:         %[[X:.*]] = address.point %x[%c0] : memref<?x?xf64>
// CHECK-NEXT:    scf.for %i = %c0 to %n step %c1 iter_args(%[[ROW:.*]] = %[[X]]) -> (index) {
// CHECK-NEXT:      arith.addi %[[ROW]], %extent_1 : index
// CHECK-NEXT:      %[[FIRST:.*]] = arith.addi %extent, %i : index
// CHECK-NEXT:      scf.for %j = %c1 to %extent_1 step %c1 iter_args(%[[COLUMN:.*]] = %[[FIRST]]) -> (index) {
// CHECK-NEXT:        arith.addi %[[COLUMN]], %extent : index
// CHECK-NEXT:        %j1 = arith.subi %j, %c1 : index
// CHECK-NEXT:        address.load %x[%i, %j1] at %[[ROW]] index %j plus -1 : memref<?x?xf64>
// CHECK-NEXT:        address.store %{{.*}}, %y[%j, %i] index %[[COLUMN]] : memref<?x?xf64>
func.func @nest(%x: memref<?x?xf64>, %y: memref<?x?xf64>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %m = memref.dim %x, %c1 : memref<?x?xf64>
  scf.for %i = %c0 to %n step %c1 {
    scf.for %j = %c1 to %m step %c1 {
      %j1 = arith.subi %j, %c1 : index
      %v = memref.load %x[%i, %j1] : memref<?x?xf64>
      memref.store %v, %y[%j, %i] : memref<?x?xf64>
    }
  }
  func.return
}

// A subscript that is the element's number is an address as it stands; constants of
// known extents are displacements.
// CHECK-LABEL: func.func @flat
// CHECK:         memref.load %x[%i] : memref<8xf64>
// CHECK-NEXT:    address.load %x[%i1] index %i plus 1 : memref<8xf64>
// CHECK-NEXT:    address.load %y[%c1, %c1] plus 5 : memref<3x4xf64>
func.func @flat(%x: memref<8xf64>, %y: memref<3x4xf64>, %i: index) -> f64 {
  %c1 = arith.constant 1 : index
  %i1 = arith.addi %i, %c1 : index
  %a = memref.load %x[%i] : memref<8xf64>
  %b = memref.load %x[%i1] : memref<8xf64>
  %c = memref.load %y[%c1, %c1] : memref<3x4xf64>
  %d = arith.addf %a, %b : f64
  %e = arith.addf %d, %c : f64
  func.return %e : f64
}

// What a branch may not run computes its addresses itself, from what is outside.
// CHECK-LABEL: func.func @branch
// CHECK:         %[[X:.*]] = address.point %x[%k] : memref<?x?xf64>
// CHECK:           scf.if %p {
// CHECK-NEXT:        %[[ROW:.*]] = arith.muli %i, %extent : index
// CHECK-NEXT:        address.load %x[%i, %k] at %[[X]] index %[[ROW]] : memref<?x?xf64>
func.func @branch(%x: memref<?x?xf64>, %n: index, %k: index, %p: i1) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %m = memref.dim %x, %c1 : memref<?x?xf64>
  scf.for %i = %c0 to %n step %c1 {
    scf.if %p {
      %v = memref.load %x[%i, %k] : memref<?x?xf64>
      memref.store %v, %x[%i, %c0] : memref<?x?xf64>
    }
  }
  func.return
}
