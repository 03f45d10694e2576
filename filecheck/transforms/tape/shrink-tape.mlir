// RUN: tapeflow-opt %s -p shrink-tape --split-input-file | filecheck %s
// RUN: tapeflow-opt %s -p 'shrink-tape,shrink-tape' --split-input-file | filecheck %s

// What nobody reads disappears, with what was computed for it.
func.func @unread(%n: index, %x: f64) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %s = tape.stack : !tape.stack<f64>
  %t = tape.stack : !tape.stack<f64>
  scf.for %i = %c0 to %n step %c1 {
    %y = math.sin %x : f64
    %z = math.cos %y : f64
    tape.push %s, %z : !tape.stack<f64>
  }
  ad.turn
  scf.for %i = %c0 to %n step %c1 {
    %z = tape.pop %s : !tape.stack<f64>
    tape.push %t, %z : !tape.stack<f64>
  }
  scf.for %i = %c0 to %n step %c1 {
    %z = tape.pop %t : !tape.stack<f64>
  }
  func.return
}
// CHECK-LABEL: func.func @unread
// CHECK-NOT:     math
// CHECK-NOT:     tape
// CHECK:         func.return

// -----

// What a stack always holds is used where it is at hand.
func.func @constant(%n: index, %x: f64, %p: i1) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %s = tape.stack : !tape.stack<f64>
  %t = tape.stack : !tape.stack<i64>
  scf.for %i = %c0 to %n step %c1 {
    %y = math.sin %x : f64
    %u = tape.stack : !tape.stack<f64>
    scf.for %j = %c0 to %n step %c1 {
      %five = arith.constant 5 : i64
      tape.push %s, %x : !tape.stack<f64>
      tape.push %t, %five : !tape.stack<i64>
      tape.push %u, %y : !tape.stack<f64>
    }
    scf.for %j = %c0 to %n step %c1 {
      %y_1 = tape.pop %u : !tape.stack<f64>
      "test.op"(%y_1) : (f64) -> ()
    }
  }
  ad.turn
  scf.for %i = %c0 to %n step %c1 {
    scf.for %j = %c0 to %n step %c1 {
      %x_1 = tape.pop %s : !tape.stack<f64>
      %five = tape.pop %t : !tape.stack<i64>
      "test.op"(%x_1, %five) : (f64, i64) -> ()
    }
  }
  func.return
}
// CHECK-LABEL: func.func @constant
// CHECK-NOT:     tape
// CHECK:         %y = math.sin %x
// CHECK-NOT:     tape
// CHECK:         "test.op"(%y) : (f64) -> ()
// CHECK:         %[[FIVE:.*]] = arith.constant 5 : i64
// CHECK-NEXT:    "test.op"(%x, %[[FIVE]]) : (f64, i64) -> ()

// -----

// 0.0 and -0.0 are two values; a value from inside a loop may be another each time.
func.func @varying(%n: index, %x: f64) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f64
  %minus = arith.constant -0.0 : f64
  %s = tape.stack : !tape.stack<f64>
  %t = tape.stack : !tape.stack<f64>
  scf.for %i = %c0 to %n step %c1 {
    %y = "test.op"() : () -> f64
    tape.push %s, %zero : !tape.stack<f64>
    tape.push %s, %minus : !tape.stack<f64>
    tape.push %t, %y : !tape.stack<f64>
    %y_1 = tape.pop %t : !tape.stack<f64>
    %minus_1 = tape.pop %s : !tape.stack<f64>
    %zero_1 = tape.pop %s : !tape.stack<f64>
    "test.op"(%y_1, %zero_1, %minus_1) : (f64, f64, f64) -> ()
  }
  func.return
}
// CHECK-LABEL: func.func @varying
// CHECK:         tape.push %s, %zero : !tape.stack<f64>
// CHECK-NEXT:    tape.push %s, %minus : !tape.stack<f64>
// CHECK-NEXT:    tape.push %t, %y : !tape.stack<f64>

// -----

