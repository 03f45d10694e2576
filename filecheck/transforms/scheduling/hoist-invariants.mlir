// RUN: tapeflow-opt %s -p hoist-invariants | filecheck %s

// A sum that memory holds is carried through both loops. Where one of them does not run,
// nothing is loaded and nothing is stored.
// CHECK-LABEL: func.func @sum
// CHECK-DAG:     %[[N:.*]] = arith.cmpi slt, %c0, %n : index
// CHECK-DAG:     %[[M:.*]] = arith.cmpi slt, %c0, %m : index
// CHECK:         %[[BOTH:.*]] = arith.andi %[[M]], %[[N]] : i1
// CHECK-NEXT:    %[[OLD:.*]] = scf.if %[[BOTH]] -> (f64) {
// CHECK-NEXT:      %[[LOADED:.*]] = memref.load %sum[%k] : memref<?xf64>
// CHECK-NEXT:      scf.yield %[[LOADED]] : f64
// CHECK-NEXT:    } else {
// CHECK-NEXT:      scf.yield %zero : f64
// CHECK-NEXT:    }
// CHECK-NEXT:    %[[NEW:.*]] = scf.for %j = %c0 to %m step %c1 iter_args(%[[S:.*]] = %[[OLD]]) -> (f64) {
// CHECK-NEXT:      %[[ROW:.*]] = scf.for %i = %c0 to %n step %c1 iter_args(%[[T:.*]] = %[[S]]) -> (f64) {
// CHECK-NEXT:        %x = memref.load %a[%i, %j] : memref<?x?xf64>
// CHECK-NEXT:        %[[NEXT:.*]] = arith.addf %[[T]], %x : f64
// CHECK-NEXT:        scf.yield %[[NEXT]] : f64
// CHECK-NEXT:      }
// CHECK-NEXT:      scf.yield %[[ROW]] : f64
// CHECK-NEXT:    }
// CHECK-NEXT:    scf.if %[[BOTH]] {
// CHECK-NEXT:      memref.store %[[NEW]], %sum[%k] : memref<?xf64>
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return
func.func @sum(%a: memref<?x?xf64>, %sum: memref<?xf64>, %m: index, %n: index, %k: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %j = %c0 to %m step %c1 {
    scf.for %i = %c0 to %n step %c1 {
      %x = memref.load %a[%i, %j] : memref<?x?xf64>
      %s = memref.load %sum[%k] : memref<?xf64>
      %t = arith.addf %s, %x : f64
      memref.store %t, %sum[%k] : memref<?xf64>
    }
  }
  func.return
}

// Loops that are known to run need no test; what a loop stores before it loads it is
// not loaded first.
// CHECK-LABEL: func.func @runs
// CHECK:         %scale = memref.load %factor[%c1] : memref<4xf64>
// CHECK-NEXT:    %square = arith.mulf %scale, %scale : f64
// CHECK-NEXT:    %[[LAST:.*]] = scf.for %i = %c0 to %c4 step %c1 iter_args(%{{.*}} = %zero) -> (f64) {
// CHECK-NEXT:      %x = memref.load %a[%i] : memref<4xf64>
// CHECK-NEXT:      %y = arith.mulf %x, %square : f64
// CHECK-NEXT:      memref.store %y, %a[%i] : memref<4xf64>
// CHECK-NEXT:      scf.yield %y : f64
// CHECK-NEXT:    }
// CHECK-NEXT:    memref.store %[[LAST]], %factor[%c0] : memref<4xf64>
// CHECK-NEXT:    func.return
func.func @runs(%a: memref<4xf64>, %factor: memref<4xf64>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  scf.for %i = %c0 to %c4 step %c1 {
    %x = memref.load %a[%i] : memref<4xf64>
    %scale = memref.load %factor[%c1] : memref<4xf64>
    %square = arith.mulf %scale, %scale : f64
    %y = arith.mulf %x, %square : f64
    memref.store %y, %factor[%c0] : memref<4xf64>
    %same = memref.load %factor[%c0] : memref<4xf64>
    memref.store %same, %a[%i] : memref<4xf64>
  }
  func.return
}

