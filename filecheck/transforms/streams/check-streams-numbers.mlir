// RUN: tapeflow-opt %s --split-input-file --verify-diagnostics -p 'check-streams{explain=true}' 2>&1 >/dev/null | filecheck %s

// The chunks of an i8 loop end at the least of its bound and a sum in index type.
func.func @narrow(%x: f64, %n: i8, %s: i8) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %c8 = arith.constant 8 : index
  %c16 = arith.constant 16 : index
  %c64 = arith.constant 64 : index
  %zero = arith.constant 0 : i8
  %wide_n = arith.index_cast %n : i8 to index
  %wide_s = arith.index_cast %s : i8 to index
  %trips = arith.ceildivsi %wide_n, %wide_s : index
  %count = arith.maxsi %trips, %c0 : index
  %ring = spm.allocate %count : !spm.ring<[f64], tile 2, slots 2, base 0>
  %last, %address, %limit = scf.while (%i = %zero, %a = %c0, %l = %c16) : (i8, index, index) -> (i8, index, index) {
    %more = arith.cmpi slt, %i, %n : i8
    scf.condition(%more) %i, %a, %l : i8, index, index
  } do {
  ^bb0(%i_1: i8, %a_1: index, %l_1: index):
    %full = arith.cmpi eq, %a_1, %l_1 : index
    %a1, %l1, %room = scf.if %full -> (index, index, index) {
      %start = arith.subi %l_1, %c16 : index
      stream.enqueue %ring, %start : !spm.ring<[f64], tile 2, slots 2, base 0>
      %other = arith.subi %c64, %start : index
      %slot = stream.acquire %ring, %other : !spm.ring<[f64], tile 2, slots 2, base 0>
      %l2 = arith.addi %slot, %c16 : index
      scf.yield %slot, %l2, %c2 : index, index, index
    } else {
      %bytes = arith.subi %l_1, %a_1 : index
      %records = arith.shrui %bytes, %c3 : index
      scf.yield %a_1, %l_1, %records : index, index, index
    }
    %span = arith.muli %room, %wide_s : index
    %wide_i = arith.index_cast %i_1 : i8 to index
    %sum = arith.addi %wide_i, %span : index
    %m = arith.minsi %sum, %wide_n : index
    %e = arith.index_cast %m : index to i8
    %next = scf.for %k = %i_1 to %e step %s iter_args(%at = %a1) -> (index) : i8 {
      spm.store %x, %ring[%at] field 0 : !spm.ring<[f64], tile 2, slots 2, base 0>
      %a3 = arith.addi %at, %c8 : index
      scf.yield %a3 : index
    }
    scf.yield %e, %next, %l1 : i8, index, index
  }
  %p, %q = scf.for %k_1 = %c0 to %trips step %c1 iter_args(%a_2 = %address, %l_2 = %limit) -> (index, index) {
    %start_1 = arith.subi %l_2, %c16 : index
    %used = arith.cmpi eq, %a_2, %start_1 : index
    %a1_1, %l1_1 = scf.if %used -> (index, index) {
      stream.prefetch %ring, %start_1 : !spm.ring<[f64], tile 2, slots 2, base 0>
      %other_1 = arith.subi %c64, %start_1 : index
      %slot_1 = stream.dequeue %ring, %other_1 : !spm.ring<[f64], tile 2, slots 2, base 0>
      %l2_1 = arith.addi %slot_1, %c16 : index
      scf.yield %l2_1, %l2_1 : index, index
    } else {
      scf.yield %a_2, %l_2 : index, index
    }
    %a3_1 = arith.subi %a1_1, %c8 : index
    %v = spm.load %ring[%a3_1] field 0 : !spm.ring<[f64], tile 2, slots 2, base 0>
    scf.yield %a3_1, %l1_1 : index, index
  }
  func.return
}
// CHECK: @narrow: ring %ring !spm.ring<[f64], tile 2, slots 2, base 0>: proved

// -----

