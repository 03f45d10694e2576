// RUN: tapeflow-opt %s -p 'differentiate,simplify-adjoints,canonicalize,cse' --split-input-file | filecheck %s

// A rule that reads the result saves nothing at the top level.
// CHECK-LABEL: @exp_grad(%x: f64, %d_y: f64) -> (f64, f64)
// CHECK-NEXT:    %y = math.exp %x : f64
// CHECK-NEXT:    ad.turn
// CHECK-NEXT:    %d_x = arith.mulf %d_y, %y : f64
// CHECK-NEXT:    func.return %y, %d_x : f64, f64
func.func @exp(%x: f64) -> f64 {
  %y = math.exp %x : f64
  func.return %y : f64
}
ad.gradient @exp_grad of @exp wrt [0]

// -----

// Each term of a sum is reversed at once: the loop and its reverse are fused.
// CHECK-LABEL: @sum_of_squares_grad
// CHECK-SAME:    (%x: memref<?xf64>, %d_x: memref<?xf64>, %d_sum: f64) -> f64
// CHECK-NOT:     tape.push
// CHECK:         %sum = scf.for %i = %c0 to %n step %c1 iter_args(%s = %zero) -> (f64) {
// CHECK-NEXT:      %xi = memref.load %x[%i]
// CHECK:           [[P:%.*]] = arith.mulf %d_sum, %xi : f64
// CHECK:           memref.store %{{.*}}, %d_x[%i]
// CHECK-NEXT:      scf.yield %next : f64
// CHECK-NEXT:    } {ad.fused}
// CHECK-NEXT:    ad.turn
// CHECK-NEXT:    func.return %sum
func.func @sum_of_squares(%x: memref<?xf64>) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f64
  %n = memref.dim %x, %c0 : memref<?xf64>
  %sum = scf.for %i = %c0 to %n step %c1 iter_args(%s = %zero) -> (f64) {
    %xi = memref.load %x[%i] : memref<?xf64>
    %square = arith.mulf %xi, %xi : f64
    %next = arith.addf %s, %square : f64
    scf.yield %next : f64
  }
  func.return %sum : f64
}
ad.gradient @sum_of_squares_grad of @sum_of_squares wrt [0]

// -----

// A loop saves what its rules read; reading unchanged memory again costs no tape.
// CHECK-LABEL: @squared_sum_grad
// CHECK-NOT:     tape.push
// CHECK:         ad.turn
// CHECK:         scf.for %back = %{{.*}} to %n step
// CHECK-NEXT:      %i_1 = arith.subi %last, %back : index
// CHECK-NEXT:      [[X:%.*]] = memref.load %x[%i_1]
// CHECK-NEXT:      [[P:%.*]] = arith.mulf %{{.*}}, [[X]] : f64
func.func @squared_sum(%x: memref<?xf64>) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f64
  %n = memref.dim %x, %c0 : memref<?xf64>
  %sum = scf.for %i = %c0 to %n step %c1 iter_args(%s = %zero) -> (f64) {
    %xi = memref.load %x[%i] : memref<?xf64>
    %square = arith.mulf %xi, %xi : f64
    %next = arith.addf %s, %square : f64
    scf.yield %next : f64
  }
  %square = arith.mulf %sum, %sum : f64
  func.return %square : f64
}
ad.gradient @squared_sum_grad of @squared_sum wrt [0]

// -----

// Independent samples that share a work buffer: it is overwritten in each iteration, so
// the loop over the samples is fused. What the inner loop needs is loaded from there.
// CHECK-LABEL: @samples_grad
// CHECK-NOT:     tape.push
// CHECK:         %loss, %d_w = scf.for %n = {{.*}} iter_args(%sum = %zero, %d_w_1 = %zero)
// CHECK:         } {ad.fused}
// CHECK:         ad.turn
// CHECK-NOT:     scf.for
// CHECK:         func.return
func.func @samples(%x: memref<?x4xf64>, %w: f64) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %zero = arith.constant 0.0 : f64
  %samples = memref.dim %x, %c0 : memref<?x4xf64>
  %hidden = memref.alloc() : memref<4xf64>
  %loss = scf.for %n = %c0 to %samples step %c1 iter_args(%sum = %zero) -> (f64) {
    scf.for %i = %c0 to %c4 step %c1 {
      %xi = memref.load %x[%n, %i] : memref<?x4xf64>
      %wx = arith.mulf %w, %xi : f64
      %h = math.tanh %wx : f64
      memref.store %h, %hidden[%i] : memref<4xf64>
    }
    %product = scf.for %i = %c0 to %c4 step %c1 iter_args(%p = %w) -> (f64) {
      %h = memref.load %hidden[%i] : memref<4xf64>
      %square = arith.mulf %h, %h : f64
      %next = arith.addf %p, %square : f64
      scf.yield %next : f64
    }
    %exp = math.exp %product : f64
    %next = arith.addf %sum, %exp : f64
    scf.yield %next : f64
  }
  memref.dealloc %hidden : memref<4xf64>
  %two = arith.constant 2.0 : f64
  %mean = arith.divf %loss, %two : f64
  func.return %mean : f64
}
ad.gradient @samples_grad of @samples wrt [0, 1]

