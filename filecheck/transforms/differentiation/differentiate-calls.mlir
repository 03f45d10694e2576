// RUN: tapeflow-opt %s -p 'request-gradient{function=f wrt=0},differentiate' | filecheck %s

// What a call may have changed is not loaded again, but saved.
"memref.global"() <{sym_name = "t", type = memref<1xf64>, initial_value = dense<6.0> : tensor<1xf64>, sym_visibility = "private"}> : () -> ()
func.func private @elsewhere()
func.func @f(%x: f64, %n: index) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %g = memref.get_global @t : memref<1xf64>
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%y = %x) -> (f64) {
    %a = memref.load %g[%c0] : memref<1xf64>
    func.call @elsewhere() : () -> ()
    %s = arith.mulf %a, %y : f64
    scf.yield %s : f64
  }
  func.return %r : f64
}
// CHECK-LABEL: func.func @f_grad
// CHECK:           %a = memref.load %g
// CHECK-NEXT:      func.call @elsewhere() : () -> ()
// CHECK:           tape.push %tape_a, %a : !tape.stack<f64>
// CHECK:         ad.turn
// CHECK-NOT:       memref.load
// CHECK:           tape.pop %tape_a : !tape.stack<f64>
