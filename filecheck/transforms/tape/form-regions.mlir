// RUN: tapeflow-opt %s --split-input-file -p 'form-regions{layout=aos}' | filecheck %s
// RUN: tapeflow-opt %s --split-input-file -p form-regions | filecheck %s --check-prefix=SOA

// SOA: tape.allocate %trips {tape.region = 0 : i64} : !tape.region<[f64, i8, i1], soa>

// Pushes gather at the last one, pops at the first one; fields sort by alignment.
func.func @gather(%n: index, %a: f64, %b: i1, %c: i8) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %s = tape.stack : !tape.stack<i8>
  %t = tape.stack : !tape.stack<f64>
  %u = tape.stack : !tape.stack<i1>
  scf.for %i = %c0 to %n step %c1 {
    tape.push %s, %c : !tape.stack<i8>
    "test.op"() : () -> ()
    tape.push %u, %b : !tape.stack<i1>
    tape.push %t, %a : !tape.stack<f64>
  }
  scf.for %i = %c0 to %n step %c1 {
    %x = tape.pop %u : !tape.stack<i1>
    %y = tape.pop %s : !tape.stack<i8>
    "test.op"(%x, %y) : (i1, i8) -> ()
    %z = tape.pop %t : !tape.stack<f64>
    "test.op"(%z) : (f64) -> ()
  }
  func.return
}
// CHECK-LABEL: func.func @gather(%n: index, %a: f64, %b: i1, %c: i8) {
// CHECK-NEXT:   %c0 = arith.constant 0 : index
// CHECK-NEXT:   %c1 = arith.constant 1 : index
// CHECK-NEXT:   %trips = arith.maxsi %n, %c0 : index
// CHECK-NEXT:   %tape = tape.allocate %trips {tape.region = 0 : i64} : !tape.region<[f64, i8, i1], aos>
// CHECK-NEXT:   scf.for %i = %c0 to %n step %c1 {
// CHECK-NEXT:     "test.op"() : () -> ()
// CHECK-NEXT:     tape.push %tape, %a, %c, %b : !tape.region<[f64, i8, i1], aos>
// CHECK-NEXT:   }
// CHECK-NEXT:   scf.for %i_1 = %c0 to %n step %c1 {
// CHECK-NEXT:     %z, %y, %x = tape.pop %tape : !tape.region<[f64, i8, i1], aos>
// CHECK-NEXT:     "test.op"(%x, %y) : (i1, i8) -> ()
// CHECK-NEXT:     "test.op"(%z) : (f64) -> ()
// CHECK-NEXT:   }

// -----

// Different blocks, different regions; what a branch may not save grows.
func.func @blocks(%n: index, %m: index, %p: i1, %a: f64) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %s = tape.stack : !tape.stack<f64>
  %t = tape.stack : !tape.stack<f64>
  scf.for %i = %c0 to %n step %c1 {
    tape.push %s, %a : !tape.stack<f64>
    scf.for %j = %c0 to %m step %c1 {
      scf.if %p {
        tape.push %t, %a : !tape.stack<f64>
      }
    }
  }
  func.return
}
// CHECK-LABEL: func.func @blocks(%n: index, %m: index, %p: i1, %a: f64) {
// CHECK-NEXT:   %c0 = arith.constant 0 : index
// CHECK-NEXT:   %c1 = arith.constant 1 : index
// CHECK-NEXT:   %c8 = arith.constant 8 : index
// CHECK-NEXT:   %trips = arith.maxsi %n, %c0 : index
// CHECK-NEXT:   %s = tape.allocate %trips {tape.region = 0 : i64} : !tape.region<[f64], aos>
// CHECK-NEXT:   %t = tape.allocate %c8 growing {tape.region = 1 : i64} : !tape.region<[f64], aos>
// CHECK-NEXT:   scf.for %i = %c0 to %n step %c1 {
// CHECK-NEXT:     tape.push %s, %a : !tape.region<[f64], aos>
// CHECK-NEXT:     scf.for %j = %c0 to %m step %c1 {
// CHECK-NEXT:       scf.if %p {
// CHECK-NEXT:         tape.push %t, %a : !tape.region<[f64], aos>
// CHECK-NEXT:       }
// CHECK-NEXT:     }
// CHECK-NEXT:   }

