// RUN: tapeflow-opt %s --pass-pipeline='builtin.module(cse)' | filecheck %s
// RUN: tapeflow-opt %s --pass-pipeline=' builtin.module( func.func( cse , canonicalize ), dce ) ' | filecheck %s
// RUN: tapeflow-opt %s --pass-pipeline='cse,canonicalize' | filecheck %s
// RUN: tapeflow-opt %s -p 'cse, canonicalize' | filecheck %s
// RUN: tapeflow-opt %s -p 'builtin.module(func.func(cse))' | filecheck %s
// RUN: tapeflow-opt %s --pass-pipeline='builtin.module()' | filecheck %s --check-prefix=UNCHANGED

func.func @f(%x: f64) -> f64 {
  %y = arith.mulf %x, %x : f64
  %z = arith.mulf %x, %x : f64
  %r = arith.addf %y, %z : f64
  func.return %r : f64
}

// CHECK:       func.func @f(%x: f64) -> f64 {
// CHECK-NEXT:    %y = arith.mulf %x, %x : f64
// CHECK-NEXT:    %r = arith.addf %y, %y : f64
// CHECK-NEXT:    func.return %r : f64

// UNCHANGED:       %y = arith.mulf %x, %x : f64
// UNCHANGED-NEXT:  %z = arith.mulf %x, %x : f64
