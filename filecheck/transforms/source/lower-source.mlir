// RUN: tapeflow-opt %s --split-input-file -p lower-source | filecheck %s

// All of them in one program.
func.func @all(%x: memref<?xf64>, %y: memref<?xf64>, %n: index, %k: index) -> f64 {
  linalg.copy ins(%x : memref<?xf64>) outs(%y : memref<?xf64>)
  %sum = affine.parallel (%i) = (0) to (%n) reduce ("addf") -> f64 {
    %v = affine.load %y[%i] : memref<?xf64>
    affine.yield %v : f64
  }
  %r = scf.execute_region -> f64 {
    %s = scf.index_switch %k -> f64
    case 1 {
      scf.yield %sum : f64
    }
    default {
      %t = arith.negf %sum : f64
      scf.yield %t : f64
    }
    scf.yield %s : f64
  }
  func.return %r : f64
}
// CHECK-LABEL: func.func @all(%x: memref<?xf64>, %y: memref<?xf64>, %n: index, %k: index) -> f64 {
// CHECK-NEXT:    %c0 = arith.constant 0 : index
// CHECK-NEXT:    %c1 = arith.constant 1 : index
// CHECK-NEXT:    %extent = memref.dim %x, %c0 : memref<?xf64>
// CHECK-NEXT:    scf.for %i = %c0 to %extent step %c1 {
// CHECK-NEXT:      %in = memref.load %x[%i] : memref<?xf64>
// CHECK-NEXT:      memref.store %in, %y[%i] : memref<?xf64>
// CHECK-NEXT:    }
// CHECK-NEXT:    %neutral = arith.constant 0.000000e+00 : f64
// CHECK-NEXT:    %sum = scf.for %i_1 = %c0 to %n step %c1 iter_args(%sum_1 = %neutral) -> (f64) {
// CHECK-NEXT:      %v = memref.load %y[%i_1] : memref<?xf64>
// CHECK-NEXT:      %reduced = arith.addf %sum_1, %v : f64
// CHECK-NEXT:      scf.yield %reduced : f64
// CHECK-NEXT:    }
// CHECK-NEXT:    %is1 = arith.cmpi eq, %k, %c1 : index
// CHECK-NEXT:    %s = scf.if %is1 -> (f64) {
// CHECK-NEXT:      scf.yield %sum : f64
// CHECK-NEXT:    } else {
// CHECK-NEXT:      %t = arith.negf %sum : f64
// CHECK-NEXT:      scf.yield %t : f64
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %s : f64

// -----

// A plain program stays as it is.
func.func @plain(%x: memref<4xf64>, %i: index) -> f64 {
  %v = memref.load %x[%i] : memref<4xf64>
  func.return %v : f64
}
// CHECK-LABEL: func.func @plain(%x: memref<4xf64>, %i: index) -> f64 {
// CHECK-NEXT:    %v = memref.load %x[%i] : memref<4xf64>
// CHECK-NEXT:    func.return %v : f64