// -----

// A stack that is pushed between the pushes of another stays alone.
func.func @interleaved(%a: f64) {
  %s = tape.stack : !tape.stack<f64>
  %t = tape.stack : !tape.stack<f64>
  tape.push %s, %a : !tape.stack<f64>
  %x = tape.pop %s : !tape.stack<f64>
  tape.push %t, %a : !tape.stack<f64>
  %y = tape.pop %t : !tape.stack<f64>
  func.return
}
// CHECK-LABEL: func.func @interleaved(%a: f64) {
// CHECK-NEXT:   %c1 = arith.constant 1 : index
// CHECK-NEXT:   %s = tape.allocate %c1 {tape.region = 0 : i64} : !tape.region<[f64], aos>
// CHECK-NEXT:   tape.push %s, %a : !tape.region<[f64], aos>
// CHECK-NEXT:   %x = tape.pop %s : !tape.region<[f64], aos>
// CHECK-NEXT:   %t = tape.allocate %c1 {tape.region = 1 : i64} : !tape.region<[f64], aos>
// CHECK-NEXT:   tape.push %t, %a : !tape.region<[f64], aos>
// CHECK-NEXT:   %y = tape.pop %t : !tape.region<[f64], aos>

// -----

// Pushed in two places: the sum of both.
func.func @twice(%n: index, %a: f64) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %s = tape.stack : !tape.stack<f64>
  scf.for %i = %c0 to %n step %c1 {
    tape.push %s, %a : !tape.stack<f64>
    tape.push %s, %a : !tape.stack<f64>
  }
  tape.push %s, %a : !tape.stack<f64>
  func.return
}
// CHECK-LABEL: func.func @twice(%n: index, %a: f64) {
// CHECK-NEXT:   %c0 = arith.constant 0 : index
// CHECK-NEXT:   %c1 = arith.constant 1 : index
// CHECK-NEXT:   %trips = arith.maxsi %n, %c0 : index
// CHECK-NEXT:   %pushes = arith.addi %trips, %trips {tape.size} : index
// CHECK-NEXT:   %pushes_1 = arith.addi %pushes, %c1 {tape.size} : index
// CHECK-NEXT:   %s = tape.allocate %pushes_1 {tape.region = 0 : i64} : !tape.region<[f64], aos>
// CHECK-NEXT:   scf.for %i = %c0 to %n step %c1 {
// CHECK-NEXT:     tape.push %s, %a : !tape.region<[f64], aos>
// CHECK-NEXT:     tape.push %s, %a : !tape.region<[f64], aos>
// CHECK-NEXT:   }
// CHECK-NEXT:   tape.push %s, %a : !tape.region<[f64], aos>

// -----

// Any lower bound and step.
func.func @bounds(%lb: index, %ub: index, %step: index, %a: f64) {
  %s = tape.stack : !tape.stack<f64>
  scf.for %i = %lb to %ub step %step {
    tape.push %s, %a : !tape.stack<f64>
  }
  func.return
}
// CHECK-LABEL: func.func @bounds(%lb: index, %ub: index, %step: index, %a: f64) {
// CHECK-NEXT:   %trips = arith.maxsi %ub, %lb : index
// CHECK-NEXT:   %span = arith.subi %trips, %lb : index
// CHECK-NEXT:   %trips_1 = arith.ceildivui %span, %step {tape.size} : index
// CHECK-NEXT:   %s = tape.allocate %trips_1 {tape.region = 0 : i64} : !tape.region<[f64], aos>
// CHECK-NEXT:   scf.for %i = %lb to %ub step %step {
// CHECK-NEXT:     tape.push %s, %a : !tape.region<[f64], aos>
// CHECK-NEXT:   }

