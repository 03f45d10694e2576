// RUN: tapeflow-opt %s --split-input-file -p form-streams | filecheck %s

// The full tile leaves; go on in the next slot, around the ring.
func.func @advance(%n: index, %address: index, %limit: index) -> (index, index) {
  %ring = spm.allocate %n : !spm.ring<[f64], tile 7, slots 3, base 64>
  %a, %l = spm.advance %ring, %address, %limit : !spm.ring<[f64], tile 7, slots 3, base 64>
  func.return %a, %l : index, index
}
// CHECK-LABEL: func.func @advance(%n: index, %address: index, %limit: index) -> (index, index) {
// CHECK-NEXT:   %c56 = arith.constant 56 : index
// CHECK-NEXT:   %c64 = arith.constant 64 : index
// CHECK-NEXT:   %c256 = arith.constant 256 : index
// CHECK-NEXT:   %ring = spm.allocate %n : !spm.ring<[f64], tile 7, slots 3, base 64>
// CHECK-NEXT:   %full = arith.cmpi eq, %address, %limit : index
// CHECK-NEXT:   %address_1, %limit_1 = scf.if %full -> (index, index) {
// CHECK-NEXT:     %slot_start = arith.subi %limit, %c56 : index
// CHECK-NEXT:     stream.enqueue %ring, %slot_start : !spm.ring<[f64], tile 7, slots 3, base 64>
// CHECK-NEXT:     %behind = arith.addi %slot_start, %c64 : index
// CHECK-NEXT:     %wraps = arith.cmpi eq, %behind, %c256 : index
// CHECK-NEXT:     %next = arith.select %wraps, %c64, %behind : index
// CHECK-NEXT:     %slot = stream.acquire %ring, %next : !spm.ring<[f64], tile 7, slots 3, base 64>
// CHECK-NEXT:     %limit_2 = arith.addi %slot, %c56 : index
// CHECK-NEXT:     scf.yield %slot, %limit_2 : index, index
// CHECK-NEXT:   } else {
// CHECK-NEXT:     scf.yield %address, %limit : index, index
// CHECK-NEXT:   }
// CHECK-NEXT:   func.return %address_1, %limit_1 : index, index

// -----

// An older tile comes into the slot that is used up; go on in the slot before.
func.func @retreat(%n: index, %address: index, %limit: index) -> (index, index) {
  %ring = spm.allocate %n : !spm.ring<[f64], tile 7, slots 3, base 64>
  %a, %l = spm.retreat %ring, %address, %limit : !spm.ring<[f64], tile 7, slots 3, base 64>
  func.return %a, %l : index, index
}
// CHECK-LABEL: func.func @retreat(%n: index, %address: index, %limit: index) -> (index, index) {
// CHECK-NEXT:   %c56 = arith.constant 56 : index
// CHECK-NEXT:   %c64 = arith.constant 64 : index
// CHECK-NEXT:   %c192 = arith.constant 192 : index
// CHECK-NEXT:   %ring = spm.allocate %n : !spm.ring<[f64], tile 7, slots 3, base 64>
// CHECK-NEXT:   %slot_start = arith.subi %limit, %c56 : index
// CHECK-NEXT:   %used_up = arith.cmpi eq, %address, %slot_start : index
// CHECK-NEXT:   %address_1, %limit_1 = scf.if %used_up -> (index, index) {
// CHECK-NEXT:     stream.prefetch %ring, %slot_start : !spm.ring<[f64], tile 7, slots 3, base 64>
// CHECK-NEXT:     %wraps = arith.cmpi eq, %slot_start, %c64 : index
// CHECK-NEXT:     %ahead = arith.subi %slot_start, %c64 : index
// CHECK-NEXT:     %previous = arith.select %wraps, %c192, %ahead : index
// CHECK-NEXT:     %slot = stream.dequeue %ring, %previous : !spm.ring<[f64], tile 7, slots 3, base 64>
// CHECK-NEXT:     %limit_2 = arith.addi %slot, %c56 : index
// CHECK-NEXT:     scf.yield %limit_2, %limit_2 : index, index
// CHECK-NEXT:   } else {
// CHECK-NEXT:     scf.yield %address, %limit : index, index
// CHECK-NEXT:   }
// CHECK-NEXT:   func.return %address_1, %limit_1 : index, index

// -----

// With one slot there is no other to go to.
func.func @one_slot(%n: index, %address: index, %limit: index) -> (index, index) {
  %ring = spm.allocate %n : !spm.ring<[f64], tile 8, slots 1, base 0>
  %a, %l = spm.advance %ring, %address, %limit : !spm.ring<[f64], tile 8, slots 1, base 0>
  %b, %m = spm.retreat %ring, %a, %l : !spm.ring<[f64], tile 8, slots 1, base 0>
  func.return %b, %m : index, index
}
// CHECK-LABEL: func.func @one_slot(%n: index, %address: index, %limit: index) -> (index, index) {
// CHECK-NEXT:   %c64 = arith.constant 64 : index
// CHECK-NEXT:   %ring = spm.allocate %n : !spm.ring<[f64], tile 8, slots 1, base 0>
// CHECK-NEXT:   %full = arith.cmpi eq, %address, %limit : index
// CHECK-NEXT:   %address_1, %limit_1 = scf.if %full -> (index, index) {
// CHECK-NEXT:     %slot_start = arith.subi %limit, %c64 : index
// CHECK-NEXT:     stream.enqueue %ring, %slot_start : !spm.ring<[f64], tile 8, slots 1, base 0>
// CHECK-NEXT:     %slot = stream.acquire %ring, %slot_start : !spm.ring<[f64], tile 8, slots 1, base 0>
// CHECK-NEXT:     %limit_2 = arith.addi %slot, %c64 : index
// CHECK-NEXT:     scf.yield %slot, %limit_2 : index, index
// CHECK-NEXT:   } else {
// CHECK-NEXT:     scf.yield %address, %limit : index, index
// CHECK-NEXT:   }
// CHECK-NEXT:   %slot_start_1 = arith.subi %limit_1, %c64 : index
// CHECK-NEXT:   %used_up = arith.cmpi eq, %address_1, %slot_start_1 : index
// CHECK-NEXT:   %address_2, %limit_3 = scf.if %used_up -> (index, index) {
// CHECK-NEXT:     stream.prefetch %ring, %slot_start_1 : !spm.ring<[f64], tile 8, slots 1, base 0>
// CHECK-NEXT:     %slot_1 = stream.dequeue %ring, %slot_start_1 : !spm.ring<[f64], tile 8, slots 1, base 0>
// CHECK-NEXT:     %limit_4 = arith.addi %slot_1, %c64 : index
// CHECK-NEXT:     scf.yield %limit_4, %limit_4 : index, index
// CHECK-NEXT:   } else {
// CHECK-NEXT:     scf.yield %address_1, %limit_1 : index, index
// CHECK-NEXT:   }
// CHECK-NEXT:   func.return %address_2, %limit_3 : index, index
