// RUN: tapeflow-opt %s -p 'reorder-loops{factor=2}' | filecheck %s
// RUN: tapeflow-opt %s -p reorder-loops | filecheck %s --check-prefix=AUTO
// RUN: not tapeflow-opt %s -p 'reorder-loops{factor=3}' 2>&1 | filecheck %s --check-prefix=THREE
// RUN: not tapeflow-opt %S/../../../tapeflow/programs/logsumexp.mlir -p 'request-gradient{function=logsumexp wrt=0},differentiate{policy=save-all},reorder-loops' 2>&1 | filecheck %s --check-prefix=LATE
// RUN: not tapeflow-opt %s -p 'baseline{function=exponentials wrt=0 as-written=true reorder=true}' 2>&1 | filecheck %s --check-prefix=TWO

// THREE: reorder-loops: factor=3 is not 1, 2, 4, 8 or 16
// LATE:  reorder-loops works on a request for a gradient, and this is an abstract tape already: run reorder-loops before differentiate
// TWO:  'as-written' leaves loops as they are and 'reorder' does not: give one

// Each copy has a sum of its own, which begins with what changes nothing.
// CHECK-LABEL: func.func @exponentials
// CHECK-DAG:     %zero = arith.constant 0.000000e+00 : f64
// CHECK-DAG:     %nothing = arith.constant -0.000000e+00 : f64
// CHECK:         %[[END:.*]] = arith.andi %end, %c-2 : index
// CHECK-NEXT:    %sum, %[[OTHER:.*]] = scf.for %i = %c0 to %[[END]] step %c2 iter_args(%s = %zero, %[[S1:.*]] = %nothing) -> (f64, f64) {
// CHECK-NEXT:      %[[I1:.*]] = arith.addi %i, %c1 : index
// CHECK-NEXT:      %x = memref.load %a[%i] : memref<?xf64>
// CHECK-NEXT:      %[[X1:.*]] = memref.load %a[%[[I1]]] : memref<?xf64>
// CHECK-NEXT:      %y = math.exp %x : f64
// CHECK-NEXT:      %[[Y1:.*]] = math.exp %[[X1]] : f64
// CHECK-NEXT:      %t = arith.addf %s, %y : f64
// CHECK-NEXT:      %[[T1:.*]] = arith.addf %[[S1]], %[[Y1]] : f64
// CHECK-NEXT:      scf.yield %t, %[[T1]] : f64, f64
// CHECK-NEXT:    }
// CHECK-NEXT:    %[[BOTH:.*]] = arith.addf %sum, %[[OTHER]] : f64
// CHECK-NEXT:    scf.for {{.*}} = %[[END]] to %n step %c1 iter_args({{.*}} = %[[BOTH]]) -> (f64) {
// AUTO-LABEL:  func.func @exponentials
// AUTO:          scf.for %i = %c0 to %{{.*}} step %c4
func.func @exponentials(%a: memref<?xf64>, %n: index) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f64
  %sum = scf.for %i = %c0 to %n step %c1 iter_args(%s = %zero) -> (f64) {
    %x = memref.load %a[%i] : memref<?xf64>
    %y = math.exp %x : f64
    %t = arith.addf %s, %y : f64
    scf.yield %t : f64
  }
  func.return %sum : f64
}

// What hands on a value through memory is one step: one copy after the other.
// CHECK-LABEL: func.func @running_sum
// CHECK:         scf.for %i = %c0 to %{{.*}} step %c2 {
// CHECK:           memref.load %a[%i]
// CHECK-NEXT:      memref.load %a[%{{.*}}]
// CHECK-NEXT:      memref.load %b[%i]
// CHECK:           memref.store
// CHECK:           memref.load %b
// CHECK:           memref.store
// CHECK:         }
// AUTO-LABEL:  func.func @running_sum
// AUTO-NOT:      step %c4
func.func @running_sum(%a: memref<?xf64>, %b: memref<?xf64>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    %x = memref.load %a[%i] : memref<?xf64>
    %y = memref.load %b[%i] : memref<?xf64>
    %i_next = arith.addi %i, %c1 : index
    %z = arith.addf %x, %y : f64
    memref.store %z, %b[%i_next] : memref<?xf64>
  }
  func.return
}

// Rows that go on with one sum are jammed; in `jam-loops` they would have to wait.
// CHECK-LABEL: func.func @squares_of_rows
// CHECK:         scf.for %i = %c0 to %{{.*}} step %c2 iter_args(%s = %zero, %{{.*}} = %nothing) -> (f64, f64) {
// CHECK:           scf.for %j = %c0 to %m step %c1 iter_args(%r = %s, %{{.*}} = %{{.*}}) -> (f64, f64) {
// AUTO-LABEL:  func.func @squares_of_rows
func.func @squares_of_rows(%a: memref<?x?xf64>, %n: index, %m: index) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f64
  %sum = scf.for %i = %c0 to %n step %c1 iter_args(%s = %zero) -> (f64) {
    %row = scf.for %j = %c0 to %m step %c1 iter_args(%r = %s) -> (f64) {
      %x = memref.load %a[%i, %j] : memref<?x?xf64>
      %y = arith.mulf %x, %x : f64
      %t = arith.addf %r, %y : f64
      scf.yield %t : f64
    }
    scf.yield %row : f64
  }
  func.return %sum : f64
}

// The largest of all is no sum.
// CHECK-LABEL: func.func @largest
// CHECK:         scf.for %i = %c0 to %{{.*}} step %c2 iter_args(%s = %zero) -> (f64) {
// AUTO-LABEL:  func.func @largest
// AUTO-NOT:      step %c4
func.func @largest(%a: memref<?xf64>, %n: index) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f64
  %max = scf.for %i = %c0 to %n step %c1 iter_args(%s = %zero) -> (f64) {
    %x = memref.load %a[%i] : memref<?xf64>
    %t = arith.maximumf %s, %x : f64
    scf.yield %t : f64
  }
  func.return %max : f64
}
