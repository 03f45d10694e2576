// RUN: xdsl-opt %s -p 'request-gradient{function="f" wrt=0},differentiate,form-regions{layout=aos}' | filecheck %s

// xDSL's own driver finds the dialects and the passes of an installed tapeflow.

func.func @f(%x: memref<?xf64>, %n: index) -> f64 {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %start = arith.constant 1.0 : f64
  %r = scf.for %i = %zero to %n step %one iter_args(%a = %start) -> (f64) {
    %v = memref.load %x[%i] : memref<?xf64>
    %s = math.sin %a : f64
    %p = arith.mulf %s, %v : f64
    scf.yield %p : f64
  }
  func.return %r : f64
}

// CHECK-LABEL: func.func @f_grad
// CHECK:       tape.allocate
// CHECK:       tape.push
// CHECK:       ad.turn
// CHECK:       tape.pop
