// RUN: tapeflow-opt %s --verify-diagnostics -p lower-spm-to-blocking | filecheck %s

func.func @slots(%n: index) {
  %ring = spm.allocate %n : !spm.ring<[f64], tile 8, slots 2, base 0>
  func.return
}
// CHECK: blocking transfers use one slot, this ring has 2; use form-streams, or slots=1 in form-layers and assign-scratchpad
