// RUN: tapeflow-opt %s --split-input-file -p lower-spm-to-blocking | filecheck %s

func.func @advance(%n: index, %address: index, %limit: index) -> (index, index, index) {
  %ring = spm.allocate %n : !spm.ring<[f64], tile 8, slots 1, base 64>
  %a, %l, %m = spm.advance %ring, %address, %limit : !spm.ring<[f64], tile 8, slots 1, base 64>
  func.return %a, %l, %m : index, index, index
}
// CHECK-LABEL: func.func @advance(%n: index, %address: index, %limit: index) -> (index, index, index) {
// CHECK-NEXT:   %c64 = arith.constant 64 : index
// CHECK-NEXT:   %c8 = arith.constant 8 : index
// CHECK-NEXT:   %c3 = arith.constant 3 : index
// CHECK-NEXT:   %ring = spm.allocate %n : !spm.ring<[f64], tile 8, slots 1, base 64>
// CHECK-NEXT:   %full = arith.cmpi eq, %address, %limit : index
// CHECK-NEXT:   %a, %m = scf.if %full -> (index, index) {
// CHECK-NEXT:     %slot_start = arith.subi %limit, %c64 : index
// CHECK-NEXT:     spm.drain %ring, %slot_start : !spm.ring<[f64], tile 8, slots 1, base 64>
// CHECK-NEXT:     scf.yield %slot_start, %c8 : index, index
// CHECK-NEXT:   } else {
// CHECK-NEXT:     %bytes = arith.subi %limit, %address : index
// CHECK-NEXT:     %records = arith.shrui %bytes, %c3 : index
// CHECK-NEXT:     scf.yield %address, %records : index, index
// CHECK-NEXT:   }
// CHECK-NEXT:   func.return %a, %limit, %m : index, index, index

// -----

func.func @retreat(%n: index, %address: index, %limit: index) -> (index, index, index) {
  %ring = spm.allocate %n : !spm.ring<[f64], tile 8, slots 1, base 64>
  %a, %l, %m = spm.retreat %ring, %address, %limit : !spm.ring<[f64], tile 8, slots 1, base 64>
  func.return %a, %l, %m : index, index, index
}
// CHECK-LABEL: func.func @retreat(%n: index, %address: index, %limit: index) -> (index, index, index) {
// CHECK-NEXT:   %c64 = arith.constant 64 : index
// CHECK-NEXT:   %c8 = arith.constant 8 : index
// CHECK-NEXT:   %c3 = arith.constant 3 : index
// CHECK-NEXT:   %ring = spm.allocate %n : !spm.ring<[f64], tile 8, slots 1, base 64>
// CHECK-NEXT:   %slot_start = arith.subi %limit, %c64 : index
// CHECK-NEXT:   %used_up = arith.cmpi eq, %address, %slot_start : index
// CHECK-NEXT:   %a, %m = scf.if %used_up -> (index, index) {
// CHECK-NEXT:     spm.fill %ring, %slot_start : !spm.ring<[f64], tile 8, slots 1, base 64>
// CHECK-NEXT:     scf.yield %limit, %c8 : index, index
// CHECK-NEXT:   } else {
// CHECK-NEXT:     %bytes = arith.subi %address, %slot_start : index
// CHECK-NEXT:     %records = arith.shrui %bytes, %c3 : index
// CHECK-NEXT:     scf.yield %address, %records : index, index
// CHECK-NEXT:   }
// CHECK-NEXT:   func.return %a, %limit, %m : index, index, index
