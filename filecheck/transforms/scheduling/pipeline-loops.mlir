// RUN: tapeflow-opt %s -p pipeline-loops | filecheck %s
// RUN: not tapeflow-opt %s -p 'pipeline-loops{stages=3}' 2>&1 | filecheck %s --check-prefix=THREE

// THREE: pipeline-loops: stages=3 is not a power of two

// The early half loads and multiplies for iteration %i while the late half takes the
// exponential of the one before; the sum is carried late.
// CHECK-LABEL: func.func @dot
// CHECK:         %some = arith.cmpi slt, %c0, %n : index
// CHECK-NEXT:    %sum = scf.if %some -> (f64) {
// CHECK-NEXT:      memref.load %a[%c0] : memref<?xf64>
// CHECK-NEXT:      memref.load %b[%c0] : memref<?xf64>
// CHECK-NEXT:      arith.mulf
// CHECK-NEXT:      %[[FIRST:.*]] = arith.divf
// CHECK-NEXT:      %second = arith.addi %c0, %c1 : index
// CHECK-NEXT:      %[[SUM:.*]], %[[LAST:.*]] = scf.for %i = %second to %n step %c1 iter_args(%[[S:.*]] = %zero, %[[Y:.*]] = %[[FIRST]]) -> (f64, f64) {
// CHECK-NEXT:        math.exp %[[Y]] : f64
// CHECK-NEXT:        memref.load %a[%i] : memref<?xf64>
// CHECK-NEXT:        memref.load %b[%i] : memref<?xf64>
// CHECK-NEXT:        arith.mulf
// CHECK-NEXT:        %[[NEXT:.*]] = arith.divf
// CHECK-NEXT:        arith.mulf
// CHECK-NEXT:        arith.subf
// CHECK-NEXT:        %[[T:.*]] = arith.addf %[[S]],
// CHECK-NEXT:        scf.yield %[[T]], %[[NEXT]] : f64, f64
// CHECK-NEXT:      }
// CHECK-NEXT:      math.exp %[[LAST]] : f64
// CHECK-NEXT:      arith.mulf
// CHECK-NEXT:      arith.subf
// CHECK-NEXT:      arith.addf %[[SUM]],
// CHECK-NEXT:      scf.yield
// CHECK-NEXT:    } else {
// CHECK-NEXT:      scf.yield %zero : f64
// CHECK-NEXT:    }
func.func @dot(%a: memref<?xf64>, %b: memref<?xf64>, %n: index) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f64
  %sum = scf.for %i = %c0 to %n step %c1 iter_args(%s = %zero) -> (f64) {
    %x = memref.load %a[%i] : memref<?xf64>
    %y = memref.load %b[%i] : memref<?xf64>
    %xy = arith.mulf %x, %y : f64
    %ratio = arith.divf %xy, %x : f64
    %e = math.exp %ratio : f64
    %twice = arith.mulf %e, %e : f64
    %less = arith.subf %twice, %e : f64
    %t = arith.addf %s, %less : f64
    scf.yield %t : f64
  }
  func.return %sum : f64
}

// Each iteration reads what the one before has written: nothing can begin early.
// CHECK-LABEL: func.func @chain
// CHECK-NOT:     scf.if
// CHECK:         scf.for %i = %c1 to %n step %c1 {
// CHECK-NOT:     scf.if
func.func @chain(%a: memref<?xf64>, %n: index) {
  %c1 = arith.constant 1 : index
  scf.for %i = %c1 to %n step %c1 {
    %before = arith.subi %i, %c1 : index
    %x = memref.load %a[%before] : memref<?xf64>
    %e = math.exp %x : f64
    %f = arith.mulf %e, %e : f64
    %g = arith.divf %f, %x : f64
    %h = arith.addf %g, %e : f64
    %k = arith.subf %h, %x : f64
    memref.store %k, %a[%i] : memref<?xf64>
  }
  func.return
}

// What is stored in one argument is not what is loaded from another,
// CHECK-LABEL: func.func @apart
// CHECK:         scf.if
func.func @apart(%a: memref<?xf64>, %b: memref<?xf64>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    %x = memref.load %a[%i] : memref<?xf64>
    %y = math.exp %x : f64
    %z = arith.divf %y, %x : f64
    %u = math.exp %z : f64
    %v = arith.divf %u, %x : f64
    %j = arith.addi %i, %c1 : index
    %m = arith.remui %j, %n : index
    memref.store %v, %b[%m] : memref<?xf64>
  }
  func.return
}

// unless the function is called with one buffer for both.
// CHECK-LABEL: func.func @together
// CHECK-NOT:     scf.if
// CHECK-LABEL: func.func @caller
func.func @together(%a: memref<?xf64>, %b: memref<?xf64>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    %x = memref.load %a[%i] : memref<?xf64>
    %y = math.exp %x : f64
    %z = arith.divf %y, %x : f64
    %u = math.exp %z : f64
    %v = arith.divf %u, %x : f64
    %j = arith.addi %i, %c1 : index
    %m = arith.remui %j, %n : index
    memref.store %v, %b[%m] : memref<?xf64>
  }
  func.return
}

func.func @caller(%a: memref<?xf64>, %n: index) {
  func.call @together(%a, %a, %n) : (memref<?xf64>, memref<?xf64>, index) -> ()
  func.return
}
