// RUN: tapeflow-opt %s --split-input-file -p form-streams | filecheck %s

// The full tile leaves; go on in the next slot, around the ring. Only the address waits.
func.func @advance(%n: index, %address: index, %limit: index) -> (index, index, index) {
  %ring = spm.allocate %n : !spm.ring<[f64], tile 7, slots 3, base 64>
  %a, %l, %m = spm.advance %ring, %address, %limit : !spm.ring<[f64], tile 7, slots 3, base 64>
  func.return %a, %l, %m : index, index, index
}
// CHECK-LABEL: func.func @advance(%n: index, %address: index, %limit: index) -> (index, index, index) {
// CHECK-NEXT:   %c56 = arith.constant 56 : index
// CHECK-NEXT:   %c64 = arith.constant 64 : index
// CHECK-NEXT:   %c256 = arith.constant 256 : index
// CHECK-NEXT:   %c7 = arith.constant 7 : index
// CHECK-NEXT:   %c3 = arith.constant 3 : index
// CHECK-NEXT:   %ring = spm.allocate %n : !spm.ring<[f64], tile 7, slots 3, base 64>
// CHECK-NEXT:   %full = arith.cmpi eq, %address, %limit : index
// CHECK-NEXT:   %a, %l, %m = scf.if %full -> (index, index, index) {
// CHECK-NEXT:     %slot_start = arith.subi %limit, %c56 : index
// CHECK-NEXT:     stream.enqueue %ring, %slot_start : !spm.ring<[f64], tile 7, slots 3, base 64>
// CHECK-NEXT:     %behind = arith.addi %slot_start, %c64 : index
// CHECK-NEXT:     %wraps = arith.cmpi eq, %behind, %c256 : index
// CHECK-NEXT:     %next = arith.select %wraps, %c64, %behind : index
// CHECK-NEXT:     %slot = stream.acquire %ring, %next : !spm.ring<[f64], tile 7, slots 3, base 64>
// CHECK-NEXT:     %limit_1 = arith.addi %next, %c56 : index
// CHECK-NEXT:     scf.yield %slot, %limit_1, %c7 : index, index, index
// CHECK-NEXT:   } else {
// CHECK-NEXT:     %bytes = arith.subi %limit, %address : index
// CHECK-NEXT:     %records = arith.shrui %bytes, %c3 : index
// CHECK-NEXT:     scf.yield %address, %limit, %records : index, index, index
// CHECK-NEXT:   }
// CHECK-NEXT:   func.return %a, %l, %m : index, index, index

// -----

// An older tile comes into the slot that is used up; go on in the slot before.
func.func @retreat(%n: index, %address: index, %limit: index) -> (index, index, index) {
  %ring = spm.allocate %n : !spm.ring<[f64, f64, i1], tile 2, slots 3, base 64>
  %a, %l, %m = spm.retreat %ring, %address, %limit : !spm.ring<[f64, f64, i1], tile 2, slots 3, base 64>
  func.return %a, %l, %m : index, index, index
}
// CHECK-LABEL: func.func @retreat(%n: index, %address: index, %limit: index) -> (index, index, index) {
// CHECK-NEXT:   %c48 = arith.constant 48 : index
// CHECK-NEXT:   %c64 = arith.constant 64 : index
// CHECK-NEXT:   %c192 = arith.constant 192 : index
// CHECK-NEXT:   %c2 = arith.constant 2 : index
// CHECK-NEXT:   %c24 = arith.constant 24 : index
// CHECK-NEXT:   %ring = spm.allocate %n : !spm.ring<[f64, f64, i1], tile 2, slots 3, base 64>
// CHECK-NEXT:   %slot_start = arith.subi %limit, %c48 : index
// CHECK-NEXT:   %used_up = arith.cmpi eq, %address, %slot_start : index
// CHECK-NEXT:   %a, %l, %m = scf.if %used_up -> (index, index, index) {
// CHECK-NEXT:     stream.prefetch %ring, %slot_start : !spm.ring<[f64, f64, i1], tile 2, slots 3, base 64>
// CHECK-NEXT:     %wraps = arith.cmpi eq, %slot_start, %c64 : index
// CHECK-NEXT:     %ahead = arith.subi %slot_start, %c64 : index
// CHECK-NEXT:     %previous = arith.select %wraps, %c192, %ahead : index
// CHECK-NEXT:     %slot = stream.dequeue %ring, %previous : !spm.ring<[f64, f64, i1], tile 2, slots 3, base 64>
// CHECK-NEXT:     %limit_1 = arith.addi %slot, %c48 : index
// CHECK-NEXT:     scf.yield %limit_1, %limit_1, %c2 : index, index, index
// CHECK-NEXT:   } else {
// CHECK-NEXT:     %bytes = arith.subi %address, %slot_start : index
// CHECK-NEXT:     %records = arith.divui %bytes, %c24 : index
// CHECK-NEXT:     scf.yield %address, %limit, %records : index, index, index
// CHECK-NEXT:   }
// CHECK-NEXT:   func.return %a, %l, %m : index, index, index

// -----

