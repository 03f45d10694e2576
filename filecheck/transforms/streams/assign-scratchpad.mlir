// RUN: tapeflow-opt %s --split-input-file -p 'assign-scratchpad{capacity-bytes=512 slots=2}' | filecheck %s

// Stores and loads at a threaded address, as many as boundaries tell.
func.func @place(%n: index, %a: f64) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %s = tape.allocate %n : !tape.region<[f64], aos, tile 8>
  %room = tape.advance %s : !tape.region<[f64], aos, tile 8>
  scf.for %i = %c0 to %room step %c1 {
    tape.push %s, %a : !tape.region<[f64], aos, tile 8>
  }
  %ready = tape.retreat %s : !tape.region<[f64], aos, tile 8>
  scf.for %i = %c0 to %ready step %c1 {
    %x = tape.pop %s : !tape.region<[f64], aos, tile 8>
    "test.op"(%x) : (f64) -> ()
  }
  func.return
}
// CHECK-LABEL: func.func @place(%n: index, %a: f64) {
// CHECK-NEXT:   %c0 = arith.constant 0 : index
// CHECK-NEXT:   %c1 = arith.constant 1 : index
// CHECK-NEXT:   %c64 = arith.constant 64 : index
// CHECK-NEXT:   %c8 = arith.constant 8 : index
// CHECK-NEXT:   %ring = spm.allocate %n : !spm.ring<[f64], tile 8, slots 2, base 0>
// CHECK-NEXT:   %address, %limit, %room = spm.advance %ring, %c0, %c64 : !spm.ring<[f64], tile 8, slots 2, base 0>
// CHECK-NEXT:   %address_1 = scf.for %i = %c0 to %room step %c1 iter_args(%address_2 = %address) -> (index) {
// CHECK-NEXT:     spm.store %a, %ring[%address_2] field 0 : !spm.ring<[f64], tile 8, slots 2, base 0>
// CHECK-NEXT:     %address_3 = arith.addi %address_2, %c8 : index
// CHECK-NEXT:     scf.yield %address_3 : index
// CHECK-NEXT:   }
// CHECK-NEXT:   %address_4, %limit_1, %ready = spm.retreat %ring, %address_1, %limit : !spm.ring<[f64], tile 8, slots 2, base 0>
// CHECK-NEXT:   %address_5 = scf.for %i_1 = %c0 to %ready step %c1 iter_args(%address_6 = %address_4) -> (index) {
// CHECK-NEXT:     %address_7 = arith.subi %address_6, %c8 : index
// CHECK-NEXT:     %x = spm.load %ring[%address_7] field 0 : !spm.ring<[f64], tile 8, slots 2, base 0>
// CHECK-NEXT:     "test.op"(%x) : (f64) -> ()
// CHECK-NEXT:     scf.yield %address_7 : index
// CHECK-NEXT:   }

// -----

// Rings lie one behind the other, each slot in whole lines.
func.func @rings(%n: index, %a: f64, %p: i1) {
  %s = tape.allocate %n : !tape.region<[f64, f64, i1], aos, tile 3>
  %t = tape.allocate %n : !tape.region<[i1], aos, tile 64>
  scf.if %p {
    %k = tape.advance %s : !tape.region<[f64, f64, i1], aos, tile 3>
    tape.push %s, %a, %a, %p : !tape.region<[f64, f64, i1], aos, tile 3>
    tape.push %t, %p : !tape.region<[i1], aos, tile 64>
  }
  %m = tape.advance %t : !tape.region<[i1], aos, tile 64>
  "test.op"(%m) : (index) -> ()
  func.return
}
// CHECK-LABEL: func.func @rings(%n: index, %a: f64, %p: i1) {
// CHECK-NEXT:   %c0 = arith.constant 0 : index
// CHECK-NEXT:   %c72 = arith.constant 72 : index
// CHECK-NEXT:   %c256 = arith.constant 256 : index
// CHECK-NEXT:   %c320 = arith.constant 320 : index
// CHECK-NEXT:   %c24 = arith.constant 24 : index
// CHECK-NEXT:   %c257 = arith.constant 257 : index
// CHECK-NEXT:   %ring = spm.allocate %n : !spm.ring<[f64, f64, i1], tile 3, slots 2, base 0>
// CHECK-NEXT:   %ring_1 = spm.allocate %n : !spm.ring<[i1], tile 64, slots 2, base 256>
// CHECK-NEXT:   %address, %limit, %address_1 = scf.if %p -> (index, index, index) {
// CHECK-NEXT:     %address_2, %limit_1, %k = spm.advance %ring, %c0, %c72 : !spm.ring<[f64, f64, i1], tile 3, slots 2, base 0>
// CHECK-NEXT:     spm.store %a, %ring[%address_2] field 0 : !spm.ring<[f64, f64, i1], tile 3, slots 2, base 0>
// CHECK-NEXT:     spm.store %a, %ring[%address_2] field 1 : !spm.ring<[f64, f64, i1], tile 3, slots 2, base 0>
// CHECK-NEXT:     spm.store %p, %ring[%address_2] field 2 : !spm.ring<[f64, f64, i1], tile 3, slots 2, base 0>
// CHECK-NEXT:     %address_3 = arith.addi %address_2, %c24 : index
// CHECK-NEXT:     spm.store %p, %ring_1[%c256] field 0 : !spm.ring<[i1], tile 64, slots 2, base 256>
// CHECK-NEXT:     scf.yield %address_3, %limit_1, %c257 : index, index, index
// CHECK-NEXT:   } else {
// CHECK-NEXT:     scf.yield %c0, %c72, %c256 : index, index, index
// CHECK-NEXT:   }
// CHECK-NEXT:   %address_4, %limit_2, %m = spm.advance %ring_1, %address_1, %c320 : !spm.ring<[i1], tile 64, slots 2, base 256>
// CHECK-NEXT:   "test.op"(%m) : (index) -> ()

