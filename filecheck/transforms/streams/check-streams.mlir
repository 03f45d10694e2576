// RUN: tapeflow-opt %s -p 'check-streams{explain=true}' 2>&1 | filecheck %s

// A loop that pushes, one that pops as often: the steps, the balance and the capacity
// are proved.
func.func @proved(%n: index, %x: memref<?xf64>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c8 = arith.constant 8 : index
  %c16 = arith.constant 16 : index
  %c64 = arith.constant 64 : index
  %pushes = arith.maxsi %n, %c0 : index
  %ring = spm.allocate %pushes : !spm.ring<[f64], tile 2, slots 2, base 0>
  %end, %limit = scf.for %i = %c0 to %n step %c1 iter_args(%a = %c0, %l = %c16) -> (index, index) {
    %full = arith.cmpi eq, %a, %l : index
    %a1, %l1 = scf.if %full -> (index, index) {
      %start = arith.subi %l, %c16 : index
      stream.enqueue %ring, %start : !spm.ring<[f64], tile 2, slots 2, base 0>
      %other = arith.subi %c64, %start : index
      %slot = stream.acquire %ring, %other : !spm.ring<[f64], tile 2, slots 2, base 0>
      %l2 = arith.addi %slot, %c16 : index
      scf.yield %slot, %l2 : index, index
    } else {
      scf.yield %a, %l : index, index
    }
    %v = memref.load %x[%i] : memref<?xf64>
    spm.store %v, %ring[%a1] field 0 : !spm.ring<[f64], tile 2, slots 2, base 0>
    %a3 = arith.addi %a1, %c8 : index
    scf.yield %a3, %l1 : index, index
  }
  %begin, %limit_1 = scf.for %i = %c0 to %n step %c1 iter_args(%a = %end, %l = %limit) -> (index, index) {
    %start = arith.subi %l, %c16 : index
    %used = arith.cmpi eq, %a, %start : index
    %a1, %l1 = scf.if %used -> (index, index) {
      stream.prefetch %ring, %start : !spm.ring<[f64], tile 2, slots 2, base 0>
      %other = arith.subi %c64, %start : index
      %slot = stream.dequeue %ring, %other : !spm.ring<[f64], tile 2, slots 2, base 0>
      %l2 = arith.addi %slot, %c16 : index
      scf.yield %l2, %l2 : index, index
    } else {
      scf.yield %a, %l : index, index
    }
    %a3 = arith.subi %a1, %c8 : index
    %v = spm.load %ring[%a3] field 0 : !spm.ring<[f64], tile 2, slots 2, base 0>
    memref.store %v, %x[%i] : memref<?xf64>
    scf.yield %a3, %l1 : index, index
  }
  func.return
}
// CHECK: @proved: ring %ring !spm.ring<[f64], tile 2, slots 2, base 0>: proved

// Either side of a branch pushes once, so there is one record.
func.func @either(%p: i1, %x: f64, %y: f64) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %ring = spm.allocate %c1 : !spm.ring<[f64], tile 2, slots 1, base 0>
  %at = scf.if %p -> (index) {
    spm.store %x, %ring[%c0] field 0 : !spm.ring<[f64], tile 2, slots 1, base 0>
    %end = arith.addi %c0, %c8 : index
    scf.yield %end : index
  } else {
    spm.store %y, %ring[%c0] field 0 : !spm.ring<[f64], tile 2, slots 1, base 0>
    %end = arith.addi %c0, %c8 : index
    scf.yield %end : index
  }
  %v = scf.if %p -> (f64) {
    %begin = arith.subi %at, %c8 : index
    %w = spm.load %ring[%begin] field 0 : !spm.ring<[f64], tile 2, slots 1, base 0>
    scf.yield %w : f64
  } else {
    %begin = arith.subi %at, %c8 : index
    %w = spm.load %ring[%begin] field 0 : !spm.ring<[f64], tile 2, slots 1, base 0>
    scf.yield %w : f64
  }
  func.return %v : f64
}
// CHECK: @either: ring %ring !spm.ring<[f64], tile 2, slots 1, base 0>: proved
