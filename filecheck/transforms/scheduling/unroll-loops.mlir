// RUN: tapeflow-opt %s -p unroll-loops | filecheck %s
// RUN: tapeflow-opt %s -p 'unroll-loops{most=2}' | filecheck %s --check-prefix=TWO
// RUN: not tapeflow-opt %s -p 'unroll-loops{most=-1}' 2>&1 | filecheck %s --check-prefix=NEGATIVE

// NEGATIVE: unroll-loops: most=-1 is negative

// Subscripts are numbers, sums of the counter too, and what is carried goes from hand to
// hand.
// CHECK-LABEL: func.func @sum
// CHECK-NOT:     scf.for
// CHECK:         %x = memref.load %a[%c1] : memref<?xf64>
// CHECK-NEXT:    %t = arith.addf %zero, %x : f64
// CHECK-NEXT:    %x_1 = memref.load %a[%c3] : memref<?xf64>
// CHECK-NEXT:    %t_1 = arith.addf %t, %x_1 : f64
// CHECK-NEXT:    %x_2 = memref.load %a[%c5] : memref<?xf64>
// CHECK-NEXT:    %t_2 = arith.addf %t_1, %x_2 : f64
// CHECK-NEXT:    func.return %t_2 : f64
// TWO-LABEL:   func.func @sum
// TWO:           scf.for
func.func @sum(%a: memref<?xf64>) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c6 = arith.constant 6 : index
  %zero = arith.constant 0.0 : f64
  %sum = scf.for %i = %c0 to %c6 step %c2 iter_args(%s = %zero) -> (f64) {
    %j = arith.addi %i, %c1 : index
    %x = memref.load %a[%j] : memref<?xf64>
    %t = arith.addf %s, %x : f64
    scf.yield %t : f64
  }
  func.return %sum : f64
}

// The inner loop goes first, then the one around it.
// CHECK-LABEL: func.func @square
// CHECK-NOT:     scf.for
// CHECK:         memref.store %x, %a[%c0, %c0]
// CHECK-NEXT:    memref.store %x, %a[%c0, %c1]
// CHECK-NEXT:    memref.store %x, %a[%c1, %c0]
// CHECK-NEXT:    memref.store %x, %a[%c1, %c1]
func.func @square(%a: memref<?x?xf64>, %x: f64) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  scf.for %i = %c0 to %c2 step %c1 {
    scf.for %j = %c0 to %c2 step %c1 {
      memref.store %x, %a[%i, %j] : memref<?x?xf64>
    }
  }
  func.return
}

// A loop that never runs gives what it began with.
// CHECK-LABEL: func.func @never
// CHECK-NOT:     scf.for
// CHECK:         func.return %x
func.func @never(%x: f64) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %y = scf.for %i = %c1 to %c0 step %c1 iter_args(%z = %x) -> (f64) {
    %w = arith.addf %z, %z : f64
    scf.yield %w : f64
  }
  func.return %y : f64
}

// These stay: of nine iterations, of bounds that are not numbers, with a call, around a
// loop that stays.
// CHECK-LABEL: func.func @stay
// CHECK:         scf.for %i = %c0 to %c9
// CHECK:         scf.for %{{.*}} = %c0 to %n
// CHECK:         scf.for %{{.*}} = %c0 to %c2
// CHECK:         scf.for %{{.*}} = %c0 to %c2
// CHECK:           scf.for %j = %c0 to %n
func.func @stay(%a: memref<?xf64>, %n: index, %x: f64) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c9 = arith.constant 9 : index
  scf.for %i = %c0 to %c9 step %c1 {
    memref.store %x, %a[%i] : memref<?xf64>
  }
  scf.for %i = %c0 to %n step %c1 {
    memref.store %x, %a[%i] : memref<?xf64>
  }
  scf.for %i = %c0 to %c2 step %c1 {
    %y = func.call @never(%x) : (f64) -> f64
    memref.store %y, %a[%i] : memref<?xf64>
  }
  scf.for %i = %c0 to %c2 step %c1 {
    scf.for %j = %c0 to %n step %c1 {
      memref.store %x, %a[%j] : memref<?xf64>
    }
  }
  func.return
}

// So does one with records of a tape.
// CHECK-LABEL: func.func @records
// CHECK:         scf.for
func.func @records(%x: f64) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c8 = arith.constant 8 : index
  %ring = spm.allocate %c8 : !spm.ring<[f64], tile 8, slots 1, base 0>
  scf.for %i = %c0 to %c2 step %c1 {
    spm.store %x, %ring[%i] field 0 : !spm.ring<[f64], tile 8, slots 1, base 0>
  }
  func.return
}
