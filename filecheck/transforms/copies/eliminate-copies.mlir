// RUN: tapeflow-opt %s -p eliminate-copies | filecheck %s

// A transpose: what is read of it is read of the origin, and the buffer is gone.
// CHECK-LABEL: func.func @transpose
// CHECK-NOT:     memref.alloc
// CHECK:         scf.for %j
// CHECK:           scf.for %i
// CHECK-NEXT:        %b = memref.load %x[%i, %j] : memref<?x?xf64>
func.func @transpose(%x: memref<?x?xf64>, %y: memref<?x?xf64>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = memref.dim %x, %c0 : memref<?x?xf64>
  %m = memref.dim %x, %c1 : memref<?x?xf64>
  %t = memref.alloc(%m, %n) : memref<?x?xf64>
  scf.for %i = %c0 to %n step %c1 {
    scf.for %j = %c0 to %m step %c1 {
      %a = memref.load %x[%i, %j] : memref<?x?xf64>
      memref.store %a, %t[%j, %i] : memref<?x?xf64>
    }
  }
  scf.for %j = %c0 to %m step %c1 {
    scf.for %i = %c0 to %n step %c1 {
      %b = memref.load %t[%j, %i] : memref<?x?xf64>
      %d = arith.mulf %b, %b : f64
      memref.store %d, %y[%i, %j] : memref<?x?xf64>
    }
  }
  memref.dealloc %t : memref<?x?xf64>
  func.return
}

// A row of a matrix: the producer writes it there.
// CHECK-LABEL: func.func @row
// CHECK:         scf.for %i
// CHECK:           %[[SQUARE:.*]] = arith.mulf
// CHECK-NEXT:      memref.store %[[SQUARE]], %rows[%k, %i] : memref<3x8xf64>
// CHECK-NOT:     memref.load %row[
func.func @row(%x: memref<8xf64>, %y: memref<3x8xf64>, %k: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %row = memref.alloc() : memref<8xf64>
  %rows = memref.alloc() : memref<3x8xf64>
  scf.for %i = %c0 to %c8 step %c1 {
    %a = memref.load %x[%i] : memref<8xf64>
    %s = arith.mulf %a, %a : f64
    memref.store %s, %row[%i] : memref<8xf64>
  }
  scf.for %i = %c0 to %c8 step %c1 {
    %a = memref.load %row[%i] : memref<8xf64>
    memref.store %a, %rows[%k, %i] : memref<3x8xf64>
  }
  %b = memref.load %rows[%k, %c1] : memref<3x8xf64>
  memref.store %b, %y[%k, %c1] : memref<3x8xf64>
  func.return
}
