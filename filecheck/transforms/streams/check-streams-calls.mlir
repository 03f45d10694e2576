// RUN: tapeflow-opt %s --split-input-file --verify-diagnostics -p 'check-streams{explain=true}' 2>&1 >/dev/null | filecheck %s

// A function that is called meanwhile may not use the same bytes, directly or not.
func.func @inner() {
  %c1 = arith.constant 1 : index
  %ring = spm.allocate %c1 : !spm.ring<[f64], tile 8, slots 1, base 64>
  func.return
}
func.func @between() {
  func.call @inner() : () -> ()
  func.return
}
func.func @beside() {
  %c1 = arith.constant 1 : index
  %low = spm.allocate %c1 : !spm.ring<[f64], tile 8, slots 1, base 0>
  func.call @between() : () -> ()
  func.return
}
func.func @before() {
  %c1 = arith.constant 1 : index
  func.call @between() : () -> ()
  %high = spm.allocate %c1 : !spm.ring<[f64], tile 8, slots 1, base 64>
  func.return
}
func.func @same() {
  %c1 = arith.constant 1 : index
  %high = spm.allocate %c1 : !spm.ring<[f64], tile 8, slots 1, base 64>
  func.call @between() : () -> ()
  func.return
}
// CHECK: @beside: ring %low !spm.ring<[f64], tile 8, slots 1, base 0>: proved
// CHECK: @before: ring %high !spm.ring<[f64], tile 8, slots 1, base 64>: proved
// CHECK: @same: ring %high !spm.ring<[f64], tile 8, slots 1, base 64>: refuted: func.call at line {{[0-9]+}}: it lies where a ring of @inner lies, called through @between while this one is in use

// -----

func.func @again() {
  %c1 = arith.constant 1 : index
  %ring = spm.allocate %c1 : !spm.ring<[f64], tile 8, slots 1, base 64>
  func.call @again() : () -> ()
  func.return
}
// CHECK: @again: ring %ring !spm.ring<[f64], tile 8, slots 1, base 64>: refuted: func.call at line {{[0-9]+}}: it lies where a ring of @again lies, called while this one is in use

// -----

func.func private @elsewhere()
func.func @calls() {
  %c1 = arith.constant 1 : index
  %ring = spm.allocate %c1 : !spm.ring<[f64], tile 8, slots 1, base 64>
  func.call @elsewhere() : () -> ()
  func.return
}
// CHECK: @calls: ring %ring !spm.ring<[f64], tile 8, slots 1, base 64>: not provable: func.call at line {{[0-9]+}}: @elsewhere has no body here, so what it does to the ring is not known
