// RUN: tapeflow-opt %s -p 'simplify-adjoints,canonicalize' --split-input-file | filecheck %s

// CHECK-LABEL: @factors
// CHECK-NEXT:    func.return %x, %x, %x, %x
func.func @factors(%x: f64) -> (f64, f64, f64, f64) {
  %one = arith.constant 1.0 : f64
  %a = arith.mulf %x, %one : f64
  %b = arith.mulf %one, %x : f64
  %c = arith.divf %x, %one : f64
  %d = arith.negf %x : f64
  %e = arith.negf %d : f64
  func.return %a, %b, %c, %e : f64, f64, f64, f64
}

// -----

// CHECK-LABEL: @negation
// CHECK-NEXT:    %z = arith.subf %x, %y : f64
// CHECK-NEXT:    func.return %z : f64
func.func @negation(%x: f64, %y: f64) -> f64 {
  %n = arith.negf %y : f64
  %z = arith.addf %x, %n : f64
  func.return %z : f64
}

// -----

// Not the same for -0.0, NaN and infinities.
// CHECK-LABEL: @kept
// CHECK:         arith.addf %x, %zero
// CHECK:         arith.mulf %x, %zero
func.func @kept(%x: f64) -> (f64, f64) {
  %zero = arith.constant 0.0 : f64
  %a = arith.addf %x, %zero : f64
  %b = arith.mulf %x, %zero : f64
  func.return %a, %b : f64, f64
}

// -----

// CHECK-LABEL: @invariant
// CHECK:         %{{.*}} = scf.for %i = %{{.*}} iter_args(%s = %x) -> (f64) {
// CHECK-NEXT:      %t = arith.addf %s, %y : f64
// CHECK-NEXT:      scf.yield %t : f64
// CHECK:         func.return %{{.*}}, %y : f64, f64
func.func @invariant(%x: f64, %y: f64, %n: index) -> (f64, f64) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %a, %b = scf.for %i = %c0 to %n step %c1 iter_args(%s = %x, %k = %y) -> (f64, f64) {
    %t = arith.addf %s, %k : f64
    scf.yield %t, %k : f64, f64
  }
  func.return %a, %b : f64, f64
}
