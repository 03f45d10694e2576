// RUN: tapeflow-opt %s --split-input-file --verify-diagnostics --parsing-diagnostics | filecheck %s

func.func @f(%r: !spm.ring<[f64], tile 0, slots 1, base 0>) {
  func.return
}
// CHECK: a ring needs at least one slot of one record

// -----

func.func @f(%r: !spm.ring<[f64], tile 8, slots 0, base 0>) {
  func.return
}
// CHECK: a ring needs at least one slot of one record

// -----

func.func @f(%r: !spm.ring<[f64], tile 8, slots 1, base 32>) {
  func.return
}
// CHECK: the base of a ring is a multiple of 64

// -----

func.func @f(%r: !spm.ring<[f16], tile 8, slots 1, base 0>) {
  func.return
}
// CHECK: a tape cannot hold values of type f16

// -----

func.func @f(%r: !spm.ring<[f64], tile 8, base 0>) {
  func.return
}
// CHECK: 'slots' expected

// -----

func.func @f(%r: !spm.ring<[f64], tile 8, slots 2, base 0>, %s: index) {
  spm.drain %r, %s : !spm.ring<[f64], tile 8, slots 2, base 0>
  func.return
}
// CHECK: a blocking transfer needs a ring with one slot

// -----

func.func @f(%r: !spm.ring<[f64], tile 8, slots 2, base 0>, %s: index) {
  spm.fill %r, %s : !spm.ring<[f64], tile 8, slots 2, base 0>
  func.return
}
// CHECK: a blocking transfer needs a ring with one slot

// -----

func.func @f(%r: !spm.ring<[f64], tile 8, slots 1, base 0>, %a: index, %v: f64) {
  spm.store %v, %r[%a] field 1 : !spm.ring<[f64], tile 8, slots 1, base 0>
  func.return
}
// CHECK: no field 1 in !spm.ring<[f64], tile 8, slots 1, base 0>

// -----

func.func @f(%r: !spm.ring<[f64], tile 8, slots 1, base 0>, %a: index, %v: f32) {
  "spm.store"(%v, %r, %a) <{field = #builtin.int<0>}> : (f32, !spm.ring<[f64], tile 8, slots 1, base 0>, index) -> ()
  func.return
}
// CHECK: field 0 has type f64, not f32

// -----

func.func @f(%r: !spm.ring<[f64], tile 8, slots 1, base 0>, %a: index) {
  %v = "spm.load"(%r, %a) <{field = #builtin.int<2>}> : (!spm.ring<[f64], tile 8, slots 1, base 0>, index) -> f64
  func.return
}
// CHECK: field 2 of a record with 1 fields
