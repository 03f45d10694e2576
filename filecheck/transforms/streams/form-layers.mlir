// RUN: tapeflow-opt %s --split-input-file -p 'form-layers{capacity-bytes=512 slots=2}' | filecheck %s

// A loop runs in chunks that fit the current tile.
func.func @chunks(%n: index, %a: f64) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %s = tape.allocate %n : !tape.region<[f64], aos>
  scf.for %i = %c0 to %n step %c1 {
    tape.push %s, %a : !tape.region<[f64], aos>
  }
  scf.for %k = %c0 to %n step %c1 {
    %x = tape.pop %s : !tape.region<[f64], aos>
    "test.op"(%k, %x) : (index, f64) -> ()
  }
  func.return
}
// CHECK-LABEL: func.func @chunks(%n: index, %a: f64) {
// CHECK-NEXT:   %c0 = arith.constant 0 : index
// CHECK-NEXT:   %c1 = arith.constant 1 : index
// CHECK-NEXT:   %s = tape.allocate %n : !tape.region<[f64], aos, tile 32>
// CHECK-NEXT:   %i = scf.while (%start = %c0) : (index) -> index {
// CHECK-NEXT:     %more = arith.cmpi slt, %start, %n : index
// CHECK-NEXT:     scf.condition(%more) %start : index
// CHECK-NEXT:   } do {
// CHECK-NEXT:   ^bb0(%start_1: index):
// CHECK-NEXT:     %room = tape.advance %s : !tape.region<[f64], aos, tile 32>
// CHECK-NEXT:     %reach = arith.addi %start_1, %room : index
// CHECK-NEXT:     %end = arith.minsi %reach, %n : index
// CHECK-NEXT:     scf.for %i_1 = %start_1 to %end step %c1 {
// CHECK-NEXT:       tape.push %s, %a : !tape.region<[f64], aos, tile 32>
// CHECK-NEXT:     }
// CHECK-NEXT:     scf.yield %end : index
// CHECK-NEXT:   }
// CHECK-NEXT:   %k = scf.while (%start_2 = %c0) : (index) -> index {
// CHECK-NEXT:     %more_1 = arith.cmpi slt, %start_2, %n : index
// CHECK-NEXT:     scf.condition(%more_1) %start_2 : index
// CHECK-NEXT:   } do {
// CHECK-NEXT:   ^bb0(%start_3: index):
// CHECK-NEXT:     %ready = tape.retreat %s : !tape.region<[f64], aos, tile 32>
// CHECK-NEXT:     %reach_1 = arith.addi %start_3, %ready : index
// CHECK-NEXT:     %end_1 = arith.minsi %reach_1, %n : index
// CHECK-NEXT:     scf.for %k_1 = %start_3 to %end_1 step %c1 {
// CHECK-NEXT:       %x = tape.pop %s : !tape.region<[f64], aos, tile 32>
// CHECK-NEXT:       "test.op"(%k_1, %x) : (index, f64) -> ()
// CHECK-NEXT:     }
// CHECK-NEXT:     scf.yield %end_1 : index
// CHECK-NEXT:   }

// -----