// -----

// A value that is overwritten is pushed before and popped after the turn.
// CHECK-LABEL: @square_in_place_grad
// CHECK:         %tape_xi = tape.stack {{.*}} : !tape.stack<f64>
// CHECK:           tape.push %tape_xi, %xi : !tape.stack<f64>
// CHECK:         ad.turn
// CHECK:           %{{.*}} = tape.pop %tape_xi : !tape.stack<f64>
// CHECK:         func.return
func.func @square_in_place(%x: memref<?xf64>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = memref.dim %x, %c0 : memref<?xf64>
  scf.for %i = %c0 to %n step %c1 {
    %xi = memref.load %x[%i] : memref<?xf64>
    %square = arith.mulf %xi, %xi : f64
    memref.store %square, %x[%i] : memref<?xf64>
  }
  func.return
}
ad.gradient @square_in_place_grad of @square_in_place wrt [0]

// -----

// A minimum records its choice, one bit, instead of its operands.
// CHECK-LABEL: @clamp_grad
// CHECK:         !tape.stack<i1>
// CHECK-NOT:     !tape.stack<f64>
func.func @clamp(%x: memref<?xf64>, %most: f64) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = memref.dim %x, %c0 : memref<?xf64>
  scf.for %i = %c0 to %n step %c1 {
    %xi = memref.load %x[%i] : memref<?xf64>
    %least = arith.minimumf %most, %xi : f64
    memref.store %least, %x[%i] : memref<?xf64>
  }
  func.return
}
ad.gradient @clamp_grad of @clamp wrt [0, 1]

// -----

// A running minimum notes the last iteration that changed it, and needs no tape.
// CHECK-LABEL: @least_grad
// CHECK-NOT:     tape.push
// CHECK:         %least, %last = scf.for %i = {{.*}} iter_args(%m = %start, %last_1 = %n)
// CHECK:           %chose_next = arith.cmpf
// CHECK-NEXT:      [[L:%.*]] = arith.select %chose_next, %last_1, %i : index
// CHECK-NEXT:      scf.yield %next, [[L]] : f64, index
// CHECK:         ad.turn
// CHECK:           %chose_next_1 = arith.cmpi ne, %{{.*}}, %last : index
func.func @least(%x: memref<?xf64>, %start: f64) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = memref.dim %x, %c0 : memref<?xf64>
  %least = scf.for %i = %c0 to %n step %c1 iter_args(%m = %start) -> (f64) {
    %xi = memref.load %x[%i] : memref<?xf64>
    %next = arith.minimumf %m, %xi : f64
    scf.yield %next : f64
  }
  func.return %least : f64
}
ad.gradient @least_grad of @least wrt [0, 1]

// -----

// Swapped buffers: the shadows turn as often as the trip count leaves a remainder, and
// the reverse loop swaps them back.
// CHECK-LABEL: @swap_grad
// CHECK:         ad.turn
// CHECK:         %turns = arith.remui %{{.*}}, %{{.*}} : index
// CHECK:         scf.for %{{.*}} = %{{.*}} to %turns step %{{.*}} iter_args([[A:%.*]] = %{{.*}}, [[B:%.*]] = %{{.*}})
// CHECK-NEXT:      scf.yield [[B]], [[A]] : memref<4xf64>, memref<4xf64>
// CHECK:         scf.for %back{{.*}} iter_args([[C:%.*]] = %{{.*}}, [[D:%.*]] = %{{.*}})
// CHECK:           scf.yield [[D]], [[C]] : memref<4xf64>, memref<4xf64>
func.func @swap(%a: memref<4xf64>, %b: memref<4xf64>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %p, %q = scf.for %i = %c0 to %n step %c1 iter_args(%from = %a, %to = %b) -> (memref<4xf64>, memref<4xf64>) {
    %v = memref.load %from[%c1] : memref<4xf64>
    %w = math.sin %v : f64
    memref.store %w, %to[%c0] : memref<4xf64>
    scf.yield %to, %from : memref<4xf64>, memref<4xf64>
  }
  func.return
}
ad.gradient @swap_grad of @swap wrt [0, 1]

