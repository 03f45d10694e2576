// RUN: tapeflow-opt %s --split-input-file --verify-diagnostics | filecheck %s

func.func @f(%x: memref<?x?xf64>, %i: index) -> f64 {
  %a = address.load %x[%i] index %i : memref<?x?xf64>
  func.return %a : f64
}
// CHECK: expected one subscript for each dimension

// -----

func.func @f(%x: memref<?xf64>, %i: i64) {
  "address.point"(%x, %i) : (memref<?xf64>, i64) -> index
  func.return
}
// CHECK: operand 'element' at position 1 does not verify
