// RUN: tapeflow-opt %s --split-input-file -p 'form-streams{turn-around-reuse=false}' | filecheck %s

// Between the last push and the first pop all tiles on chip are fetched again.
func.func @turn(%n: index, %a: f64) {
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
  "test.op"() : () -> ()
  %begin = scf.for %i = %c0 to %n step %c1 iter_args(%at = %end) -> (index) {
    %b, %l, %m = spm.retreat %ring, %at, %c64 : !spm.ring<[f64], tile 8, slots 1, base 0>
    %next = arith.subi %b, %c8 : index
    %x = spm.load %ring[%next] field 0 : !spm.ring<[f64], tile 8, slots 1, base 0>
    scf.yield %next : index
  }
  func.return
}
// CHECK-LABEL: func.func @turn
// CHECK:         %end = scf.for
// CHECK:           scf.yield %next : index
// CHECK-NEXT:    }
// CHECK-NEXT:    stream.reload %ring, %end : !spm.ring<[f64], tile 8, slots 1, base 0>
// CHECK-NEXT:    %slot_1 = stream.dequeue %ring, %c0 : !spm.ring<[f64], tile 8, slots 1, base 0>
// CHECK-NEXT:    %address = arith.addi %slot_1, %end : index
// CHECK-NEXT:    "test.op"() : () -> ()
// CHECK-NEXT:    %begin = scf.for %i_1 = %c0 to %n step %c1 iter_args(%at_1 = %address) -> (index) {

// -----

// A loop that goes forward and back turns inside.
func.func @fused(%n: index, %a: f64) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c128 = arith.constant 128 : index
  %c64 = arith.constant 64 : index
  %c8 = arith.constant 8 : index
  %ring = spm.allocate %n : !spm.ring<[f64], tile 8, slots 2, base 64>
  %at, %limit = scf.for %i = %c0 to %n step %c1 iter_args(%at = %c64, %limit = %c128) -> (index, index) {
    %b, %l, %m = spm.advance %ring, %at, %limit : !spm.ring<[f64], tile 8, slots 2, base 64>
    spm.store %a, %ring[%b] field 0 : !spm.ring<[f64], tile 8, slots 2, base 64>
    %next = arith.addi %b, %c8 : index
    %c, %k, %r = spm.retreat %ring, %next, %l : !spm.ring<[f64], tile 8, slots 2, base 64>
    %before = arith.subi %c, %c8 : index
    %x = spm.load %ring[%before] field 0 : !spm.ring<[f64], tile 8, slots 2, base 64>
    scf.yield %before, %k : index, index
  }
  func.return
}
// CHECK-LABEL: func.func @fused
// CHECK:           %next = arith.addi %b, %c8 : index
// CHECK-NEXT:      %slot_start_1 = arith.subi %l, %c64 : index
// CHECK-NEXT:      %filled = arith.subi %next, %slot_start_1 : index
// CHECK-NEXT:      stream.reload %ring, %next : !spm.ring<[f64], tile 8, slots 2, base 64>
// CHECK-NEXT:      %slot_1 = stream.dequeue %ring, %slot_start_1 : !spm.ring<[f64], tile 8, slots 2, base 64>
// CHECK-NEXT:      %address = arith.addi %slot_1, %filled : index
// CHECK-NEXT:      %slot_start_2 = arith.subi %l, %c64 : index
// CHECK-NEXT:      %used_up = arith.cmpi eq, %address, %slot_start_2 : index