// -----

func.func @narrow(%lb: i32, %ub: i32, %step: i32, %a: f64) {
  %s = tape.stack : !tape.stack<f64>
  scf.for %i = %lb to %ub step %step : i32 {
    tape.push %s, %a : !tape.stack<f64>
  }
  func.return
}
// CHECK-LABEL: func.func @narrow(%lb: i32, %ub: i32, %step: i32, %a: f64) {
// CHECK-NEXT:   %lb_1 = arith.index_cast %lb : i32 to index
// CHECK-NEXT:   %ub_1 = arith.index_cast %ub : i32 to index
// CHECK-NEXT:   %step_1 = arith.index_cast %step : i32 to index
// CHECK-NEXT:   %trips = arith.maxsi %ub_1, %lb_1 : index
// CHECK-NEXT:   %span = arith.subi %trips, %lb_1 : index
// CHECK-NEXT:   %trips_1 = arith.ceildivui %span, %step_1 {tape.size} : index
// CHECK-NEXT:   %s = tape.allocate %trips_1 {tape.region = 0 : i64} : !tape.region<[f64], aos>
// CHECK-NEXT:   scf.for %i = %lb to %ub step %step : i32 {
// CHECK-NEXT:     tape.push %s, %a : !tape.region<[f64], aos>
// CHECK-NEXT:   }

// -----

// Known bounds give a known capacity.
func.func @known(%a: f64) {
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %c12 = arith.constant 12 : index
  %s = tape.stack : !tape.stack<f64>
  scf.for %i = %c2 to %c12 step %c3 {
    scf.for %j = %c12 to %c2 step %c3 {
    }
    scf.for %j = %c2 to %c3 step %c2 {
      tape.push %s, %a : !tape.stack<f64>
    }
  }
  func.return
}
// CHECK-LABEL: func.func @known(%a: f64) {
// CHECK-NEXT:   %c2 = arith.constant 2 : index
// CHECK-NEXT:   %c3 = arith.constant 3 : index
// CHECK-NEXT:   %c12 = arith.constant 12 : index
// CHECK-NEXT:   %c4 = arith.constant 4 : index
// CHECK-NEXT:   %s = tape.allocate %c4 {tape.region = 0 : i64} : !tape.region<[f64], aos>
// CHECK-NEXT:   scf.for %i = %c2 to %c12 step %c3 {
// CHECK-NEXT:     scf.for %j = %c12 to %c2 step %c3 {
// CHECK-NEXT:     }
// CHECK-NEXT:     scf.for %j_1 = %c2 to %c3 step %c2 {
// CHECK-NEXT:       tape.push %s, %a : !tape.region<[f64], aos>
// CHECK-NEXT:     }
// CHECK-NEXT:   }

// -----

// A bound computed inside the nest is computed in front of it.
func.func @repeated(%m: memref<?x?xf64>, %n: index, %a: f64) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %s = tape.stack : !tape.stack<f64>
  scf.for %i = %c0 to %n step %c1 {
    %one = arith.constant 1 : index
    %d = memref.dim %m, %one : memref<?x?xf64>
    %h = arith.divsi %d, %one : index
    scf.for %j = %c0 to %h step %c1 {
      tape.push %s, %a : !tape.stack<f64>
    }
  }
  func.return
}
// CHECK-LABEL: func.func @repeated(%m: memref<?x?xf64>, %n: index, %a: f64) {
// CHECK-NEXT:   %c0 = arith.constant 0 : index
// CHECK-NEXT:   %c1 = arith.constant 1 : index
// CHECK-NEXT:   %trips = arith.maxsi %n, %c0 : index
// CHECK-NEXT:   %one = arith.constant 1 : index
// CHECK-NEXT:   %d = memref.dim %m, %one : memref<?x?xf64>
// CHECK-NEXT:   %h = arith.divsi %d, %one : index
// CHECK-NEXT:   %trips_1 = arith.maxsi %h, %c0 : index
// CHECK-NEXT:   %pushes = arith.muli %trips, %trips_1 {tape.size} : index
// CHECK-NEXT:   %s = tape.allocate %pushes {tape.region = 0 : i64} : !tape.region<[f64], aos>
// CHECK-NEXT:   scf.for %i = %c0 to %n step %c1 {
// CHECK-NEXT:     %one_1 = arith.constant 1 : index
// CHECK-NEXT:     %d_1 = memref.dim %m, %one_1 : memref<?x?xf64>
// CHECK-NEXT:     %h_1 = arith.divsi %d_1, %one_1 : index
// CHECK-NEXT:     scf.for %j = %c0 to %h_1 step %c1 {
// CHECK-NEXT:       tape.push %s, %a : !tape.region<[f64], aos>
// CHECK-NEXT:     }
// CHECK-NEXT:   }

