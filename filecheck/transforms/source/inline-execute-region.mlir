// RUN: tapeflow-opt %s --split-input-file -p inline-execute-region | filecheck %s

func.func @nested(%x: f64, %m: memref<f64>) -> f64 {
  %y = scf.execute_region -> f64 {
    %v = arith.mulf %x, %x : f64
    %w = scf.execute_region -> f64 {
      %u = arith.addf %v, %x : f64
      scf.yield %u : f64
    }
    scf.yield %w : f64
  }
  scf.execute_region {
    memref.store %y, %m[] : memref<f64>
    scf.yield
  }
  func.return %y : f64
}
// CHECK-LABEL: func.func @nested(%x: f64, %m: memref<f64>) -> f64 {
// CHECK-NEXT:    %v = arith.mulf %x, %x : f64
// CHECK-NEXT:    %u = arith.addf %v, %x : f64
// CHECK-NEXT:    memref.store %u, %m[] : memref<f64>
// CHECK-NEXT:    func.return %u : f64

// -----

// Several basic blocks stay.
func.func @blocks(%x: f64) -> f64 {
  %y = scf.execute_region -> f64 {
    "cf.br"() [^bb1] : () -> ()
  ^bb1:
    scf.yield %x : f64
  }
  func.return %y : f64
}
// CHECK-LABEL: func.func @blocks(%x: f64) -> f64 {
// CHECK-NEXT:    %y = scf.execute_region -> (f64) {
// CHECK-NEXT:      cf.br ^bb1
// CHECK-NEXT:    ^bb1:
// CHECK-NEXT:      scf.yield %x : f64
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %y : f64
