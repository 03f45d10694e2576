// RUN: tapeflow-opt %s -p 'cse,canonicalize,dce' --print-between-passes | filecheck %s
// RUN: tapeflow-opt %s -p 'cse,dce' --time-passes | filecheck %s --check-prefix=TIME
// RUN: tapeflow-opt %s -p 'cse,dce' --time-passes -o %t.mlir | filecheck %s --check-prefix=TIME
// RUN: filecheck %s --check-prefix=FILE --input-file %t.mlir

func.func @f(%x: f64) -> f64 {
  %y = arith.mulf %x, %x : f64
  func.return %y : f64
}

// CHECK: IR after cse:
// CHECK: func.func @f
// CHECK: IR after canonicalize:
// CHECK: func.func @f
// CHECK-NOT: IR after dce
// CHECK: func.func @f

// TIME: Pass cse took {{.*}} seconds
// TIME: Pass dce took {{.*}} seconds

// FILE-NOT: took
// FILE: func.func @f