// -----

// A bound that depends on an outer loop: run the loops without their bodies.
func.func @triangle(%n: index, %m: index, %a: f64) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %s = tape.stack : !tape.stack<f64>
  scf.for %t = %c0 to %m step %c1 {
    scf.for %i = %c0 to %n step %c1 {
      scf.for %j = %c0 to %i step %c1 {
        tape.push %s, %a : !tape.stack<f64>
      }
    }
  }
  func.return
}
// CHECK-LABEL: func.func @triangle(%n: index, %m: index, %a: f64) {
// CHECK-NEXT:   %c0 = arith.constant 0 : index
// CHECK-NEXT:   %c1 = arith.constant 1 : index
// CHECK-NEXT:   %trips = arith.maxsi %m, %c0 : index
// CHECK-NEXT:   %pushes = scf.for %i = %c0 to %n step %c1 iter_args(%pushes_1 = %c0) -> (index) {
// CHECK-NEXT:     %trips_1 = arith.maxsi %i, %c0 : index
// CHECK-NEXT:     %pushes_2 = arith.addi %pushes_1, %trips_1 {tape.size} : index
// CHECK-NEXT:     scf.yield %pushes_2 : index
// CHECK-NEXT:   }
// CHECK-NEXT:   %pushes_3 = arith.muli %trips, %pushes {tape.size} : index
// CHECK-NEXT:   %s = tape.allocate %pushes_3 {tape.region = 0 : i64} : !tape.region<[f64], aos>
// CHECK-NEXT:   scf.for %t = %c0 to %m step %c1 {
// CHECK-NEXT:     scf.for %i_1 = %c0 to %n step %c1 {
// CHECK-NEXT:       scf.for %j = %c0 to %i_1 step %c1 {
// CHECK-NEXT:         tape.push %s, %a : !tape.region<[f64], aos>
// CHECK-NEXT:       }
// CHECK-NEXT:     }
// CHECK-NEXT:   }

// -----