// Carried values and steps other than 1; bounds narrower than index.
func.func @carried(%lb: i32, %ub: i32, %step: i32, %n: index, %a: f64) -> f64 {
  %s = tape.allocate %n : !tape.region<[f64], aos>
  %r = scf.for %i = %lb to %ub step %step iter_args(%sum = %a) -> (f64) : i32 {
    %next = arith.addf %sum, %a : f64
    tape.push %s, %sum : !tape.region<[f64], aos>
    scf.yield %next : f64
  }
  func.return %r : f64
}
// CHECK-LABEL: func.func @carried(%lb: i32, %ub: i32, %step: i32, %n: index, %a: f64) -> f64 {
// CHECK-NEXT:   %s = tape.allocate %n : !tape.region<[f64], aos, tile 32>
// The chunks would not find that the step is not positive.
// CHECK-NEXT:   scf.for %{{.*}} = %lb to %lb step %step : i32 {
// CHECK-NEXT:   }
// CHECK-NEXT:   %step_1 = arith.index_cast %step : i32 to index
// CHECK-NEXT:   %i, %r = scf.while (%start = %lb, %sum = %a) : (i32, f64) -> (i32, f64) {
// CHECK-NEXT:     %more = arith.cmpi slt, %start, %ub : i32
// CHECK-NEXT:     scf.condition(%more) %start, %sum : i32, f64
// CHECK-NEXT:   } do {
// CHECK-NEXT:   ^bb0(%start_1: i32, %sum_1: f64):
// CHECK-NEXT:     %room = tape.advance %s : !tape.region<[f64], aos, tile 32>
// CHECK-NEXT:     %ub_1 = arith.index_cast %ub : i32 to index
// CHECK-NEXT:     %span = arith.muli %room, %step_1 : index
// CHECK-NEXT:     %start_2 = arith.index_cast %start_1 : i32 to index
// CHECK-NEXT:     %reach = arith.addi %start_2, %span : index
// CHECK-NEXT:     %end = arith.minsi %reach, %ub_1 : index
// CHECK-NEXT:     %end_1 = arith.index_cast %end : index to i32
// CHECK-NEXT:     %r_1 = scf.for %i_1 = %start_1 to %end_1 step %step iter_args(%sum_2 = %sum_1) -> (f64) : i32 {
// CHECK-NEXT:       %next = arith.addf %sum_2, %a : f64
// CHECK-NEXT:       tape.push %s, %sum_2 : !tape.region<[f64], aos, tile 32>
// CHECK-NEXT:       scf.yield %next : f64
// CHECK-NEXT:     }
// CHECK-NEXT:     scf.yield %end_1, %r_1 : i32, f64
// CHECK-NEXT:   }
// CHECK-NEXT:   func.return %r : f64

// -----

// Bounds of which nothing is known: sums with them might wrap, distances do not.
func.func @anywhere(%lb: index, %ub: index, %step: index, %n: index, %a: f64) {
  %s = tape.allocate %n : !tape.region<[f64], aos>
  scf.for %i = %lb to %ub step %step {
    tape.push %s, %a : !tape.region<[f64], aos>
  }
  func.return
}
// CHECK-LABEL: func.func @anywhere(%lb: index, %ub: index, %step: index, %n: index, %a: f64) {
// CHECK-NEXT:   %c9223372036854775807 = arith.constant 9223372036854775807 : index
// CHECK-NEXT:   %s = tape.allocate %n : !tape.region<[f64], aos, tile 32>
// CHECK-NEXT:   scf.for %{{.*}} = %lb to %lb step %step {
// CHECK-NEXT:   }
// CHECK-NEXT:   %most = arith.divui %c9223372036854775807, %step : index
// CHECK-NEXT:   %i = scf.while (%start = %lb) : (index) -> index {
// CHECK-NEXT:     %more = arith.cmpi slt, %start, %ub : index
// CHECK-NEXT:     scf.condition(%more) %start : index
// CHECK-NEXT:   } do {
// CHECK-NEXT:   ^bb0(%start_1: index):
// CHECK-NEXT:     %room = tape.advance %s : !tape.region<[f64], aos, tile 32>
// CHECK-NEXT:     %records = arith.minsi %room, %most : index
// CHECK-NEXT:     %span = arith.muli %records, %step : index
// CHECK-NEXT:     %left = arith.subi %ub, %start_1 {tape.size} : index
// CHECK-NEXT:     %span_1 = arith.minsi %span, %left : index
// CHECK-NEXT:     %end = arith.addi %start_1, %span_1 : index
// CHECK-NEXT:     scf.for %i_1 = %start_1 to %end step %step {

// -----

// Outside of such loops every push and pop has its own boundary.
func.func @alone(%n: index, %p: i1, %a: f64) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %s = tape.allocate %n : !tape.region<[f64], aos>
  tape.push %s, %a : !tape.region<[f64], aos>
  scf.for %i = %c0 to %n step %c1 {
    scf.if %p {
      tape.push %s, %a : !tape.region<[f64], aos>
    }
  }
  scf.for %i = %c0 to %n step %c1 {
    tape.push %s, %a : !tape.region<[f64], aos>
    %x = tape.pop %s : !tape.region<[f64], aos>
  }
  func.return
}
// CHECK-LABEL: func.func @alone(%n: index, %p: i1, %a: f64) {
// CHECK-NEXT:   %c0 = arith.constant 0 : index
// CHECK-NEXT:   %c1 = arith.constant 1 : index
// CHECK-NEXT:   %s = tape.allocate %n : !tape.region<[f64], aos, tile 32>
// CHECK-NEXT:   %room = tape.advance %s : !tape.region<[f64], aos, tile 32>
// CHECK-NEXT:   tape.push %s, %a : !tape.region<[f64], aos, tile 32>
// CHECK-NEXT:   scf.for %i = %c0 to %n step %c1 {
// CHECK-NEXT:     scf.if %p {
// CHECK-NEXT:       %room_1 = tape.advance %s : !tape.region<[f64], aos, tile 32>
// CHECK-NEXT:       tape.push %s, %a : !tape.region<[f64], aos, tile 32>
// CHECK-NEXT:     }
// CHECK-NEXT:   }
// CHECK-NEXT:   scf.for %i_1 = %c0 to %n step %c1 {
// CHECK-NEXT:     %room_2 = tape.advance %s : !tape.region<[f64], aos, tile 32>
// CHECK-NEXT:     tape.push %s, %a : !tape.region<[f64], aos, tile 32>
// CHECK-NEXT:     %ready = tape.retreat %s : !tape.region<[f64], aos, tile 32>
// CHECK-NEXT:     %x = tape.pop %s : !tape.region<[f64], aos, tile 32>
// CHECK-NEXT:   }

