// RUN: tapeflow-opt %s --split-input-file --verify-diagnostics | filecheck %s

func.func @f(%a: !tape.arena<[f64]>, %s: index) {
  "stream.enqueue"(%a, %s) : (!tape.arena<[f64]>, index) -> ()
  func.return
}
// CHECK: operand 'ring' at position 0 does not verify

// -----

func.func @f(%r: !spm.ring<[f64], tile 8, slots 2, base 0>, %s: i64) {
  %a = "stream.acquire"(%r, %s) : (!spm.ring<[f64], tile 8, slots 2, base 0>, i64) -> index
  func.return
}
// CHECK: operand 'start' at position 1 does not verify
