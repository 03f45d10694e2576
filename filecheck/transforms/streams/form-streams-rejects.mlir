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

// -----

// Without layer boundaries nothing says where the cursor is.
func.func @bare(%a: f64) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %ring = spm.allocate %c1 : !spm.ring<[f64], tile 8, slots 1, base 0>
  spm.store %a, %ring[%c0] field 0 : !spm.ring<[f64], tile 8, slots 1, base 0>
  %x = spm.load %ring[%c0] field 0 : !spm.ring<[f64], tile 8, slots 1, base 0>
  func.return
}
// CHECK: spm.load pops from this ring, but no spm.retreat in it takes the cursor as it is when the sweep turns, so its tiles cannot be fetched again there; use turn-around-reuse=true

// -----

// A cursor that the reverse sweep computes is none from before it.
func.func @inside(%n: index, %a: f64) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c64 = arith.constant 64 : index
  %c8 = arith.constant 8 : index
  %ring = spm.allocate %n : !spm.ring<[f64], tile 8, slots 1, base 0>
  %end = scf.for %i = %c0 to %n step %c1 iter_args(%at = %c0) -> (index) {
    %b, %l, %m = spm.advance %ring, %at, %c64 : !spm.ring<[f64], tile 8, slots 1, base 0>
    spm.store %a, %ring[%b] field 0 : !spm.ring<[f64], tile 8, slots 1, base 0>
    %next = arith.addi %b, %c8 : index
    scf.yield %next : index
  }
  %begin = scf.for %i = %c0 to %n step %c1 iter_args(%at = %end) -> (index) {
    %same = arith.addi %at, %c0 : index
    %b, %l, %m = spm.retreat %ring, %same, %c64 : !spm.ring<[f64], tile 8, slots 1, base 0>
    %next = arith.subi %b, %c8 : index
    %x = spm.load %ring[%next] field 0 : !spm.ring<[f64], tile 8, slots 1, base 0>
    scf.yield %next : index
  }
  func.return
}
// CHECK: scf.for pops from this ring, but no spm.retreat in it takes the cursor as it is when the sweep turns, so its tiles cannot be fetched again there; use turn-around-reuse=true