// Rows of a sparse matrix: loads from a buffer that the nest does not write.
func.func @sparse(%rows: memref<?xindex>, %x: memref<?xf64>, %n: index, %a: f64) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %s = tape.stack : !tape.stack<f64>
  memref.store %n, %rows[%n] : memref<?xindex>
  scf.for %i = %c0 to %n step %c1 {
    memref.store %a, %x[%i] : memref<?xf64>
    %i1 = arith.addi %i, %c1 : index
    %from = memref.load %rows[%i] : memref<?xindex>
    %to = memref.load %rows[%i1] : memref<?xindex>
    scf.for %j = %from to %to step %c1 {
      tape.push %s, %a : !tape.stack<f64>
    }
  }
  func.return
}
// CHECK-LABEL: func.func @sparse(%rows: memref<?xindex>, %x: memref<?xf64>, %n: index, %a: f64) {
// CHECK-NEXT:   %c0 = arith.constant 0 : index
// CHECK-NEXT:   %c1 = arith.constant 1 : index
// CHECK-NEXT:   memref.store %n, %rows[%n] : memref<?xindex>
// CHECK-NEXT:   %pushes = scf.for %i = %c0 to %n step %c1 iter_args(%pushes_1 = %c0) -> (index) {
// CHECK-NEXT:     %from = memref.load %rows[%i] : memref<?xindex>
// CHECK-NEXT:     %i1 = arith.addi %i, %c1 : index
// CHECK-NEXT:     %to = memref.load %rows[%i1] : memref<?xindex>
// CHECK-NEXT:     %trips = arith.maxsi %to, %from : index
// CHECK-NEXT:     %span = arith.subi %trips, %from {tape.size} : index
// CHECK-NEXT:     %pushes_2 = arith.addi %pushes_1, %span {tape.size} : index
// CHECK-NEXT:     scf.yield %pushes_2 : index
// CHECK-NEXT:   }
// CHECK-NEXT:   %s = tape.allocate %pushes {tape.region = 0 : i64} : !tape.region<[f64], aos>
// CHECK-NEXT:   scf.for %i_1 = %c0 to %n step %c1 {
// CHECK-NEXT:     memref.store %a, %x[%i_1] : memref<?xf64>
// CHECK-NEXT:     %i1_1 = arith.addi %i_1, %c1 : index
// CHECK-NEXT:     %from_1 = memref.load %rows[%i_1] : memref<?xindex>
// CHECK-NEXT:     %to_1 = memref.load %rows[%i1_1] : memref<?xindex>
// CHECK-NEXT:     scf.for %j = %from_1 to %to_1 step %c1 {
// CHECK-NEXT:       tape.push %s, %a : !tape.region<[f64], aos>
// CHECK-NEXT:     }
// CHECK-NEXT:   }

// -----

// A division that could fail is repeated only as often as it runs.
func.func @division(%n: index, %k: index, %a: f64) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %s = tape.stack : !tape.stack<f64>
  scf.for %i = %c0 to %k step %c1 {
    %share = arith.divsi %n, %k : index
    scf.for %j = %c0 to %share step %c1 {
      tape.push %s, %a : !tape.stack<f64>
    }
  }
  func.return
}
// CHECK-LABEL: func.func @division(%n: index, %k: index, %a: f64) {
// CHECK-NEXT:   %c0 = arith.constant 0 : index
// CHECK-NEXT:   %c1 = arith.constant 1 : index
// CHECK-NEXT:   %pushes = scf.for %i = %c0 to %k step %c1 iter_args(%pushes_1 = %c0) -> (index) {
// CHECK-NEXT:     %share = arith.divsi %n, %k : index
// CHECK-NEXT:     %trips = arith.maxsi %share, %c0 : index
// CHECK-NEXT:     %pushes_2 = arith.addi %pushes_1, %trips {tape.size} : index
// CHECK-NEXT:     scf.yield %pushes_2 : index
// CHECK-NEXT:   }
// CHECK-NEXT:   %s = tape.allocate %pushes {tape.region = 0 : i64} : !tape.region<[f64], aos>
// CHECK-NEXT:   scf.for %i_1 = %c0 to %k step %c1 {
// CHECK-NEXT:     %share_1 = arith.divsi %n, %k : index
// CHECK-NEXT:     scf.for %j = %c0 to %share_1 step %c1 {
// CHECK-NEXT:       tape.push %s, %a : !tape.region<[f64], aos>
// CHECK-NEXT:     }
// CHECK-NEXT:   }

// -----

// Never pushed, never used.
func.func @empty() {
  %s = tape.stack : !tape.stack<f64>
  func.return
}
// CHECK-LABEL: func.func @empty() {

// -----