// Of two slots the other comes next. Nobody asks how many records there are.
func.func @two_slots(%n: index, %address: index, %limit: index) -> (index, index) {
  %ring = spm.allocate %n : !spm.ring<[f64], tile 7, slots 2, base 64>
  %a, %l, %m = spm.advance %ring, %address, %limit : !spm.ring<[f64], tile 7, slots 2, base 64>
  %b, %k, %r = spm.retreat %ring, %a, %l : !spm.ring<[f64], tile 7, slots 2, base 64>
  func.return %b, %k : index, index
}
// CHECK-LABEL: func.func @two_slots(%n: index, %address: index, %limit: index) -> (index, index) {
// CHECK-NEXT:   %c56 = arith.constant 56 : index
// CHECK-NEXT:   %c192 = arith.constant 192 : index
// CHECK-NEXT:   %ring = spm.allocate %n : !spm.ring<[f64], tile 7, slots 2, base 64>
// CHECK-NEXT:   %full = arith.cmpi eq, %address, %limit : index
// CHECK-NEXT:   %a, %l = scf.if %full -> (index, index) {
// CHECK-NEXT:     %slot_start = arith.subi %limit, %c56 : index
// CHECK-NEXT:     stream.enqueue %ring, %slot_start : !spm.ring<[f64], tile 7, slots 2, base 64>
// CHECK-NEXT:     %other = arith.subi %c192, %slot_start : index
// CHECK-NEXT:     %slot = stream.acquire %ring, %other : !spm.ring<[f64], tile 7, slots 2, base 64>
// CHECK-NEXT:     %limit_1 = arith.addi %other, %c56 : index
// CHECK-NEXT:     scf.yield %slot, %limit_1 : index, index
// CHECK-NEXT:   } else {
// CHECK-NEXT:     scf.yield %address, %limit : index, index
// CHECK-NEXT:   }
// CHECK-NEXT:   %slot_start_1 = arith.subi %l, %c56 : index
// CHECK-NEXT:   %used_up = arith.cmpi eq, %a, %slot_start_1 : index
// CHECK-NEXT:   %b, %k = scf.if %used_up -> (index, index) {
// CHECK-NEXT:     stream.prefetch %ring, %slot_start_1 : !spm.ring<[f64], tile 7, slots 2, base 64>
// CHECK-NEXT:     %other_1 = arith.subi %c192, %slot_start_1 : index
// CHECK-NEXT:     %slot_1 = stream.dequeue %ring, %other_1 : !spm.ring<[f64], tile 7, slots 2, base 64>
// CHECK-NEXT:     %limit_2 = arith.addi %slot_1, %c56 : index
// CHECK-NEXT:     scf.yield %limit_2, %limit_2 : index, index
// CHECK-NEXT:   } else {
// CHECK-NEXT:     scf.yield %a, %l : index, index
// CHECK-NEXT:   }
// CHECK-NEXT:   func.return %b, %k : index, index

// -----

// With one slot there is no other to go to, and the limit never changes.
func.func @one_slot(%n: index, %address: index) -> (index, index) {
  %limit = arith.constant 64 : index
  %ring = spm.allocate %n : !spm.ring<[f64], tile 8, slots 1, base 0>
  %a, %l, %m = spm.advance %ring, %address, %limit : !spm.ring<[f64], tile 8, slots 1, base 0>
  %b, %k, %r = spm.retreat %ring, %a, %l : !spm.ring<[f64], tile 8, slots 1, base 0>
  func.return %b, %r : index, index
}
// CHECK-LABEL: func.func @one_slot(%n: index, %address: index) -> (index, index) {
// CHECK-NEXT:   %limit = arith.constant 64 : index
// CHECK-NEXT:   %c0 = arith.constant 0 : index
// CHECK-NEXT:   %c8 = arith.constant 8 : index
// CHECK-NEXT:   %c3 = arith.constant 3 : index
// CHECK-NEXT:   %ring = spm.allocate %n : !spm.ring<[f64], tile 8, slots 1, base 0>
// CHECK-NEXT:   %full = arith.cmpi eq, %address, %limit : index
// CHECK-NEXT:   %a = scf.if %full -> (index) {
// CHECK-NEXT:     stream.enqueue %ring, %c0 : !spm.ring<[f64], tile 8, slots 1, base 0>
// CHECK-NEXT:     %slot = stream.acquire %ring, %c0 : !spm.ring<[f64], tile 8, slots 1, base 0>
// CHECK-NEXT:     scf.yield %slot : index
// CHECK-NEXT:   } else {
// CHECK-NEXT:     scf.yield %address : index
// CHECK-NEXT:   }
// CHECK-NEXT:   %used_up = arith.cmpi eq, %a, %c0 : index
// CHECK-NEXT:   %b, %r = scf.if %used_up -> (index, index) {
// CHECK-NEXT:     stream.prefetch %ring, %c0 : !spm.ring<[f64], tile 8, slots 1, base 0>
// CHECK-NEXT:     %slot_1 = stream.dequeue %ring, %c0 : !spm.ring<[f64], tile 8, slots 1, base 0>
// CHECK-NEXT:     %limit_1 = arith.addi %slot_1, %limit : index
// CHECK-NEXT:     scf.yield %limit_1, %c8 : index, index
// CHECK-NEXT:   } else {
// CHECK-NEXT:     %records = arith.shrui %a, %c3 : index
// CHECK-NEXT:     scf.yield %a, %records : index, index
// CHECK-NEXT:   }
// CHECK-NEXT:   func.return %b, %r : index, index
