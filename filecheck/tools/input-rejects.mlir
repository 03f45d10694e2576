// RUN: not tapeflow-opt %t.missing 2>&1 | filecheck %s --check-prefix=MISSING
// RUN: not tapeflow-opt %S 2>&1 | filecheck %s --check-prefix=DIRECTORY
// RUN: not tapeflow-opt %s 2>&1 | filecheck %s
// RUN: not tapeflow-opt %s -o %t.none/out.mlir 2>&1 | filecheck %s --check-prefix=OUTPUT

func.func @f(%x: f64) -> f64 {
  %y = arith.frobnicate %x : f64
  func.return %y : f64
}

//      CHECK: input-rejects.mlir:7:8: error: unknown operation 'arith.frobnicate'
// CHECK-NEXT:   %y = arith.frobnicate %x : f64
// CHECK-NEXT:        ^^^^^^^^^^^^^^^^
//  CHECK-NOT: Traceback

// MISSING: missing: error: no such file

// DIRECTORY: error: this is a directory, not a file

// OUTPUT: tapeflow-opt: error: {{.*}}: there is no directory