// What only running the loop can tell: a region that grows, with room for a line at first.
func.func @while(%n: index, %a: f64) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %s = tape.stack : !tape.stack<f64>
  %r = scf.while (%i = %c0) : (index) -> index {
    %m = arith.cmpi slt, %i, %n : index
    scf.condition(%m) %i : index
  } do {
  ^bb0(%i: index):
    tape.push %s, %a : !tape.stack<f64>
    %next = arith.addi %i, %c1 : index
    scf.yield %next : index
  }
  func.return
}
// CHECK-LABEL: func.func @while(%n: index, %a: f64) {
// CHECK-NEXT:   %c0 = arith.constant 0 : index
// CHECK-NEXT:   %c1 = arith.constant 1 : index
// CHECK-NEXT:   %c8 = arith.constant 8 : index
// CHECK-NEXT:   %s = tape.allocate %c8 growing {tape.region = 0 : i64} : !tape.region<[f64], aos>
// CHECK-NEXT:   %r = scf.while (%i = %c0) : (index) -> index {
// CHECK-NEXT:     %m = arith.cmpi slt, %i, %n : index
// CHECK-NEXT:     scf.condition(%m) %i : index
// CHECK-NEXT:   } do {
// CHECK-NEXT:   ^bb0(%i_1: index):
// CHECK-NEXT:     tape.push %s, %a : !tape.region<[f64], aos>
// CHECK-NEXT:     %next = arith.addi %i_1, %c1 : index
// CHECK-NEXT:     scf.yield %next : index
// CHECK-NEXT:   }

// -----

// A bound that an outer loop carries.
func.func @carried(%n: index, %a: f64) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %s = tape.stack : !tape.stack<f64>
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%m = %c1) -> (index) {
    scf.for %j = %c0 to %m step %c1 {
      tape.push %s, %a : !tape.stack<f64>
    }
    %next = arith.addi %m, %m : index
    scf.yield %next : index
  }
  func.return
}
// CHECK-LABEL: func.func @carried(%n: index, %a: f64) {
// CHECK-NEXT:   %c0 = arith.constant 0 : index
// CHECK-NEXT:   %c1 = arith.constant 1 : index
// CHECK-NEXT:   %c8 = arith.constant 8 : index
// CHECK-NEXT:   %s = tape.allocate %c8 growing {tape.region = 0 : i64} : !tape.region<[f64], aos>
// CHECK-NEXT:   %r = scf.for %i = %c0 to %n step %c1 iter_args(%m = %c1) -> (index) {
// CHECK-NEXT:     scf.for %j = %c0 to %m step %c1 {
// CHECK-NEXT:       tape.push %s, %a : !tape.region<[f64], aos>
// CHECK-NEXT:     }
// CHECK-NEXT:     %next = arith.addi %m, %m : index
// CHECK-NEXT:     scf.yield %next : index
// CHECK-NEXT:   }

// -----

// A bound from a buffer that the nest overwrites.
func.func @overwritten(%rows: memref<?xindex>, %n: index, %a: f64) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %s = tape.stack : !tape.stack<f64>
  scf.for %i = %c0 to %n step %c1 {
    %m = memref.load %rows[%i] : memref<?xindex>
    scf.for %j = %c0 to %m step %c1 {
      memref.store %j, %rows[%j] : memref<?xindex>
      tape.push %s, %a : !tape.stack<f64>
    }
  }
  func.return
}
// CHECK-LABEL: func.func @overwritten(%rows: memref<?xindex>, %n: index, %a: f64) {
// CHECK-NEXT:   %c0 = arith.constant 0 : index
// CHECK-NEXT:   %c1 = arith.constant 1 : index
// CHECK-NEXT:   %c8 = arith.constant 8 : index
// CHECK-NEXT:   %s = tape.allocate %c8 growing {tape.region = 0 : i64} : !tape.region<[f64], aos>
// CHECK-NEXT:   scf.for %i = %c0 to %n step %c1 {
// CHECK-NEXT:     %m = memref.load %rows[%i] : memref<?xindex>
// CHECK-NEXT:     scf.for %j = %c0 to %m step %c1 {
// CHECK-NEXT:       memref.store %j, %rows[%j] : memref<?xindex>
// CHECK-NEXT:       tape.push %s, %a : !tape.region<[f64], aos>
// CHECK-NEXT:     }
// CHECK-NEXT:   }

