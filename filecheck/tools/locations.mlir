// RUN: tapeflow-opt %s --print-debuginfo | filecheck %s
// RUN: tapeflow-opt %s --print-debuginfo | tapeflow-opt --print-debuginfo | filecheck %s
// RUN: tapeflow-opt %s -p canonicalize --print-debuginfo | filecheck %s
// RUN: tapeflow-opt %s --print-op-generic --print-debuginfo | tapeflow-opt --print-debuginfo | filecheck %s

// An operation without a location gets its place in the file, as does the module.

func.func @f(%x: f64, %n: index) -> f64 {
  %r = scf.for %i = %n to %n step %n iter_args(%a = %x) -> (f64) {
    %y = arith.addf %a, %x : f64 loc("model.c":12:3)
    scf.yield %y : f64
  } loc(unknown)
  func.return %r : f64
}

// CHECK:       func.func @f
// CHECK:         %y = arith.addf %a, %x : f64 loc("model.c":12:3)
// CHECK-NEXT:    scf.yield %y : f64 loc("{{.*}}locations.mlir":11:5)
// CHECK-NEXT:  } loc(unknown)
// CHECK-NEXT:  func.return %r : f64 loc("{{.*}}locations.mlir":13:3)
// CHECK-NEXT: } loc("{{.*}}locations.mlir":8:1)
