// RUN: tapeflow-opt %s --split-input-file -p lower-parallel-to-for | filecheck %s

// The last index runs fastest; what is reduced is carried through all loops.
func.func @reductions(%x: memref<?x?xf64>, %n: index, %m: index) -> (f64, f64) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f64
  %one = arith.constant 1.0 : f64
  %sum, %product = scf.parallel (%i, %j) = (%c0, %c1) to (%n, %m) step (%c1, %c1) init (%zero, %one) -> (f64, f64) {
    %v = memref.load %x[%i, %j] : memref<?x?xf64>
    scf.reduce(%v, %v : f64, f64) {
    ^bb0(%l: f64, %r: f64):
      %s = arith.addf %l, %r : f64
      scf.reduce.return %s : f64
    }, {
    ^bb0(%l: f64, %r: f64):
      %p = arith.mulf %l, %r : f64
      scf.reduce.return %p : f64
    }
  }
  func.return %sum, %product : f64, f64
}
// CHECK-LABEL: func.func @reductions(%x: memref<?x?xf64>, %n: index, %m: index) -> (f64, f64) {
// CHECK-NEXT:    %c0 = arith.constant 0 : index
// CHECK-NEXT:    %c1 = arith.constant 1 : index
// CHECK-NEXT:    %zero = arith.constant 0.000000e+00 : f64
// CHECK-NEXT:    %one = arith.constant 1.000000e+00 : f64
// CHECK-NEXT:    %sum, %product = scf.for %i = %c0 to %n step %c1 iter_args(%sum_1 = %zero, %product_1 = %one) -> (f64, f64) {
// CHECK-NEXT:      %sum_2, %product_2 = scf.for %j = %c1 to %m step %c1 iter_args(%sum_3 = %sum_1, %product_3 = %product_1) -> (f64, f64) {
// CHECK-NEXT:        %v = memref.load %x[%i, %j] : memref<?x?xf64>
// CHECK-NEXT:        %s = arith.addf %sum_3, %v : f64
// CHECK-NEXT:        %p = arith.mulf %product_3, %v : f64
// CHECK-NEXT:        scf.yield %s, %p : f64, f64
// CHECK-NEXT:      }
// CHECK-NEXT:      scf.yield %sum_2, %product_2 : f64, f64
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %sum, %product : f64, f64

// -----

func.func @nested(%x: memref<?x?xf64>, %n: index, %v: f64) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.parallel (%i) = (%c0) to (%n) step (%c1) {
    scf.parallel (%j) = (%c0) to (%i) step (%c1) {
      memref.store %v, %x[%i, %j] : memref<?x?xf64>
    }
    scf.reduce
  }
  func.return
}
// CHECK-LABEL: func.func @nested(%x: memref<?x?xf64>, %n: index, %v: f64) {
// CHECK-NEXT:    %c0 = arith.constant 0 : index
// CHECK-NEXT:    %c1 = arith.constant 1 : index
// CHECK-NEXT:    scf.for %i = %c0 to %n step %c1 {
// CHECK-NEXT:      scf.for %j = %c0 to %i step %c1 {
// CHECK-NEXT:        memref.store %v, %x[%i, %j] : memref<?x?xf64>
// CHECK-NEXT:      }
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return