// -----

// A load that need not happen is not repeated.
func.func @conditional(%rows: memref<?xindex>, %p: i1, %n: index, %a: f64) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %s = tape.stack : !tape.stack<f64>
  scf.if %p {
    %m = memref.load %rows[%n] : memref<?xindex>
    scf.for %j = %c0 to %m step %c1 {
      tape.push %s, %a : !tape.stack<f64>
    }
  }
  func.return
}
// CHECK-LABEL: func.func @conditional(%rows: memref<?xindex>, %p: i1, %n: index, %a: f64) {
// CHECK-NEXT:   %c0 = arith.constant 0 : index
// CHECK-NEXT:   %c1 = arith.constant 1 : index
// CHECK-NEXT:   %c8 = arith.constant 8 : index
// CHECK-NEXT:   %s = tape.allocate %c8 growing {tape.region = 0 : i64} : !tape.region<[f64], aos>
// CHECK-NEXT:   scf.if %p {
// CHECK-NEXT:     %m = memref.load %rows[%n] : memref<?xindex>
// CHECK-NEXT:     scf.for %j = %c0 to %m step %c1 {
// CHECK-NEXT:       tape.push %s, %a : !tape.region<[f64], aos>
// CHECK-NEXT:     }
// CHECK-NEXT:   }

// -----

// A bound that a branch chooses.
func.func @branch(%p: i1, %n: index, %a: f64) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %s = tape.stack : !tape.stack<f64>
  scf.for %i = %c0 to %n step %c1 {
    %m = scf.if %p -> (index) {
      scf.yield %n : index
    } else {
      scf.yield %c1 : index
    }
    scf.for %j = %c0 to %m step %c1 {
      tape.push %s, %a : !tape.stack<f64>
    }
  }
  func.return
}
// CHECK-LABEL: func.func @branch(%p: i1, %n: index, %a: f64) {
// CHECK-NEXT:   %c0 = arith.constant 0 : index
// CHECK-NEXT:   %c1 = arith.constant 1 : index
// CHECK-NEXT:   %c8 = arith.constant 8 : index
// CHECK-NEXT:   %s = tape.allocate %c8 growing {tape.region = 0 : i64} : !tape.region<[f64], aos>
// CHECK-NEXT:   scf.for %i = %c0 to %n step %c1 {
// CHECK-NEXT:     %m = scf.if %p -> (index) {
// CHECK-NEXT:       scf.yield %n : index
// CHECK-NEXT:     } else {
// CHECK-NEXT:       scf.yield %c1 : index
// CHECK-NEXT:     }
// CHECK-NEXT:     scf.for %j = %c0 to %m step %c1 {
// CHECK-NEXT:       tape.push %s, %a : !tape.region<[f64], aos>
// CHECK-NEXT:     }
// CHECK-NEXT:   }

// -----