// A sum in i8 wraps around: from 126 on, two iterations more end at -128.
func.func @narrow_sum(%x: f64, %n: i8, %s: i8) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %c8 = arith.constant 8 : index
  %c16 = arith.constant 16 : index
  %c64 = arith.constant 64 : index
  %zero = arith.constant 0 : i8
  %wide_n = arith.index_cast %n : i8 to index
  %wide_s = arith.index_cast %s : i8 to index
  %trips = arith.ceildivsi %wide_n, %wide_s : index
  %count = arith.maxsi %trips, %c0 : index
  %ring = spm.allocate %count : !spm.ring<[f64], tile 2, slots 2, base 0>
  %last, %address, %limit = scf.while (%i = %zero, %a = %c0, %l = %c16) : (i8, index, index) -> (i8, index, index) {
    %more = arith.cmpi slt, %i, %n : i8
    scf.condition(%more) %i, %a, %l : i8, index, index
  } do {
  ^bb0(%i_1: i8, %a_1: index, %l_1: index):
    %full = arith.cmpi eq, %a_1, %l_1 : index
    %a1, %l1, %room = scf.if %full -> (index, index, index) {
      %start = arith.subi %l_1, %c16 : index
      stream.enqueue %ring, %start : !spm.ring<[f64], tile 2, slots 2, base 0>
      %other = arith.subi %c64, %start : index
      %slot = stream.acquire %ring, %other : !spm.ring<[f64], tile 2, slots 2, base 0>
      %l2 = arith.addi %slot, %c16 : index
      scf.yield %slot, %l2, %c2 : index, index, index
    } else {
      %bytes = arith.subi %l_1, %a_1 : index
      %records = arith.shrui %bytes, %c3 : index
      scf.yield %a_1, %l_1, %records : index, index, index
    }
    %less = arith.index_cast %room : index to i8
    %span = arith.muli %less, %s : i8
    %sum = arith.addi %i_1, %span : i8
    %e = arith.minsi %sum, %n : i8
    %next = scf.for %k = %i_1 to %e step %s iter_args(%at = %a1) -> (index) : i8 {
      spm.store %x, %ring[%at] field 0 : !spm.ring<[f64], tile 2, slots 2, base 0>
      %a3 = arith.addi %at, %c8 : index
      scf.yield %a3 : index
    }
    scf.yield %e, %next, %l1 : i8, index, index
  }
  %p, %q = scf.for %k_1 = %c0 to %trips step %c1 iter_args(%a_2 = %address, %l_2 = %limit) -> (index, index) {
    %start_1 = arith.subi %l_2, %c16 : index
    %used = arith.cmpi eq, %a_2, %start_1 : index
    %a1_1, %l1_1 = scf.if %used -> (index, index) {
      stream.prefetch %ring, %start_1 : !spm.ring<[f64], tile 2, slots 2, base 0>
      %other_1 = arith.subi %c64, %start_1 : index
      %slot_1 = stream.dequeue %ring, %other_1 : !spm.ring<[f64], tile 2, slots 2, base 0>
      %l2_1 = arith.addi %slot_1, %c16 : index
      scf.yield %l2_1, %l2_1 : index, index
    } else {
      scf.yield %a_2, %l_2 : index, index
    }
    %a3_1 = arith.subi %a1_1, %c8 : index
    %v = spm.load %ring[%a3_1] field 0 : !spm.ring<[f64], tile 2, slots 2, base 0>
    scf.yield %a3_1, %l1_1 : index, index
  }
  func.return
}
// CHECK: @narrow_sum: ring %ring !spm.ring<[f64], tile 2, slots 2, base 0>: not provable: spm.store at line {{[0-9]+}}: the store may go behind the end of the tile

// -----

