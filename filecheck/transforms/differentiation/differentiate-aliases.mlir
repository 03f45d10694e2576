// RUN: tapeflow-opt %s -p 'differentiate,canonicalize,cse' --split-input-file | filecheck %s

// Writing through a buffer chosen at run time may change what the other names read:
// the index is saved, not loaded again.
// CHECK-LABEL: @selected_grad
// CHECK:         %tape_p = tape.stack {{.*}} : !tape.stack<index>
// CHECK:         ad.turn
// CHECK:         tape.pop %tape_p : !tape.stack<index>
func.func @selected(%x: memref<4xf64>, %i: memref<4xindex>, %j: memref<4xindex>, %c: i1, %n: index) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f64
  %either = arith.select %c, %i, %j : memref<4xindex>
  %sum = scf.for %k = %c0 to %n step %c1 iter_args(%s = %zero) -> (f64) {
    %p = memref.load %i[%c0] : memref<4xindex>
    %v = memref.load %x[%p] : memref<4xf64>
    %next = arith.addf %s, %v : f64
    memref.store %c1, %either[%c0] : memref<4xindex>
    scf.yield %next : f64
  }
  %square = arith.mulf %sum, %sum : f64
  func.return %square : f64
}
ad.gradient @selected_grad of @selected wrt [0]

// -----

// So do writes by operations other than a store.
// CHECK-LABEL: @copied_grad
// CHECK:         tape.stack
// CHECK:         ad.turn
// CHECK:         tape.pop
func.func @copied(%x: memref<4xf64>, %i: memref<4xi64>, %j: memref<4xi64>, %n: index) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %one = arith.constant 1 : i64
  %zero = arith.constant 0.0 : f64
  %sum = scf.for %k = %c0 to %n step %c1 iter_args(%s = %zero) -> (f64) {
    %q = memref.load %i[%c0] : memref<4xi64>
    %p = arith.index_cast %q : i64 to index
    %v = memref.load %x[%p] : memref<4xf64>
    %next = arith.addf %s, %v : f64
    memref.copy %j, %i : memref<4xi64> to memref<4xi64>
    scf.yield %next : f64
  }
  %square = arith.mulf %sum, %sum : f64
  func.return %square : f64
}
ad.gradient @copied_grad of @copied wrt [0]

// -----

// The trip count of an i8 loop need not fit an i8: 200 iterations here. The reverse loop
// counts as the loop does, but in index; first plus last counter is %n - 101.
// CHECK-LABEL: @narrow_grad
// CHECK:         ad.turn
// CHECK:         [[N:%.*]] = arith.index_cast %n : i8 to index
// CHECK:         %ends = arith.addi [[N]], %c-101 : index
// CHECK:         scf.for %back = %c-100 to [[N]] step %{{.*}} {
// CHECK:           arith.index_cast %{{.*}} : index to i8
func.func @narrow(%x: memref<256xf64>, %n: i8) {
  %first = arith.constant -100 : i8
  %c1 = arith.constant 1 : i8
  %c100 = arith.constant 100 : index
  scf.for %i = %first to %n step %c1 : i8 {
    %signed = arith.index_cast %i : i8 to index
    %at = arith.addi %signed, %c100 : index
    %v = memref.load %x[%at] : memref<256xf64>
    %w = math.sin %v : f64
    memref.store %w, %x[%at] : memref<256xf64>
  }
  func.return
}
ad.gradient @narrow_grad of @narrow wrt [0]

// -----

// A view whose stride may be 0 has one element under several indices: what is loaded
// is saved, although the loop's variable is its index.
// CHECK-LABEL: @still_grad
// CHECK:         tape.stack {{.*}} : !tape.stack<f64>
// CHECK:         ad.turn
func.func @still(%x: memref<8xf64>, %s: index, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %a = memref.subview %x[0] [8] [%s] : memref<8xf64> to memref<8xf64, strided<[?]>>
  scf.for %k = %c0 to %n step %c1 {
    %u = memref.load %a[%k] : memref<8xf64, strided<[?]>>
    %v = arith.mulf %u, %u : f64
    memref.store %v, %a[%k] : memref<8xf64, strided<[?]>>
    scf.yield
  }
  func.return
}
ad.gradient @still_grad of @still wrt [0]

// -----

// What a copy inside one buffer moves is taken out of the shadow before it is given on.
// CHECK-LABEL: @shift_grad
// CHECK:         ad.turn
// CHECK:         %taken = memref.alloc() : memref<5xf64>
// CHECK:         scf.for
// CHECK:           memref.store %{{.*}}, %taken
// CHECK:         scf.for
// CHECK:           memref.load %taken
// CHECK:         memref.dealloc %taken
func.func @shift(%x: memref<6xf64>) {
  %lo = memref.subview %x[0] [5] [1] : memref<6xf64> to memref<5xf64, strided<[1]>>
  %hi = memref.subview %x[1] [5] [1] : memref<6xf64> to memref<5xf64, strided<[1], offset: 1>>
  memref.copy %lo, %hi : memref<5xf64, strided<[1]>> to memref<5xf64, strided<[1], offset: 1>>
  func.return
}
ad.gradient @shift_grad of @shift wrt [0]
