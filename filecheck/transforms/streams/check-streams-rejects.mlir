// RUN: tapeflow-opt %s --split-input-file --verify-diagnostics -p check-streams | filecheck %s
// RUN: tapeflow-opt %s --split-input-file --verify-diagnostics -p 'check-streams{dynamic-only=true}' | filecheck %s --check-prefix=DYNAMIC

// What is refuted is an error in any case.
// DYNAMIC: this ring is used wrongly
// DYNAMIC-NOT: not provably right

func.func @no_acquire(%n: index, %x: memref<?xf64>) {
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
      %l2 = arith.addi %other, %c16 : index
      scf.yield %other, %l2 : index, index
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
// CHECK: this ring is used wrongly: record 4, the first of tile 2, is stored to slot 0 while tile 0 may still be leaving it; correct the code that moves its cursor or its tiles

// -----

func.func @no_dequeue(%n: index, %x: memref<?xf64>) {
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
      %l2 = arith.addi %other, %c16 : index
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
// CHECK: this ring is used wrongly: of 7 records or more, record 1 is read from slot 0 while tile 0 may still be arriving in it

// -----

func.func @off_by_a_record(%n: index, %x: memref<?xf64>) {
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
    %a3 = arith.addi %a1, %c8 : index
    spm.store %v, %ring[%a3] field 0 : !spm.ring<[f64], tile 2, slots 2, base 0>
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
// CHECK: this ring is used wrongly: the store is 8 bytes off the next record, in records of 8 bytes

// -----

func.func @small(%n: index, %x: memref<?xf64>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c8 = arith.constant 8 : index
  %c16 = arith.constant 16 : index
  %c64 = arith.constant 64 : index
  %pushes = arith.maxsi %n, %c0 : index
  %ring = spm.allocate %c8 : !spm.ring<[f64], tile 2, slots 2, base 0>
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
// CHECK: the use of this ring is not provably right: its capacity is not provably as large as the number of records pushed; write it as form-streams does, or leave it to the checks at run time with check-streams{dynamic-only=true}

// -----

func.func @longer(%n: index, %x: memref<?xf64>) {
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
  %more = arith.addi %n, %c1 : index
  %begin, %limit_1 = scf.for %i = %c0 to %more step %c1 iter_args(%a = %end, %l = %limit) -> (index, index) {
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
// CHECK: the use of this ring is not provably right: the trip count of the loop that pops is not the one of the loop that pushed

// -----

func.func @too_often(%n: index, %x: memref<?xf64>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c8 = arith.constant 8 : index
  %c16 = arith.constant 16 : index
  %c64 = arith.constant 64 : index
  %pushes = arith.maxsi %n, %c0 : index
  %ring = spm.allocate %c8 : !spm.ring<[f64], tile 2, slots 2, base 0>
  %end, %limit = scf.for %i = %c0 to %c8 step %c1 iter_args(%a = %c0, %l = %c16) -> (index, index) {
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
  %begin, %limit_1 = scf.for %i = %c0 to %c16 step %c1 iter_args(%a = %end, %l = %limit) -> (index, index) {
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
// CHECK: this ring is used wrongly: the trip count of the loop that pops is not the one of the loop that pushed: 16 and 8

// -----

func.func @left(%n: index, %x: memref<?xf64>) {
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
  func.return
}
// CHECK: this ring is used wrongly: what a loop has pushed is never popped
