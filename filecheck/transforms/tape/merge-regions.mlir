// RUN: tapeflow-opt %s --split-input-file -p 'merge-regions{everywhere=true}' | filecheck %s
// RUN: tapeflow-opt %s --split-input-file -p merge-regions | filecheck %s --check-prefix=GAIN

// Equal records of two loops and of the block around them are one tape; what crosses
// is not: %crossed is popped too early for that. Numbers follow the allocations left.
func.func @nest(%n: index, %m: index, %x: f64) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %other = tape.allocate %n {tape.region = 0 : i64} : !tape.region<[f32], aos>
  %outer = tape.allocate %n {tape.region = 1 : i64} : !tape.region<[f64], aos>
  %pushes = arith.muli %n, %m : index
  %inner = tape.allocate %pushes {tape.region = 2 : i64} : !tape.region<[f64], aos>
  %crossed = tape.allocate %n {tape.region = 3 : i64} : !tape.region<[f64], aos>
  scf.for %i = %c0 to %n step %c1 {
    %y = arith.truncf %x : f64 to f32
    tape.push %other, %y : !tape.region<[f32], aos>
    tape.push %crossed, %x : !tape.region<[f64], aos>
    tape.push %outer, %x : !tape.region<[f64], aos>
    scf.for %j = %c0 to %m step %c1 {
      tape.push %inner, %x : !tape.region<[f64], aos>
    }
  }
  scf.for %i = %c0 to %n step %c1 {
    %a = tape.pop %crossed : !tape.region<[f64], aos>
    scf.for %j = %c0 to %m step %c1 {
      %b = tape.pop %inner : !tape.region<[f64], aos>
      "test.op"(%a, %b) : (f64, f64) -> ()
    }
    %c = tape.pop %outer : !tape.region<[f64], aos>
    %d = tape.pop %other : !tape.region<[f32], aos>
    "test.op"(%c, %d) : (f64, f32) -> ()
  }
  func.return
}
// CHECK-LABEL: @nest
// CHECK:      %other = tape.allocate %n {tape.region = 0 : i64} : !tape.region<[f32], aos>
// CHECK-NEXT: %pushes = arith.muli %n, %m : index
// CHECK-NEXT: %crossed = tape.allocate %n {tape.region = 1 : i64} : !tape.region<[f64], aos>
// CHECK-NEXT: %pushes_1 = arith.addi %n, %pushes {tape.size} : index
// CHECK-NEXT: %tape = tape.allocate %pushes_1 {tape.region = 2 : i64} : !tape.region<[f64], aos>
// CHECK-NEXT: scf.for
// CHECK:        tape.push %crossed, %x
// CHECK-NEXT:   tape.push %tape, %x
// CHECK-NEXT:   scf.for
// CHECK-NEXT:     tape.push %tape, %x
// CHECK:      scf.for
// CHECK-NEXT:   %a = tape.pop %crossed
// CHECK-NEXT:   scf.for
// CHECK-NEXT:     %b = tape.pop %tape
// CHECK:        %c = tape.pop %tape

// -----

// Behind conditions; the capacity of the second is computed earlier. What grows and
// what does not merge only if asked for.
func.func @branch(%n: index, %p: i1, %x: f64) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %taken = tape.allocate %c8 growing : !tape.region<[f64], aos>
  scf.if %p {
    tape.push %taken, %x : !tape.region<[f64], aos>
  }
  %trips = arith.maxsi %n, %c0 : index
  %loop = tape.allocate %trips : !tape.region<[f64], aos>
  scf.if %p {
    scf.for %i = %c0 to %n step %c1 {
      tape.push %loop, %x : !tape.region<[f64], aos>
    }
  }
  scf.if %p {
    scf.for %i = %c0 to %n step %c1 {
      %a = tape.pop %loop : !tape.region<[f64], aos>
      "test.op"(%a) : (f64) -> ()
    }
  }
  scf.if %p {
    %b = tape.pop %taken : !tape.region<[f64], aos>
    "test.op"(%b) : (f64) -> ()
  }
  func.return
}
// CHECK-LABEL: @branch
// CHECK:      %trips = arith.maxsi %n, %c0 : index
// CHECK-NEXT: %pushes = arith.addi %c8, %trips {tape.size} : index
// CHECK-NEXT: %tape = tape.allocate %pushes growing {tape.region = 0 : i64} : !tape.region<[f64], aos>
// CHECK-NEXT: scf.if
// CHECK-NOT:  tape.allocate

// GAIN-LABEL: @nest
// GAIN-COUNT-3: tape.allocate
// GAIN-LABEL: @branch
// GAIN: tape.allocate %c8 growing
// GAIN: tape.allocate %trips