// The extents of one buffer are one number wherever they are asked for.
func.func @extents(%x: f64, %m: memref<?x?xf64>, %o: memref<?x?xf64>, %yes: i1) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %c8 = arith.constant 8 : index
  %c16 = arith.constant 16 : index
  %c64 = arith.constant 64 : index
  %d0 = memref.dim %m, %c0 : memref<?x?xf64>
  %d1 = memref.dim %m, %c0 : memref<?x?xf64>
  %d2 = memref.dim %m, %c0 : memref<?x?xf64>
  %ring = spm.allocate %d0 : !spm.ring<[f64], tile 2, slots 2, base 0>
  %address, %limit = scf.for %k = %c0 to %d1 step %c1 iter_args(%a = %c0, %l = %c16) -> (index, index) {
    %full = arith.cmpi eq, %a, %l : index
    %a1, %l1, %room = scf.if %full -> (index, index, index) {
      %start = arith.subi %l, %c16 : index
      stream.enqueue %ring, %start : !spm.ring<[f64], tile 2, slots 2, base 0>
      %other = arith.subi %c64, %start : index
      %slot = stream.acquire %ring, %other : !spm.ring<[f64], tile 2, slots 2, base 0>
      %l2 = arith.addi %slot, %c16 : index
      scf.yield %slot, %l2, %c2 : index, index, index
    } else {
      %bytes = arith.subi %l, %a : index
      %records = arith.shrui %bytes, %c3 : index
      scf.yield %a, %l, %records : index, index, index
    }
    spm.store %x, %ring[%a1] field 0 : !spm.ring<[f64], tile 2, slots 2, base 0>
    %a3 = arith.addi %a1, %c8 : index
    scf.yield %a3, %l1 : index, index
  }
  %p, %q = scf.for %k_1 = %c0 to %d2 step %c1 iter_args(%a_1 = %address, %l_1 = %limit) -> (index, index) {
    %start_1 = arith.subi %l_1, %c16 : index
    %used = arith.cmpi eq, %a_1, %start_1 : index
    %a1_1, %l1_1 = scf.if %used -> (index, index) {
      stream.prefetch %ring, %start_1 : !spm.ring<[f64], tile 2, slots 2, base 0>
      %other_1 = arith.subi %c64, %start_1 : index
      %slot_1 = stream.dequeue %ring, %other_1 : !spm.ring<[f64], tile 2, slots 2, base 0>
      %l2_1 = arith.addi %slot_1, %c16 : index
      scf.yield %l2_1, %l2_1 : index, index
    } else {
      scf.yield %a_1, %l_1 : index, index
    }
    %a3_1 = arith.subi %a1_1, %c8 : index
    %v = spm.load %ring[%a3_1] field 0 : !spm.ring<[f64], tile 2, slots 2, base 0>
    scf.yield %a3_1, %l1_1 : index, index
  }
  func.return
}
// CHECK: @extents: ring %ring !spm.ring<[f64], tile 2, slots 2, base 0>: proved

// -----

func.func @other_extents(%x: f64, %m: memref<?x?xf64>, %o: memref<?x?xf64>, %yes: i1) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %c8 = arith.constant 8 : index
  %c16 = arith.constant 16 : index
  %c64 = arith.constant 64 : index
  %d0 = memref.dim %o, %c0 : memref<?x?xf64>
  %d1 = memref.dim %m, %c0 : memref<?x?xf64>
  %d2 = memref.dim %m, %c0 : memref<?x?xf64>
  %ring = spm.allocate %d0 : !spm.ring<[f64], tile 2, slots 2, base 0>
  %address, %limit = scf.for %k = %c0 to %d1 step %c1 iter_args(%a = %c0, %l = %c16) -> (index, index) {
    %full = arith.cmpi eq, %a, %l : index
    %a1, %l1, %room = scf.if %full -> (index, index, index) {
      %start = arith.subi %l, %c16 : index
      stream.enqueue %ring, %start : !spm.ring<[f64], tile 2, slots 2, base 0>
      %other = arith.subi %c64, %start : index
      %slot = stream.acquire %ring, %other : !spm.ring<[f64], tile 2, slots 2, base 0>
      %l2 = arith.addi %slot, %c16 : index
      scf.yield %slot, %l2, %c2 : index, index, index
    } else {
      %bytes = arith.subi %l, %a : index
      %records = arith.shrui %bytes, %c3 : index
      scf.yield %a, %l, %records : index, index, index
    }
    spm.store %x, %ring[%a1] field 0 : !spm.ring<[f64], tile 2, slots 2, base 0>
    %a3 = arith.addi %a1, %c8 : index
    scf.yield %a3, %l1 : index, index
  }
  %p, %q = scf.for %k_1 = %c0 to %d2 step %c1 iter_args(%a_1 = %address, %l_1 = %limit) -> (index, index) {
    %start_1 = arith.subi %l_1, %c16 : index
    %used = arith.cmpi eq, %a_1, %start_1 : index
    %a1_1, %l1_1 = scf.if %used -> (index, index) {
      stream.prefetch %ring, %start_1 : !spm.ring<[f64], tile 2, slots 2, base 0>
      %other_1 = arith.subi %c64, %start_1 : index
      %slot_1 = stream.dequeue %ring, %other_1 : !spm.ring<[f64], tile 2, slots 2, base 0>
      %l2_1 = arith.addi %slot_1, %c16 : index
      scf.yield %l2_1, %l2_1 : index, index
    } else {
      scf.yield %a_1, %l_1 : index, index
    }
    %a3_1 = arith.subi %a1_1, %c8 : index
    %v = spm.load %ring[%a3_1] field 0 : !spm.ring<[f64], tile 2, slots 2, base 0>
    scf.yield %a3_1, %l1_1 : index, index
  }
  func.return
}
// CHECK: @other_extents: ring %ring !spm.ring<[f64], tile 2, slots 2, base 0>: not provable: spm.load at line {{[0-9]+}}: its capacity is not provably as large as the number of records pushed
