// RUN: not tapeflow-opt %s 2>&1 | filecheck %s

func.func @f(%x: f64) -> f64 {
  func.return %x : f64
}
ad.gradient @g of @f wrt [99999999999999999999]
// CHECK: ad-beyond-64-bits.mlir:6:27: error: there is no number 99999999999999999999
