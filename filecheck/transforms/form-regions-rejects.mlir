// RUN: tapeflow-opt %s --split-input-file --verify-diagnostics -p form-regions | filecheck %s

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
// CHECK: how often scf.while runs this push is not known in advance, so the tape region cannot be allocated; write the loop as scf.for

// -----

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
// CHECK: the trip count of this loop is carried from iteration to iteration by a loop, so how much it pushes is not known in advance and no tape region can be allocated; compute the count in front of the loops, or stop at the level of tape.stack

// -----

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
// CHECK: the trip count of this loop is loaded from a buffer that the loops overwrite, so

// -----

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
// CHECK: the trip count of this loop comes from memref.load that runs conditionally, so

// -----

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
// CHECK: the trip count of this loop comes from scf.if, so

// -----

func.func @other_use(%a: f64) {
  %s = tape.stack : !tape.stack<f64>
  "test.op"(%s) : (!tape.stack<f64>) -> ()
  func.return
}
// CHECK: test.op takes a tape.stack, but a stack becomes a tape region only if nothing but tape.push and tape.pop uses it

// -----

func.func @other_block(%a: f64) {
  %s = tape.stack : !tape.stack<f64>
  cf.br ^bb1
^bb1:
  tape.push %s, %a : !tape.stack<f64>
  func.return
}
// CHECK: tape.push lies outside of the block that creates its tape.stack; loops and branches around tape operations must be scf operations