// Equal values are saved once, at every site; unequal ones at any site are not.
func.func @equal(%n: index, %p: i1) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %s = tape.stack {tape.reason = "sin", tape.alternative = "again"} : !tape.stack<f64>
  %tape_t = tape.stack {tape.reason = "cos"} : !tape.stack<f64>
  %u = tape.stack : !tape.stack<f64>
  scf.for %i = %c0 to %n step %c1 {
    scf.if %p {
      %x = "test.op"() : () -> f64
      %y = "test.op"() : () -> f64
      tape.push %s, %x : !tape.stack<f64>
      tape.push %tape_t, %x : !tape.stack<f64>
      tape.push %u, %x : !tape.stack<f64>
    } else {
      %x = "test.op"() : () -> f64
      %y = "test.op"() : () -> f64
      tape.push %s, %x : !tape.stack<f64>
      tape.push %tape_t, %x : !tape.stack<f64>
      tape.push %u, %y : !tape.stack<f64>
    }
  }
  scf.for %i = %c0 to %n step %c1 {
    %x = tape.pop %u : !tape.stack<f64>
    "test.op"(%x) : (f64) -> ()
    %y = tape.pop %tape_t : !tape.stack<f64>
    "test.op"(%y) : (f64) -> ()
    %z = tape.pop %s : !tape.stack<f64>
    "test.op"(%z) : (f64) -> ()
  }
  func.return
}
// CHECK-LABEL: func.func @equal
// CHECK:         %tape_s_and_t = tape.stack {tape.reason = "sin; cos", tape.alternative = "again"} : !tape.stack<f64>
// CHECK-NEXT:    %u = tape.stack : !tape.stack<f64>
// CHECK:         scf.if %p {
// CHECK:           tape.push %tape_s_and_t, %x : !tape.stack<f64>
// CHECK-NEXT:      tape.push %u, %x : !tape.stack<f64>
// CHECK-NEXT:    } else {
// CHECK:           tape.push %tape_s_and_t, %{{.*}} : !tape.stack<f64>
// CHECK-NEXT:      tape.push %u, %{{.*}} : !tape.stack<f64>
// CHECK:         %[[U:.*]] = tape.pop %u : !tape.stack<f64>
// CHECK-NEXT:    "test.op"(%[[U]]) : (f64) -> ()
// CHECK-NEXT:    %[[S:.*]] = tape.pop %tape_s_and_t : !tape.stack<f64>
// CHECK-NEXT:    "test.op"(%[[S]]) : (f64) -> ()
// CHECK-NEXT:    "test.op"(%[[S]]) : (f64) -> ()

// -----

// Narrowest types, with the sign or without; what was narrow before a cast is so again.
func.func @narrow(%n: index, %a: memref<?xi8>, %h: memref<?xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c100 = arith.constant 100 : index
  %c200 = arith.constant 200 : index
  %s = tape.stack : !tape.stack<index>
  %t = tape.stack : !tape.stack<index>
  %u = tape.stack : !tape.stack<i32>
  %v = tape.stack : !tape.stack<f64>
  %w = tape.stack : !tape.stack<index>
  scf.for %i = %c0 to %n step %c1 {
    %x = arith.remui %i, %c100 : index
    %y = arith.remui %i, %c200 : index
    %z = memref.load %a[%i] : memref<?xi8>
    %wide = arith.extsi %z : i8 to i32
    %f = memref.load %h[%i] : memref<?xf32>
    %d = arith.extf %f : f32 to f64
    tape.push %s, %x : !tape.stack<index>
    tape.push %t, %y : !tape.stack<index>
    tape.push %u, %wide : !tape.stack<i32>
    tape.push %v, %d : !tape.stack<f64>
    tape.push %w, %i : !tape.stack<index>
  }
  scf.for %i = %c0 to %n step %c1 {
    %w_1 = tape.pop %w : !tape.stack<index>
    %d = tape.pop %v : !tape.stack<f64>
    %wide = tape.pop %u : !tape.stack<i32>
    %y = tape.pop %t : !tape.stack<index>
    %x = tape.pop %s : !tape.stack<index>
    "test.op"(%x, %y, %wide, %d, %w_1) : (index, index, i32, f64, index) -> ()
  }
  func.return
}
// CHECK-LABEL: func.func @narrow
// CHECK:         %[[X8:.*]] = arith.index_cast %x : index to i8
// CHECK-NEXT:    tape.push %s, %[[X8]] : !tape.stack<i8>
// CHECK-NEXT:    %[[Y8:.*]] = arith.index_cast %y : index to i8
// CHECK-NEXT:    tape.push %t, %[[Y8]] : !tape.stack<i8>
// CHECK-NEXT:    tape.push %u, %z : !tape.stack<i8>
// CHECK-NEXT:    tape.push %v, %f : !tape.stack<f32>
// CHECK-NEXT:    tape.push %w, %i : !tape.stack<index>
// CHECK-NEXT:  }
// CHECK:         %w_1 = tape.pop %w : !tape.stack<index>
// CHECK-NEXT:    %[[D:.*]] = tape.pop %v : !tape.stack<f32>
// CHECK-NEXT:    %[[D64:.*]] = arith.extf %[[D]] : f32 to f64
// CHECK-NEXT:    %[[Z:.*]] = tape.pop %u : !tape.stack<i8>
// CHECK-NEXT:    %[[Z32:.*]] = arith.extsi %[[Z]] : i8 to i32
// CHECK-NEXT:    %[[Y:.*]] = tape.pop %t : !tape.stack<i8>
// CHECK-NEXT:    %[[Y64:.*]] = arith.extui %[[Y]] : i8 to i64
// CHECK-NEXT:    %[[YI:.*]] = arith.index_cast %[[Y64]] : i64 to index
// CHECK-NEXT:    %[[X:.*]] = tape.pop %s : !tape.stack<i8>
// CHECK-NEXT:    %[[XI:.*]] = arith.index_cast %[[X]] : i8 to index
// CHECK-NEXT:    "test.op"(%[[XI]], %[[YI]], %[[Z32]], %[[D64]], %w_1)