// -----

// Two tapes in one loop: as many iterations as both tiles allow.
func.func @both(%n: index, %a: f64, %b: i1) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %s = tape.allocate %n : !tape.region<[f64], aos>
  %t = tape.allocate %n : !tape.region<[i1], aos>
  scf.for %i = %c0 to %n step %c1 {
    tape.push %s, %a : !tape.region<[f64], aos>
    %y = tape.pop %t : !tape.region<[i1], aos>
  }
  func.return
}
// CHECK-LABEL: func.func @both(%n: index, %a: f64, %b: i1) {
// CHECK-NEXT:   %c0 = arith.constant 0 : index
// CHECK-NEXT:   %c1 = arith.constant 1 : index
// CHECK-NEXT:   %s = tape.allocate %n : !tape.region<[f64], aos, tile 24>
// CHECK-NEXT:   %t = tape.allocate %n : !tape.region<[i1], aos, tile 64>
// CHECK-NEXT:   %i = scf.while (%start = %c0) : (index) -> index {
// CHECK-NEXT:     %more = arith.cmpi slt, %start, %n : index
// CHECK-NEXT:     scf.condition(%more) %start : index
// CHECK-NEXT:   } do {
// CHECK-NEXT:   ^bb0(%start_1: index):
// CHECK-NEXT:     %room = tape.advance %s : !tape.region<[f64], aos, tile 24>
// CHECK-NEXT:     %ready = tape.retreat %t : !tape.region<[i1], aos, tile 64>
// CHECK-NEXT:     %records = arith.minsi %room, %ready : index
// CHECK-NEXT:     %reach = arith.addi %start_1, %records : index
// CHECK-NEXT:     %end = arith.minsi %reach, %n : index
// CHECK-NEXT:     scf.for %i_1 = %start_1 to %end step %c1 {
// CHECK-NEXT:       tape.push %s, %a : !tape.region<[f64], aos, tile 24>
// CHECK-NEXT:       %y = tape.pop %t : !tape.region<[i1], aos, tile 64>
// CHECK-NEXT:     }
// CHECK-NEXT:     scf.yield %end : index
// CHECK-NEXT:   }

// -----

// A region that never holds more than 2 records leaves the rest to the other.
func.func @small(%n: index, %a: f64) {
  %c2 = arith.constant 2 : index
  %s = tape.allocate %c2 : !tape.region<[f64], aos>
  %t = tape.allocate %n : !tape.region<[f64], aos>
  func.return
}
// CHECK-LABEL: func.func @small(%n: index, %a: f64) {
// CHECK-NEXT:   %c2 = arith.constant 2 : index
// CHECK-NEXT:   %s = tape.allocate %c2 : !tape.region<[f64], aos, tile 2>
// CHECK-NEXT:   %t = tape.allocate %n : !tape.region<[f64], aos, tile 24>

// -----

