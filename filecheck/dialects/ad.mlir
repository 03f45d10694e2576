// RUN: TAPEFLOW_ROUNDTRIP
// RUN: TAPEFLOW_GENERIC_ROUNDTRIP

func.func @f(%x: f64, %n: index, %a: memref<?xf32>) -> (f64, i64) {
  %c = arith.constant 1 : i64
  ad.turn
  func.return %x, %c : f64, i64
}
ad.gradient @f_grad of @f wrt [0, 2]
ad.gradient @f_seeded of @f wrt [0] seeds [0]
ad.gradient @f_held of @f wrt [0] constant [2]
ad.gradient @f_noted of @f wrt [] {note = "x"}

// CHECK:      ad.turn
// CHECK:      ad.gradient @f_grad of @f wrt [0, 2]
// CHECK-NEXT: ad.gradient @f_seeded of @f wrt [0] seeds [0]
// CHECK-NEXT: ad.gradient @f_held of @f wrt [0] constant [2]
// CHECK-NEXT: ad.gradient @f_noted of @f wrt [] {note = "x"}

// GENERIC:      "ad.turn"() : () -> ()
// GENERIC:      "ad.gradient"() <{sym_name = "f_grad", function = @f, wrt = array<i64: 0, 2>}> : () -> ()
// GENERIC-NEXT: "ad.gradient"() <{sym_name = "f_seeded", function = @f, wrt = array<i64: 0>, seeds = array<i64: 0>}> : () -> ()
// GENERIC-NEXT: "ad.gradient"() <{sym_name = "f_held", function = @f, wrt = array<i64: 0>, constant = array<i64: 2>}> : () -> ()
// GENERIC-NEXT: "ad.gradient"() <{sym_name = "f_noted", function = @f, wrt = array<i64>}> {note = "x"} : () -> ()
