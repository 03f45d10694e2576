// RUN: tapeflow-opt %s --split-input-file --verify-diagnostics --parsing-diagnostics | filecheck %s
// RUN: not tapeflow-opt %s --split-input-file 2>&1 | filecheck %s --check-prefix=STOP
// RUN: tapeflow-opt %s --split-input-file --verify-diagnostics --parsing-diagnostics --print-debuginfo | filecheck %s --check-prefix=LINES

func.func @first() {
  func.return
}

// CHECK-LABEL: func.func @first

// -----

func.func @second(%x: f64) {
  "arith.addf"(%x) : (f64) -> f64
  func.return
}

// CHECK: Expected 2 operands, but got 1
// CHECK: | Operation does not verify: Expected 2 operands, but got 1

// STOP:     func.func @first
// STOP:     split-input.mlir:14:3: error: 'arith.addf': Expected 2 operands, but got 1
// STOP-NOT: third

// -----

func.func @third() {
  func.return %nowhere : f64
}

// CHECK:      split-input.mlir:28:15: error: value %nowhere is not defined here
// CHECK-NEXT:   func.return %nowhere : f64
// CHECK-NEXT:               ^^^^^^^^

// -----

func.func @fourth() {
  func.return
}

// CHECK-LABEL: func.func @fourth
// LINES: func.return loc("{{.*}}split-input.mlir":38:3)