// A growing region stays one; its first capacity does not bound the tile, and tiles
// make room one by one.
func.func @growing(%n: index, %p: i1, %a: f64) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %s = tape.allocate %c2 growing : !tape.region<[f64], aos>
  scf.while () : () -> () {
    tape.reserve %s, %c1 : !tape.region<[f64], aos>
    tape.push %s, %a : !tape.region<[f64], aos>
    scf.condition(%p)
  } do {
    scf.yield
  }
  func.return
}
// CHECK-LABEL: func.func @growing(%n: index, %p: i1, %a: f64) {
// CHECK-NEXT:   %c0 = arith.constant 0 : index
// CHECK-NEXT:   %c1 = arith.constant 1 : index
// CHECK-NEXT:   %c2 = arith.constant 2 : index
// CHECK-NEXT:   %s = tape.allocate %c2 growing : !tape.region<[f64], aos, tile 32>
// CHECK-NEXT:   scf.while () : () -> () {
// CHECK-NEXT:     %room = tape.advance %s : !tape.region<[f64], aos, tile 32>
// CHECK-NEXT:     tape.push %s, %a : !tape.region<[f64], aos, tile 32>
// CHECK-NEXT:     scf.condition(%p)
// CHECK-NEXT:   } do {
// CHECK-NEXT:     scf.yield
// CHECK-NEXT:   }

// -----

// How many records come to a growing region is told in front of a loop.
func.func @expected(%n: index, %p: i1, %a: f64) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %s = tape.allocate %c2 growing : !tape.region<[f64, i1], aos>
  scf.if %p {
    scf.for %i = %c0 to %n step %c1 {
      tape.push %s, %a, %p : !tape.region<[f64, i1], aos>
    }
  }
  func.return
}
// CHECK-LABEL: func.func @expected
// CHECK:         scf.if %p {
// CHECK-NEXT:      %trips = arith.maxsi %n, %c0 : index
// CHECK-NEXT:      tape.expect %trips of 16 bytes
// CHECK-NEXT:      %i = scf.while

// -----

// Regions of the cache are left alone; what an allocation says comes before options.
func.func @places(%n: index, %a: f64) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %s = tape.allocate %c3 growing {tape.place = "cache"} : !tape.region<[f64], soa>
  %t = tape.allocate %c3 {tape.place = "scratchpad"} : !tape.region<[f64], aos>
  %u = tape.allocate %n {tape.place = "stream", tape.slots = 3 : i64, tape.tile = 8 : i64} : !tape.region<[f64], aos>
  %v = tape.allocate %n {tape.place = "stream"} : !tape.region<[f64], aos>
  scf.for %i = %c0 to %c3 step %c1 {
    tape.reserve %s, %c1 : !tape.region<[f64], soa>
    tape.push %s, %a : !tape.region<[f64], soa>
    tape.push %t, %a : !tape.region<[f64], aos>
  }
  scf.for %i = %c0 to %n step %c1 {
    tape.push %s, %a : !tape.region<[f64], soa>
  }
  func.return
}
// CHECK-LABEL: func.func @places
// CHECK:        %s = tape.allocate %c3 growing {tape.place = "cache"} : !tape.region<[f64], soa>
// CHECK-NEXT:   %t = tape.allocate %c3 {tape.place = "scratchpad"} : !tape.region<[f64], aos, tile 3>
// CHECK-NEXT:   %u = tape.allocate %n {tape.place = "stream", tape.slots = 3 : i64, tape.tile = 8 : i64} : !tape.region<[f64], aos, tile 8>
// CHECK-NEXT:   %v = tape.allocate %n {tape.place = "stream"} : !tape.region<[f64], aos, tile 16>
// CHECK:          scf.for
// CHECK-NEXT:       tape.reserve %s, %c1 : !tape.region<[f64], soa>
// CHECK-NEXT:       tape.push %s, %a : !tape.region<[f64], soa>
// CHECK-NEXT:       tape.push %t, %a : !tape.region<[f64], aos, tile 3>
// CHECK:        scf.for %i_2 = %c0 to %n step %c1 {
// CHECK-NEXT:     tape.push %s, %a : !tape.region<[f64], soa>
// CHECK-NEXT:   }

// -----

// What is pushed more often gets longer tiles.
func.func @often(%n: index, %a: f64) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %m = arith.muli %n, %n : index
  %s = tape.allocate %m : !tape.region<[f64], aos>
  %t = tape.allocate %n : !tape.region<[f64], aos>
  scf.for %i = %c0 to %n step %c1 {
    scf.for %j = %c0 to %n step %c1 {
      tape.push %s, %a : !tape.region<[f64], aos>
    }
    tape.push %t, %a : !tape.region<[f64], aos>
  }
  func.return
}
// CHECK-LABEL: func.func @often
// CHECK:         %s = tape.allocate %m : !tape.region<[f64], aos, tile 24>
// CHECK-NEXT:    %t = tape.allocate %n : !tape.region<[f64], aos, tile 8>
