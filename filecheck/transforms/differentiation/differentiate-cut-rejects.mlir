// RUN: tapeflow-opt %s -p differentiate --split-input-file --verify-diagnostics | filecheck %s

"memref.global"() <{sym_name = "kept", sym_visibility = "private", type = memref<1xf64>, initial_value}> : () -> ()
func.func @through_global(%x: f64) -> f64 {
  %c0 = arith.constant 0 : index
  %there = memref.get_global @kept : memref<1xf64>
  memref.store %x, %there[%c0] : memref<1xf64>
  %again = memref.get_global @kept : memref<1xf64>
  %y = memref.load %again[%c0] : memref<1xf64>
  func.return %y : f64
}
ad.gradient @through_global_grad of @through_global wrt [0]
// CHECK: cannot differentiate @through_global: a global buffer that carries derivatives; pass it as an argument

// -----

func.func @half(%x: f64) -> f64 {
  %h = arith.truncf %x : f64 to f16
  %y = arith.extf %h : f16 to f64
  %z = arith.addf %x, %y : f64
  func.return %z : f64
}
ad.gradient @half_grad of @half wrt [0]
// CHECK: cannot differentiate @half: a value that carries a derivative becomes f16; keep it an f32 or f64
