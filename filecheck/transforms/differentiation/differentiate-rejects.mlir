// RUN: tapeflow-opt %s -p differentiate --split-input-file --verify-diagnostics | filecheck %s

func.func private @unknown(f64) -> f64
func.func @calls(%x: f64) -> f64 {
  %y = func.call @unknown(%x) : (f64) -> f64
  func.return %y : f64
}
ad.gradient @calls_grad of @calls wrt [0]
// CHECK: cannot differentiate @calls: a call of @unknown, which has no body here; define it in this module

// -----

func.func private @outside(f64) -> f64
ad.gradient @outside_grad of @outside wrt [0]
// CHECK: cannot differentiate @outside: it has no body; define it in this module

// -----

func.func @itself(%x: f64) -> f64 {
  %y = func.call @itself(%x) : (f64) -> f64
  func.return %y : f64
}
ad.gradient @itself_grad of @itself wrt [0]
// CHECK: @itself calls itself (itself -> itself); a recursion has no reverse, write it as a loop

// -----

func.func @down(%x: f64, %n: index) -> f64 {
  %c0 = arith.constant 0 : index
  %cm1 = arith.constant -1 : index
  %y = scf.for %i = %n to %c0 step %cm1 iter_args(%s = %x) -> (f64) {
    %t = arith.mulf %s, %x : f64
    scf.yield %t : f64
  }
  func.return %y : f64
}
ad.gradient @down_grad of @down wrt [0]
// CHECK: the step of this loop is -1; it must be positive; count up, and compute what counts down from that

// -----

func.func @bits(%x: f64) -> f64 {
  %b = arith.bitcast %x : f64 to i64
  %y = arith.bitcast %b : i64 to f64
  %z = arith.addf %x, %y : f64
  func.return %z : f64
}
ad.gradient @bits_grad of @bits wrt [0]
// CHECK: 'arith.bitcast' of a value that carries a derivative; keep it a float

// -----

func.func @while(%a: memref<4xf64>, %b: memref<4xf64>, %c: i1) {
  %i = arith.constant 0 : index
  %p, %q = scf.while (%x = %a, %y = %b) : (memref<4xf64>, memref<4xf64>) -> (memref<4xf64>, memref<4xf64>) {
    scf.condition(%c) %x, %y : memref<4xf64>, memref<4xf64>
  } do {
  ^bb0(%from: memref<4xf64>, %to: memref<4xf64>):
    %v = memref.load %from[%i] : memref<4xf64>
    memref.store %v, %to[%i] : memref<4xf64>
    scf.yield %to, %from : memref<4xf64>, memref<4xf64>
  }
  func.return
}
ad.gradient @while_grad of @while wrt [0, 1]
// CHECK: cannot differentiate @while: an scf.while carries a buffer; copy between two buffers instead of swapping them

// -----

func.func @chosen(%a: memref<4xf64>, %b: memref<4xf64>, %c: i1) {
  %i = arith.constant 0 : index
  %m = scf.if %c -> (memref<4xf64>) {
    scf.yield %a : memref<4xf64>
  } else {
    scf.yield %b : memref<4xf64>
  }
  %v = memref.load %m[%i] : memref<4xf64>
  %w = math.exp %v : f64
  memref.store %w, %m[%i] : memref<4xf64>
  func.return
}
ad.gradient @chosen_grad of @chosen wrt [0]
// CHECK: a buffer chosen at run time; move the accesses into the branches of an scf.if
// CHECK: also: a buffer chosen at run time

// -----

func.func @selected(%a: memref<4xf64>, %b: memref<4xf64>, %c: i1) -> f64 {
  %i = arith.constant 0 : index
  %m = arith.select %c, %a, %b : memref<4xf64>
  %v = memref.load %m[%i] : memref<4xf64>
  func.return %v : f64
}
ad.gradient @selected_grad of @selected wrt [0]
// CHECK: a buffer chosen at run time; move the accesses into the branches of an scf.if

// -----

func.func @reinterpreted(%a: memref<4xf64, strided<[1], offset: ?>>) -> f64 {
  %i = arith.constant 0 : index
  %m = memref.reinterpret_cast %a to offset: [0], sizes: [4], strides: [1] : memref<4xf64, strided<[1], offset: ?>> to memref<4xf64>
  %v = memref.load %m[%i] : memref<4xf64>
  func.return %v : f64
}
ad.gradient @reinterpreted_grad of @reinterpreted wrt [0]
// CHECK: 'memref.reinterpret_cast' counts elements from the beginning of a buffer, and it is not known here which buffer that is; use memref.subview

// -----

func.func @nested(%a: memref<f64>) -> f64 {
  %m = memref.alloc() : memref<memref<f64>>
  memref.store %a, %m[] : memref<memref<f64>>
  %b = memref.load %m[] : memref<memref<f64>>
  %v = memref.load %b[] : memref<f64>
  func.return %v : f64
}
ad.gradient @nested_grad of @nested wrt [0]
// CHECK: a buffer of buffers; use one buffer with one more dimension

// -----

func.func @overwritten(%a: memref<4xf64>, %b: memref<4xf64>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %p, %q = scf.for %i = %c0 to %n step %c1 iter_args(%x = %a, %y = %b) -> (memref<4xf64>, memref<4xf64>) {
    %v = memref.load %x[%c0] : memref<4xf64>
    memref.store %v, %y[%c1] : memref<4xf64>
    scf.yield %y, %y : memref<4xf64>, memref<4xf64>
  }
  func.return
}
ad.gradient @overwritten_grad of @overwritten wrt [0, 1]
// CHECK: the buffers this loop carries are not merely permuted; yield each carried buffer exactly once, in any order

// -----

func.func @swapped(%a: memref<4xf64>, %b: memref<4xf64>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %p, %q = scf.for %i = %c0 to %n step %c1 iter_args(%x = %a, %y = %b) -> (memref<4xf64>, memref<4xf64>) {
    %v = memref.load %x[%c0] : memref<4xf64>
    memref.store %v, %y[%c1] : memref<4xf64>
    scf.yield %y, %x : memref<4xf64>, memref<4xf64>
  }
  func.return
}
ad.gradient @swapped_grad of @swapped wrt [0] constant [1]
// CHECK: cannot differentiate @swapped: a constant buffer is swapped with one in wrt; take it out of constant

// -----

func.func @strided(%x: f64, %work: memref<4xf64, strided<[2]>>) -> f64 {
  %c0 = arith.constant 0 : index
  memref.store %x, %work[%c0] : memref<4xf64, strided<[2]>>
  %y = memref.load %work[%c0] : memref<4xf64, strided<[2]>>
  func.return %y : f64
}
ad.gradient @strided_grad of @strided wrt [0]
// CHECK: cannot differentiate @strided: a shadow for a buffer of type memref<4xf64, strided<[2]>> cannot be allocated; ask for its gradient with wrt, or use a plain layout

// -----

func.func @misspelled(%x: memref<4xf64>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %c1 step %c1 {
    %v = memref.load %x[%i] : memref<4xf64>
    %w = math.sin %v : f64
    memref.store %w, %x[%i] : memref<4xf64>
  } {tape.policy = "save-most"}
  func.return
}
ad.gradient @misspelled_grad of @misspelled wrt [0]
// CHECK: cannot differentiate @misspelled: tape.policy is "save-most"; the policies are 'min-cut', 'save-all', 'recompute'