// Pushed once an iteration and once more where the condition fails; popped in two
// places. Both stacks move together everywhere, so they share a region.
func.func @two_pops(%n: index, %a: f64, %b: i1) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %s = tape.stack : !tape.stack<i1>
  %t = tape.stack : !tape.stack<f64>
  %r = scf.while (%i = %c0) : (index) -> index {
    %m = arith.cmpi slt, %i, %n : index
    tape.push %s, %b : !tape.stack<i1>
    tape.push %t, %a : !tape.stack<f64>
    scf.condition(%m) %i : index
  } do {
  ^bb0(%i: index):
    %next = arith.addi %i, %c1 : index
    scf.yield %next : index
  }
  %u = tape.pop %t : !tape.stack<f64>
  %v = tape.pop %s : !tape.stack<i1>
  "test.op"(%u, %v) : (f64, i1) -> ()
  scf.for %k = %c0 to %r step %c1 {
    %x = tape.pop %s : !tape.stack<i1>
    %y = tape.pop %t : !tape.stack<f64>
    "test.op"(%x, %y) : (i1, f64) -> ()
  }
  func.return
}
// CHECK-LABEL: func.func @two_pops(%n: index, %a: f64, %b: i1) {
// CHECK-NEXT:   %c0 = arith.constant 0 : index
// CHECK-NEXT:   %c1 = arith.constant 1 : index
// CHECK-NEXT:   %c4 = arith.constant 4 : index
// CHECK-NEXT:   %tape = tape.allocate %c4 growing {tape.region = 0 : i64} : !tape.region<[f64, i1], aos>
// CHECK-NEXT:   %r = scf.while (%i = %c0) : (index) -> index {
// CHECK-NEXT:     %m = arith.cmpi slt, %i, %n : index
// CHECK-NEXT:     tape.push %tape, %a, %b : !tape.region<[f64, i1], aos>
// CHECK-NEXT:     scf.condition(%m) %i : index
// CHECK-NEXT:   } do {
// CHECK-NEXT:   ^bb0(%i_1: index):
// CHECK-NEXT:     %next = arith.addi %i_1, %c1 : index
// CHECK-NEXT:     scf.yield %next : index
// CHECK-NEXT:   }
// CHECK-NEXT:   %u, %v = tape.pop %tape : !tape.region<[f64, i1], aos>
// CHECK-NEXT:   "test.op"(%u, %v) : (f64, i1) -> ()
// CHECK-NEXT:   scf.for %k = %c0 to %r step %c1 {
// CHECK-NEXT:     %y, %x = tape.pop %tape : !tape.region<[f64, i1], aos>
// CHECK-NEXT:     "test.op"(%x, %y) : (i1, f64) -> ()
// CHECK-NEXT:   }

// -----

// Popped in different places: a region each.
func.func @different_pops(%n: index, %a: f64) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %s = tape.stack : !tape.stack<f64>
  %t = tape.stack : !tape.stack<f64>
  scf.for %i = %c0 to %n step %c1 {
    tape.push %s, %a : !tape.stack<f64>
    tape.push %t, %a : !tape.stack<f64>
  }
  %u = tape.pop %s : !tape.stack<f64>
  scf.for %i = %c1 to %n step %c1 {
    %x = tape.pop %s : !tape.stack<f64>
    "test.op"(%x) : (f64) -> ()
  }
  scf.for %i = %c0 to %n step %c1 {
    %y = tape.pop %t : !tape.stack<f64>
    "test.op"(%y) : (f64) -> ()
  }
  func.return
}
// CHECK-LABEL: func.func @different_pops(%n: index, %a: f64) {
// CHECK-NEXT:   %c0 = arith.constant 0 : index
// CHECK-NEXT:   %c1 = arith.constant 1 : index
// CHECK-NEXT:   %trips = arith.maxsi %n, %c0 : index
// CHECK-NEXT:   %s = tape.allocate %trips {tape.region = 0 : i64} : !tape.region<[f64], aos>
// CHECK-NEXT:   %t = tape.allocate %trips {tape.region = 1 : i64} : !tape.region<[f64], aos>
// CHECK-NEXT:   scf.for %i = %c0 to %n step %c1 {
// CHECK-NEXT:     tape.push %s, %a : !tape.region<[f64], aos>
// CHECK-NEXT:     tape.push %t, %a : !tape.region<[f64], aos>
// CHECK-NEXT:   }
// CHECK-NEXT:   %u = tape.pop %s : !tape.region<[f64], aos>
// CHECK-NEXT:   scf.for %i_1 = %c1 to %n step %c1 {
// CHECK-NEXT:     %x = tape.pop %s : !tape.region<[f64], aos>
// CHECK-NEXT:     "test.op"(%x) : (f64) -> ()
// CHECK-NEXT:   }
// CHECK-NEXT:   scf.for %i_2 = %c0 to %n step %c1 {
// CHECK-NEXT:     %y = tape.pop %t : !tape.region<[f64], aos>
// CHECK-NEXT:     "test.op"(%y) : (f64) -> ()
// CHECK-NEXT:   }