// -----

// The stack of a growing region grows behind its ring.
func.func @growing(%n: index, %p: i1, %a: f64) {
  %s = tape.allocate %n growing : !tape.region<[f64], aos, tile 8>
  scf.while () : () -> () {
    %k = tape.advance %s : !tape.region<[f64], aos, tile 8>
    tape.push %s, %a : !tape.region<[f64], aos, tile 8>
    scf.condition(%p)
  } do {
    scf.yield
  }
  func.return
}
// CHECK-LABEL: func.func @growing(%n: index, %p: i1, %a: f64) {
// CHECK-NEXT:   %c0 = arith.constant 0 : index
// CHECK-NEXT:   %c64 = arith.constant 64 : index
// CHECK-NEXT:   %c8 = arith.constant 8 : index
// CHECK-NEXT:   %ring = spm.allocate %n growing : !spm.ring<[f64], tile 8, slots 2, base 0>
// CHECK-NEXT:   %address, %limit = scf.while (%address_1 = %c0, %limit_1 = %c64) : (index, index) -> (index, index) {
// CHECK-NEXT:     %address_2, %limit_2, %k = spm.advance %ring, %address_1, %limit_1 : !spm.ring<[f64], tile 8, slots 2, base 0>
// CHECK-NEXT:     spm.store %a, %ring[%address_2] field 0 : !spm.ring<[f64], tile 8, slots 2, base 0>
// CHECK-NEXT:     %address_3 = arith.addi %address_2, %c8 : index
// CHECK-NEXT:     scf.condition(%p) %address_3, %limit_2 : index, index
// CHECK-NEXT:   } do {
// CHECK-NEXT:   ^bb0(%address_4: index, %limit_3: index):
// CHECK-NEXT:     scf.yield %address_4, %limit_3 : index, index
// CHECK-NEXT:   }

// -----

// Slots region by region; what is not cut stays.
func.func @places(%n: index, %a: f64) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %s = tape.allocate %n {tape.place = "cache"} : !tape.region<[f64], soa>
  %t = tape.allocate %n {tape.place = "scratchpad"} : !tape.region<[f64], aos, tile 8>
  %u = tape.allocate %n {tape.slots = 3 : i64} : !tape.region<[f64], aos, tile 8>
  scf.for %i = %c0 to %n step %c1 {
    tape.push %s, %a : !tape.region<[f64], soa>
    tape.push %t, %a : !tape.region<[f64], aos, tile 8>
  }
  func.return
}
// CHECK-LABEL: func.func @places
// CHECK:        %s = tape.allocate %n {tape.place = "cache"} : !tape.region<[f64], soa>
// CHECK-NEXT:   %ring = spm.allocate %n : !spm.ring<[f64], tile 8, slots 1, base 0>
// CHECK-NEXT:   %ring_1 = spm.allocate %n : !spm.ring<[f64], tile 8, slots 3, base 64>
// CHECK-NEXT:   %address = scf.for %i = %c0 to %n step %c1 iter_args(%address_1 = %c0) -> (index) {
// CHECK-NEXT:     tape.push %s, %a : !tape.region<[f64], soa>
// CHECK-NEXT:     spm.store %a, %ring[%address_1] field 0 : !spm.ring<[f64], tile 8, slots 1, base 0>

// -----

// A ring begins behind those that callers use meanwhile, through any function between.
func.func @inner(%n: index) {
  %s = tape.allocate %n : !tape.region<[f64], aos, tile 8>
  func.return
}
func.func @between(%n: index) {
  func.call @inner(%n) : (index) -> ()
  func.return
}
func.func @outer(%n: index, %yes: i1) {
  %s = tape.allocate %n : !tape.region<[f64], aos, tile 8>
  scf.if %yes {
    %t = tape.allocate %n : !tape.region<[f64], aos, tile 8>
    scf.yield
  }
  func.call @between(%n) : (index) -> ()
  %u = tape.allocate %n : !tape.region<[f64], aos, tile 8>
  func.return
}
// CHECK-LABEL: func.func @inner
// CHECK:         spm.allocate %n : !spm.ring<[f64], tile 8, slots 2, base 128>
// CHECK-LABEL: func.func @outer
// CHECK:         spm.allocate %n : !spm.ring<[f64], tile 8, slots 2, base 0>
// CHECK:         spm.allocate %n : !spm.ring<[f64], tile 8, slots 2, base 128>
// CHECK:         spm.allocate %n : !spm.ring<[f64], tile 8, slots 2, base 256>