// A loop that ends where one around it does, and begins no later, runs where that does.
// CHECK-LABEL: func.func @triangle
// CHECK:         scf.for %i = %c1 to %n step %c1 {
// CHECK-NEXT:      %[[OLD:.*]] = memref.load %b[%i] : memref<?xf64>
// CHECK-NEXT:      %[[FULL:.*]] = scf.for %j = %c0 to %n step %c1 iter_args(%[[S:.*]] = %[[OLD]]) -> (f64) {
// CHECK-NEXT:        %x = memref.load %a[%j] : memref<?xf64>
// CHECK-NEXT:        %t = arith.addf %[[S]], %x : f64
// CHECK-NEXT:        scf.yield %t : f64
// CHECK-NEXT:      }
// CHECK-NEXT:      memref.store %[[FULL]], %b[%i] : memref<?xf64>
// CHECK-NEXT:      %y = memref.load %a[%i] : memref<?xf64>
// CHECK-NEXT:      scf.for %k = %i to %n step %c1 {
// CHECK-NEXT:        memref.store %y, %c[%k] : memref<?xf64>
// CHECK-NEXT:      }
func.func @triangle(%a: memref<?xf64>, %b: memref<?xf64>, %c: memref<?xf64>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c1 to %n step %c1 {
    scf.for %j = %c0 to %n step %c1 {
      %s = memref.load %b[%i] : memref<?xf64>
      %x = memref.load %a[%j] : memref<?xf64>
      %t = arith.addf %s, %x : f64
      memref.store %t, %b[%i] : memref<?xf64>
    }
    scf.for %k = %i to %n step %c1 {
      %y = memref.load %a[%i] : memref<?xf64>
      memref.store %y, %c[%k] : memref<?xf64>
    }
  }
  func.return
}

// The second load gives what was stored, and nobody reads the first store.
// CHECK-LABEL: func.func @block
// CHECK:         %x = memref.load %a[%i] : memref<?xf64>
// CHECK-NEXT:    %y = arith.addf %x, %x : f64
// CHECK-NEXT:    %z = arith.mulf %y, %x : f64
// CHECK-NEXT:    %next = arith.addi %i, %c1 : index
// CHECK-NEXT:    %other = memref.load %a[%next] : memref<?xf64>
// CHECK-NEXT:    %w = arith.addf %z, %other : f64
// CHECK-NEXT:    memref.store %w, %a[%i] : memref<?xf64>
// CHECK-NEXT:    func.return %x, %w : f64, f64
func.func @block(%a: memref<?xf64>, %i: index) -> (f64, f64) {
  %c1 = arith.constant 1 : index
  %x = memref.load %a[%i] : memref<?xf64>
  %again = memref.load %a[%i] : memref<?xf64>
  %y = arith.addf %x, %again : f64
  memref.store %y, %a[%i] : memref<?xf64>
  %stored = memref.load %a[%i] : memref<?xf64>
  %z = arith.mulf %stored, %x : f64
  %next = arith.addi %i, %c1 : index
  %other = memref.load %a[%next] : memref<?xf64>
  %w = arith.addf %z, %other : f64
  memref.store %w, %a[%i] : memref<?xf64>
  %last = memref.load %a[%i] : memref<?xf64>
  func.return %again, %last : f64, f64
}