// -----

// Truth values that move together are the bits of a word, however wide they were.
func.func @pack(%n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %tape_p = tape.stack {tape.reason = "P", tape.alternative = "p", tape.alternative_price = 3.0 : f64} : !tape.stack<i1>
  %tape_q = tape.stack {tape.reason = "Q", tape.alternative = "q", tape.alternative_price = 4.0 : f64} : !tape.stack<i1>
  %tape_r = tape.stack : !tape.stack<i64>
  %tape_alone = tape.stack : !tape.stack<i1>
  scf.for %i = %c0 to %n step %c1 {
    %p, %q, %r = "test.op"() : () -> (i1, i1, i1)
    %r_1 = arith.extsi %r : i1 to i64
    tape.push %tape_p, %p : !tape.stack<i1>
    tape.push %tape_q, %q : !tape.stack<i1>
    tape.push %tape_r, %r_1 : !tape.stack<i64>
    scf.for %j = %c0 to %n step %c1 {
      %alone = "test.op"() : () -> i1
      tape.push %tape_alone, %alone : !tape.stack<i1>
    }
  }
  scf.for %i = %c0 to %n step %c1 {
    scf.for %j = %c0 to %n step %c1 {
      %alone = tape.pop %tape_alone : !tape.stack<i1>
      "test.op"(%alone) : (i1) -> ()
    }
    %r = tape.pop %tape_r : !tape.stack<i64>
    %q = tape.pop %tape_q : !tape.stack<i1>
    %p = tape.pop %tape_p : !tape.stack<i1>
    "test.op"(%p, %q, %r) : (i1, i1, i64) -> ()
  }
  func.return
}
// CHECK-LABEL: func.func @pack
// CHECK:         %c2 = arith.constant 2 : i8
// CHECK:         tape.stack {tape.reason = "P; Q", tape.alternative = "p; q", tape.alternative_price = 7.000000e+00 : f64} : !tape.stack<i8>
// CHECK-NEXT:    %tape_alone = tape.stack : !tape.stack<i1>
// CHECK:         %p, %q, %r = "test.op"() : () -> (i1, i1, i1)
// CHECK-NEXT:    %[[LOW:.*]] = arith.extui %p : i1 to i8
// CHECK-NEXT:    %[[Q:.*]] = arith.select %q, %c2, %[[ZERO:.*]] : i8
// CHECK-NEXT:    %[[TWO:.*]] = arith.ori %[[LOW]], %[[Q]] : i8
// CHECK-NEXT:    %[[R:.*]] = arith.select %r, %sign, %[[ZERO]] : i8
// CHECK-NEXT:    %p_and_q_and_r = arith.ori %[[TWO]], %[[R]] : i8
// CHECK-NEXT:    tape.push %tape_p_and_q_and_r, %p_and_q_and_r : !tape.stack<i8>
// CHECK:           tape.push %tape_alone, %alone : !tape.stack<i1>
// CHECK:         %[[WORD:.*]] = tape.pop %tape_p_and_q_and_r : !tape.stack<i8>
// CHECK-NEXT:    %[[P:.*]] = arith.trunci %[[WORD]] : i8 to i1
// CHECK-NEXT:    %[[SHIFTED:.*]] = arith.shrui %[[WORD]], %{{.*}} : i8
// CHECK-NEXT:    %[[Q:.*]] = arith.trunci %[[SHIFTED]] : i8 to i1
// CHECK-NEXT:    %[[R:.*]] = arith.cmpi slt, %[[WORD]], %[[ZERO]] : i8
// CHECK-NEXT:    %[[R64:.*]] = arith.extsi %[[R]] : i1 to i64
// CHECK-NEXT:    "test.op"(%[[P]], %[[Q]], %[[R64]]) : (i1, i1, i64) -> ()

// -----

// A stack that something else uses stays as it is.
func.func @used_otherwise(%p: i1) {
  %s = tape.stack : !tape.stack<i1>
  %t = tape.stack : !tape.stack<i1>
  tape.push %s, %p : !tape.stack<i1>
  tape.push %t, %p : !tape.stack<i1>
  "test.op"(%s, %t) : (!tape.stack<i1>, !tape.stack<i1>) -> ()
  func.return
}
// CHECK-LABEL: func.func @used_otherwise
// CHECK:         tape.push %s, %p : !tape.stack<i1>
// CHECK-NEXT:    tape.push %t, %p : !tape.stack<i1>
