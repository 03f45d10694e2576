// RUN: not tapeflow-opt %s 2>&1 | filecheck %s
// RUN: tapeflow-opt %s --verify-diagnostics | filecheck %s --check-prefix=MODULE
// RUN: tapeflow-opt %s --disable-verify | filecheck %s --check-prefix=UNCHECKED

func.func @f(%x: f64) -> f64 {
  %y = arith.mulf %z, %x : f64
  %z = arith.mulf %x, %x : f64
  func.return %y : f64
}

// CHECK: dominance.mlir:6:8: error: 'arith.mulf': operand %z is used before its definition on line 7; define it earlier

// MODULE:      "arith.mulf"(%z, %x)
// MODULE-NEXT: ^^^^^^^^^^^^^^^^^
// MODULE-NEXT: | 'arith.mulf': operand %z is used before its definition

// UNCHECKED: %y = arith.mulf %z, %x : f64
