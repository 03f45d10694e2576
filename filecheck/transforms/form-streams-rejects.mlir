// RUN: tapeflow-opt %s --split-input-file --verify-diagnostics -p 'form-streams{turn-around-reuse=false}' | filecheck %s

func.func @back_and_forth(%n: index, %a: f64) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c64 = arith.constant 64 : index
  %ring = spm.allocate %n : !spm.ring<[f64], tile 8, slots 1, base 0>
  %at = scf.for %i = %c0 to %n step %c1 iter_args(%at = %c0) -> (index) {
    %b, %l, %m = spm.retreat %ring, %at, %c64 : !spm.ring<[f64], tile 8, slots 1, base 0>
    %c, %k, %r = spm.advance %ring, %b, %l : !spm.ring<[f64], tile 8, slots 1, base 0>
    scf.yield %c : index
  }
  func.return
}
// CHECK: scf.for pushes to this ring and pops from it in an order without one place where the sweep turns, so its tiles cannot be fetched again there; use turn-around-reuse=true