// -----

// The condition of a branch is saved, what the branch saves stays inside it.
// CHECK-LABEL: @branch_grad
// CHECK:           scf.if %negative
// CHECK:             tape.push %tape_{{.*}}, %{{.*}} : !tape.stack<f64>
// CHECK:           tape.push %tape_negative, %negative : !tape.stack<i1>
// CHECK:         ad.turn
// CHECK:           %{{.*}} = tape.pop %tape_negative : !tape.stack<i1>
// CHECK:           scf.if
// CHECK:             tape.pop
func.func @branch(%x: memref<?xf64>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f64
  %n = memref.dim %x, %c0 : memref<?xf64>
  scf.for %i = %c0 to %n step %c1 {
    %xi = memref.load %x[%i] : memref<?xf64>
    %negative = arith.cmpf olt, %xi, %zero : f64
    scf.if %negative {
      %e = math.exp %xi : f64
      %square = arith.mulf %e, %e : f64
      memref.store %square, %x[%i] : memref<?xf64>
    }
  }
  func.return
}
ad.gradient @branch_grad of @branch wrt [0]

// -----

// A work buffer outside wrt gets a zero shadow of its own; only asked-for results
// are seeded.
// CHECK-LABEL: @work_grad
// CHECK-SAME:    (%x: f64, %work: memref<2xf64>, %d_y: f64) -> (f64, f64, f64)
// CHECK:         %d_work = memref.alloc() : memref<2xf64>
// CHECK:         memref.dealloc %d_work
func.func @work(%x: f64, %work: memref<2xf64>) -> (f64, f64) {
  %c0 = arith.constant 0 : index
  memref.store %x, %work[%c0] : memref<2xf64>
  %y = memref.load %work[%c0] : memref<2xf64>
  %z = math.exp %x : f64
  func.return %y, %z : f64, f64
}
ad.gradient @work_grad of @work wrt [0] seeds [0]

// -----

// Calls are inlined.
// CHECK-LABEL: @twice_grad
// CHECK-NOT:     func.call
// CHECK:         ad.turn
func.func @square(%v: f64) -> f64 {
  %s = arith.mulf %v, %v : f64
  func.return %s : f64
}
func.func @twice(%x: f64) -> f64 {
  %a = func.call @square(%x) : (f64) -> f64
  %b = func.call @square(%a) : (f64) -> f64
  func.return %b : f64
}
ad.gradient @twice_grad of @twice wrt [0]

// -----

// An scf.while counts its iterations; its reverse undoes the failing test first, then
// each iteration with its test.
// CHECK-LABEL: @repeat_grad
// CHECK:         %y, %trips = scf.while (%a = %x, %trips_1 = %c0)
// CHECK:           tape.push %tape_a, %a : !tape.stack<f64>
// CHECK:           scf.condition(%more) %square, %trips_1 : f64, index
// CHECK:           arith.addi %trips_2, %{{.*}} : index
// CHECK:         ad.turn
// CHECK-NEXT:    %a_1 = tape.pop %tape_a : !tape.stack<f64>
// CHECK:         scf.for %back = %c0 to %trips
// CHECK:           tape.pop %tape_a
func.func @repeat(%x: f64, %limit: f64) -> f64 {
  %y = scf.while (%a = %x) : (f64) -> f64 {
    %square = arith.mulf %a, %a : f64
    %more = arith.cmpf olt, %square, %limit : f64
    scf.condition(%more) %square : f64
  } do {
  ^bb0(%b: f64):
    %s = math.sin %b : f64
    scf.yield %s : f64
  }
  func.return %y : f64
}
ad.gradient @repeat_grad of @repeat wrt [0]

// -----

// Nothing flows through a constant buffer: the product stored in it is cut off.
// CHECK-LABEL: @held_grad
// CHECK-NOT:     %d_work = memref.alloc
// CHECK:         ad.turn
// CHECK-NEXT:    func.return %{{.*}}, %d_y : f64, f64
func.func @held(%x: f64, %work: memref<1xf64>) -> f64 {
  %c0 = arith.constant 0 : index
  %square = arith.mulf %x, %x : f64
  memref.store %square, %work[%c0] : memref<1xf64>
  %w = memref.load %work[%c0] : memref<1xf64>
  %y = arith.addf %w, %x : f64
  func.return %y : f64
}
ad.gradient @held_grad of @held wrt [0] constant [1]
