// RUN: tapeflow-opt %s --split-input-file -p lower-linalg-to-loops | filecheck %s

func.func @matmul(%a: memref<?x4xf64>, %b: memref<4x5xf64>, %c: memref<?x5xf64>) {
  %zero = arith.constant 0.0 : f64
  linalg.fill ins(%zero : f64) outs(%c : memref<?x5xf64>)
  linalg.matmul ins(%a, %b : memref<?x4xf64>, memref<4x5xf64>) outs(%c : memref<?x5xf64>)
  func.return
}
// CHECK-LABEL: func.func @matmul(%a: memref<?x4xf64>, %b: memref<4x5xf64>, %c: memref<?x5xf64>) {
// CHECK-NEXT:    %zero = arith.constant 0.000000e+00 : f64
// CHECK-NEXT:    %c0 = arith.constant 0 : index
// CHECK-NEXT:    %c5 = arith.constant 5 : index
// CHECK-NEXT:    %c1 = arith.constant 1 : index
// CHECK-NEXT:    %c4 = arith.constant 4 : index
// CHECK-NEXT:    %extent = memref.dim %c, %c0 : memref<?x5xf64>
// CHECK-NEXT:    scf.for %i = %c0 to %extent step %c1 {
// CHECK-NEXT:      scf.for %j = %c0 to %c5 step %c1 {
// CHECK-NEXT:        memref.store %zero, %c[%i, %j] : memref<?x5xf64>
// CHECK-NEXT:      }
// CHECK-NEXT:    }
// CHECK-NEXT:    %extent_1 = memref.dim %a, %c0 : memref<?x4xf64>
// CHECK-NEXT:    scf.for %i_1 = %c0 to %extent_1 step %c1 {
// CHECK-NEXT:      scf.for %j_1 = %c0 to %c5 step %c1 {
// CHECK-NEXT:        scf.for %k = %c0 to %c4 step %c1 {
// CHECK-NEXT:          %in = memref.load %a[%i_1, %k] : memref<?x4xf64>
// CHECK-NEXT:          %in_1 = memref.load %b[%k, %j_1] : memref<4x5xf64>
// CHECK-NEXT:          %out = memref.load %c[%i_1, %j_1] : memref<?x5xf64>
// CHECK-NEXT:          %value = arith.mulf %in, %in_1 : f64
// CHECK-NEXT:          %value_1 = arith.addf %value, %out : f64
// CHECK-NEXT:          memref.store %value_1, %c[%i_1, %j_1] : memref<?x5xf64>
// CHECK-NEXT:        }
// CHECK-NEXT:      }
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return

// -----

// Elements that the body does not read are not loaded; linalg.index is the index.
#window = affine_map<(d0, d1) -> (d0 + d1)>
#tap = affine_map<(d0, d1) -> (d1)>
#at = affine_map<(d0, d1) -> (d0)>
func.func @convolution(%x: memref<?xf64>, %k: memref<3xf64>, %y: memref<?xf64>, %scale: f64) {
  linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]} outs(%y : memref<?xf64>) {
  ^bb0(%out: f64):
    %i = linalg.index 0 : index
    %n = arith.index_cast %i : index to i64
    %v = arith.sitofp %n : i64 to f64
    linalg.yield %v : f64
  }
  linalg.generic {indexing_maps = [#window, #tap, affine_map<(d0, d1) -> ()>, #at], iterator_types = ["parallel", "reduction"]} ins(%x, %k, %scale : memref<?xf64>, memref<3xf64>, f64) outs(%y : memref<?xf64>) {
  ^bb0(%value: f64, %weight: f64, %factor: f64, %out: f64):
    %p = arith.mulf %value, %weight : f64
    %q = arith.mulf %p, %factor : f64
    %s = arith.addf %out, %q : f64
    linalg.yield %s : f64
  }
  func.return
}
// CHECK-LABEL: func.func @convolution(%x: memref<?xf64>, %k: memref<3xf64>, %y: memref<?xf64>, %scale: f64) {
// CHECK-NEXT:    %c0 = arith.constant 0 : index
// CHECK-NEXT:    %c1 = arith.constant 1 : index
// CHECK-NEXT:    %c3 = arith.constant 3 : index
// CHECK-NEXT:    %extent = memref.dim %y, %c0 : memref<?xf64>
// CHECK-NEXT:    scf.for %i = %c0 to %extent step %c1 {
// CHECK-NEXT:      %n = arith.index_cast %i : index to i64
// CHECK-NEXT:      %v = arith.sitofp %n : i64 to f64
// CHECK-NEXT:      memref.store %v, %y[%i] : memref<?xf64>
// CHECK-NEXT:    }
// CHECK-NEXT:    %extent_1 = memref.dim %y, %c0 : memref<?xf64>
// CHECK-NEXT:    scf.for %i_1 = %c0 to %extent_1 step %c1 {
// CHECK-NEXT:      scf.for %j = %c0 to %c3 step %c1 {
// CHECK-NEXT:        %index = arith.addi %i_1, %j : index
// CHECK-NEXT:        %value = memref.load %x[%index] : memref<?xf64>
// CHECK-NEXT:        %weight = memref.load %k[%j] : memref<3xf64>
// CHECK-NEXT:        %out = memref.load %y[%i_1] : memref<?xf64>
// CHECK-NEXT:        %p = arith.mulf %value, %weight : f64
// CHECK-NEXT:        %q = arith.mulf %p, %scale : f64
// CHECK-NEXT:        %s = arith.addf %out, %q : f64
// CHECK-NEXT:        memref.store %s, %y[%i_1] : memref<?xf64>
// CHECK-NEXT:      }
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return