// What costs more than an addition stays in a branch, which may never be taken, and so
// do loads. Divisions run only where their loop does, unless it is plain what they
// divide by.
// CHECK-LABEL: func.func @branch
// CHECK:         %half = arith.divui %n, %c2 : index
// CHECK-NEXT:    %sum = arith.addi %n, %m : index
// CHECK-NEXT:    %runs = arith.cmpi slt, %c0, %n : index
// CHECK-NEXT:    %part = scf.if %runs -> (index) {
// CHECK-NEXT:      %[[PART:.*]] = arith.divui %n, %m : index
// CHECK-NEXT:      scf.yield %[[PART]] : index
// CHECK-NEXT:    } else {
// CHECK-NEXT:      scf.yield %c0 : index
// CHECK-NEXT:    }
// CHECK-NEXT:    scf.for %i = %c0 to %n step %c1 {
// CHECK-NEXT:      %is = arith.cmpi ult, %i, %part : index
// CHECK-NEXT:      scf.if %is {
// CHECK-NEXT:        %e = math.exp %v : f64
// CHECK-NEXT:        %x = memref.load %b[%half] : memref<?xf64>
// CHECK-NEXT:        %y = arith.mulf %e, %x : f64
// CHECK-NEXT:        memref.store %y, %a[%sum] : memref<?xf64>
// CHECK-NEXT:      }
// CHECK-NEXT:    }
func.func @branch(%a: memref<?xf64>, %b: memref<?xf64>, %n: index, %m: index, %v: f64) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  scf.for %i = %c0 to %n step %c1 {
    %part = arith.divui %n, %m : index
    %half = arith.divui %n, %c2 : index
    %is = arith.cmpi ult, %i, %part : index
    scf.if %is {
      %e = math.exp %v : f64
      %sum = arith.addi %n, %m : index
      %x = memref.load %b[%half] : memref<?xf64>
      %y = arith.mulf %e, %x : f64
      memref.store %y, %a[%sum] : memref<?xf64>
    }
  }
  func.return
}

// An element that may be another one, or that somebody else touches, stays in memory.
// CHECK-LABEL: func.func @shared
// CHECK:         scf.for %i = %c0 to %n step %c1 {
// CHECK-NEXT:      %s = memref.load %a[%k] : memref<?xf64>
// CHECK-NEXT:      %x = memref.load %a[%i] : memref<?xf64>
// CHECK-NEXT:      %t = arith.addf %s, %x : f64
// CHECK-NEXT:      memref.store %t, %a[%k] : memref<?xf64>
// CHECK-NEXT:    }
// CHECK-NEXT:    scf.for %i_1 = %c0 to %n step %c1 {
// CHECK-NEXT:      %u = memref.load %a[%k] : memref<?xf64>
// CHECK-NEXT:      %w = arith.addf %u, %u : f64
// CHECK-NEXT:      memref.store %w, %a[%k] : memref<?xf64>
// CHECK-NEXT:      func.call @look(%a) : (memref<?xf64>) -> ()
// CHECK-NEXT:    }
func.func private @look(memref<?xf64>)
func.func @shared(%a: memref<?xf64>, %n: index, %k: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    %s = memref.load %a[%k] : memref<?xf64>
    %x = memref.load %a[%i] : memref<?xf64>
    %t = arith.addf %s, %x : f64
    memref.store %t, %a[%k] : memref<?xf64>
  }
  scf.for %i = %c0 to %n step %c1 {
    %u = memref.load %a[%k] : memref<?xf64>
    %w = arith.addf %u, %u : f64
    memref.store %w, %a[%k] : memref<?xf64>
    func.call @look(%a) : (memref<?xf64>) -> ()
  }
  func.return
}

// Accesses to tapes stay as they are: they are counted.
// CHECK-LABEL: func.func @tape
// CHECK:         scf.for %i = %c0 to %c4 step %c1 {
// CHECK-NEXT:      memref.store %x, %tape[%c0] {tape.field} : memref<?xf64>
// CHECK-NEXT:      %{{.*}} = memref.load %tape[%c0] {tape.field} : memref<?xf64>
// CHECK-NEXT:    }
func.func @tape(%tape: memref<?xf64>, %x: f64) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  scf.for %i = %c0 to %c4 step %c1 {
    memref.store %x, %tape[%c0] {tape.field} : memref<?xf64>
    %y = memref.load %tape[%c0] {tape.field} : memref<?xf64>
  }
  func.return
}
