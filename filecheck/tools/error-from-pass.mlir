// RUN: not tapeflow-opt %s -p 'cse,differentiate' 2>&1 | filecheck %s
// RUN: tapeflow-opt %s -p 'cse,differentiate' --verify-diagnostics | filecheck %s --check-prefix=EXPECTED

func.func private @outside(f64) -> f64
func.func @f(%x: f64) -> f64 {
  %y = func.call @outside(%x) : (f64) -> f64
  func.return %y : f64
}
ad.gradient @f_grad of @f wrt [0]

// The short message has the place and the pass.

//     CHECK: error-from-pass.mlir:6:8: error: cannot differentiate @f{{.*}} (in pass 'differentiate')
// CHECK-NOT: Traceback

// EXPECTED: cannot differentiate @f
