// RUN: tapeflow-opt %s --split-input-file -p lower-spm-to-blocking | filecheck %s

func.func @advance(%n: index, %address: index, %limit: index) -> (index, index) {
  %ring = spm.allocate %n : !spm.ring<[f64], tile 8, slots 1, base 64>
  %a, %l = spm.advance %ring, %address, %limit : !spm.ring<[f64], tile 8, slots 1, base 64>
  func.return %a, %l : index, index
}
// CHECK-LABEL: func.func @advance(%n: index, %address: index, %limit: index) -> (index, index) {
// CHECK-NEXT:   %c64 = arith.constant 64 : index
// CHECK-NEXT:   %ring = spm.allocate %n : !spm.ring<[f64], tile 8, slots 1, base 64>
// CHECK-NEXT:   %full = arith.cmpi eq, %address, %limit : index
// CHECK-NEXT:   %address_1 = scf.if %full -> (index) {
// CHECK-NEXT:     %slot_start = arith.subi %limit, %c64 : index
// CHECK-NEXT:     spm.drain %ring, %slot_start : !spm.ring<[f64], tile 8, slots 1, base 64>
// CHECK-NEXT:     scf.yield %slot_start : index
// CHECK-NEXT:   } else {
// CHECK-NEXT:     scf.yield %address : index
// CHECK-NEXT:   }
// CHECK-NEXT:   func.return %address_1, %limit : index, index

// -----

func.func @retreat(%n: index, %address: index, %limit: index) -> (index, index) {
  %ring = spm.allocate %n : !spm.ring<[f64], tile 8, slots 1, base 64>
  %a, %l = spm.retreat %ring, %address, %limit : !spm.ring<[f64], tile 8, slots 1, base 64>
  func.return %a, %l : index, index
}
// CHECK-LABEL: func.func @retreat(%n: index, %address: index, %limit: index) -> (index, index) {
// CHECK-NEXT:   %c64 = arith.constant 64 : index
// CHECK-NEXT:   %ring = spm.allocate %n : !spm.ring<[f64], tile 8, slots 1, base 64>
// CHECK-NEXT:   %slot_start = arith.subi %limit, %c64 : index
// CHECK-NEXT:   %used_up = arith.cmpi eq, %address, %slot_start : index
// CHECK-NEXT:   %address_1 = scf.if %used_up -> (index) {
// CHECK-NEXT:     spm.fill %ring, %slot_start : !spm.ring<[f64], tile 8, slots 1, base 64>
// CHECK-NEXT:     scf.yield %limit : index
// CHECK-NEXT:   } else {
// CHECK-NEXT:     scf.yield %address : index
// CHECK-NEXT:   }
// CHECK-NEXT:   func.return %address_1, %limit : index, index