// -----

func.func @shapes(%a: memref<2x3xf32>, %t: memref<3x2xf32>, %r: memref<3xf32>) {
  linalg.transpose ins(%a : memref<2x3xf32>) outs(%t : memref<3x2xf32>) permutation = [1, 0]
  linalg.reduce ins(%a : memref<2x3xf32>) outs(%r : memref<3xf32>) dimensions = [0]
    (%in: f32, %out: f32) {
      %s = arith.addf %out, %in : f32
      linalg.yield %s : f32
    }
  linalg.broadcast ins(%r : memref<3xf32>) outs(%a : memref<2x3xf32>) dimensions = [0]
  func.return
}
// CHECK-LABEL: func.func @shapes(%a: memref<2x3xf32>, %t: memref<3x2xf32>, %r: memref<3xf32>) {
// CHECK-NEXT:    %c3 = arith.constant 3 : index
// CHECK-NEXT:    %c2 = arith.constant 2 : index
// CHECK-NEXT:    %c0 = arith.constant 0 : index
// CHECK-NEXT:    %c1 = arith.constant 1 : index
// CHECK-NEXT:    scf.for %i = %c0 to %c3 step %c1 {
// CHECK-NEXT:      scf.for %j = %c0 to %c2 step %c1 {
// CHECK-NEXT:        %in = memref.load %a[%j, %i] : memref<2x3xf32>
// CHECK-NEXT:        memref.store %in, %t[%i, %j] : memref<3x2xf32>
// CHECK-NEXT:      }
// CHECK-NEXT:    }
// CHECK-NEXT:    scf.for %i_1 = %c0 to %c2 step %c1 {
// CHECK-NEXT:      scf.for %j_1 = %c0 to %c3 step %c1 {
// CHECK-NEXT:        %in_1 = memref.load %a[%i_1, %j_1] : memref<2x3xf32>
// CHECK-NEXT:        %out = memref.load %r[%j_1] : memref<3xf32>
// CHECK-NEXT:        %s = arith.addf %out, %in_1 : f32
// CHECK-NEXT:        memref.store %s, %r[%j_1] : memref<3xf32>
// CHECK-NEXT:      }
// CHECK-NEXT:    }
// CHECK-NEXT:    scf.for %i_2 = %c0 to %c2 step %c1 {
// CHECK-NEXT:      scf.for %j_2 = %c0 to %c3 step %c1 {
// CHECK-NEXT:        %in_2 = memref.load %r[%j_2] : memref<3xf32>
// CHECK-NEXT:        memref.store %in_2, %a[%i_2, %j_2] : memref<2x3xf32>
// CHECK-NEXT:      }
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return

// -----

// No loop around the one element of a buffer of rank 0.
func.func @scalar(%v: f64, %s: memref<f64>) {
  linalg.fill ins(%v : f64) outs(%s : memref<f64>)
  func.return
}
// CHECK-LABEL: func.func @scalar(%v: f64, %s: memref<f64>) {
// CHECK-NEXT:    memref.store %v, %s[] : memref<f64>
// CHECK-NEXT:    func.return

// -----

// A copy inside one buffer reads everything before it writes, which loops do not.
func.func @shift(%x: memref<6xf64>) {
  %lo = memref.subview %x[0] [5] [1] : memref<6xf64> to memref<5xf64, strided<[1]>>
  %hi = memref.subview %x[1] [5] [1] : memref<6xf64> to memref<5xf64, strided<[1], offset: 1>>
  linalg.copy ins(%lo : memref<5xf64, strided<[1]>>) outs(%hi : memref<5xf64, strided<[1], offset: 1>>)
  func.return
}
// CHECK-LABEL: func.func @shift
// CHECK:         "memref.copy"(%lo, %hi)
// CHECK-NOT:     scf.for
// CHECK:         func.return

// -----

// So does one whose buffers may be one where the function is called.
func.func @copied(%x: memref<6xf64>, %y: memref<6xf64>) {
  linalg.copy ins(%x : memref<6xf64>) outs(%y : memref<6xf64>)
  func.return
}
func.func @caller(%x: memref<6xf64>, %y: memref<6xf64>) {
  func.call @copied(%x, %x) : (memref<6xf64>, memref<6xf64>) -> ()
  linalg.copy ins(%x : memref<6xf64>) outs(%y : memref<6xf64>)
  func.return
}
// CHECK-LABEL: func.func @copied
// CHECK-NEXT:    "memref.copy"(%x, %y)
// CHECK-LABEL: func.func @caller
// CHECK:         scf.for
