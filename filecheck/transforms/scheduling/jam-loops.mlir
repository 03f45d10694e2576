// RUN: tapeflow-opt %s -p 'jam-loops{factor=2}' | filecheck %s
// RUN: tapeflow-opt %s -p jam-loops | filecheck %s --check-prefix=AUTO
// RUN: not tapeflow-opt %s -p 'jam-loops{factor=3}' 2>&1 | filecheck %s --check-prefix=THREE

// THREE: jam-loops: factor=3 is not 1, 2, 4, 8 or 16

// Two rows at a time share what they load of the vector; the rest is the loop as it was.
// CHECK-LABEL: func.func @product
// CHECK:         %end = arith.maxsi %n, %c0 : index
// CHECK-NEXT:    %[[END:.*]] = arith.andi %end, %c-2 : index
// CHECK-NEXT:    scf.for %i = %c0 to %[[END]] step %c2 {
// CHECK-NEXT:      %[[NEXT:.*]] = arith.addi %i, %c1 : index
// CHECK-NEXT:      %[[S0:.*]], %[[S1:.*]] = scf.for %j = %c0 to %m step %c1 iter_args(%[[T0:.*]] = %zero, %[[T1:.*]] = %zero) -> (f64, f64) {
// CHECK-NEXT:        %[[A0:.*]] = memref.load %a[%i, %j] : memref<?x?xf64>
// CHECK-NEXT:        %[[X:.*]] = memref.load %x[%j] : memref<?xf64>
// CHECK-NEXT:        %[[P0:.*]] = arith.mulf %[[A0]], %[[X]] : f64
// CHECK-NEXT:        %[[U0:.*]] = arith.addf %[[T0]], %[[P0]] : f64
// CHECK-NEXT:        %[[A1:.*]] = memref.load %a[%[[NEXT]], %j] : memref<?x?xf64>
// CHECK-NEXT:        %[[P1:.*]] = arith.mulf %[[A1]], %[[X]] : f64
// CHECK-NEXT:        %[[U1:.*]] = arith.addf %[[T1]], %[[P1]] : f64
// CHECK-NEXT:        scf.yield %[[U0]], %[[U1]] : f64, f64
// CHECK-NEXT:      }
// CHECK-NEXT:      memref.store %[[S0]], %y[%i] : memref<?xf64>
// CHECK-NEXT:      memref.store %[[S1]], %y[%[[NEXT]]] : memref<?xf64>
// CHECK-NEXT:    }
// CHECK-NEXT:    scf.for %[[I:.*]] = %[[END]] to %n step %c1 {
// CHECK:           scf.for
// CHECK:           memref.store {{.*}}, %y[%[[I]]] : memref<?xf64>
// AUTO-LABEL:  func.func @product
// AUTO:          step %c4
// AUTO:          step %c2
func.func @product(%a: memref<?x?xf64>, %x: memref<?xf64>, %y: memref<?xf64>, %n: index, %m: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f64
  scf.for %i = %c0 to %n step %c1 {
    %s = scf.for %j = %c0 to %m step %c1 iter_args(%t = %zero) -> (f64) {
      %aij = memref.load %a[%i, %j] : memref<?x?xf64>
      %xj = memref.load %x[%j] : memref<?xf64>
      %p = arith.mulf %aij, %xj : f64
      %u = arith.addf %t, %p : f64
      scf.yield %u : f64
    }
    memref.store %s, %y[%i] : memref<?xf64>
  }
  func.return
}

// What both add to one element is added in order.
// CHECK-LABEL: func.func @transposed
// CHECK:         scf.for %i = %c0 to %{{.*}} step %c2 {
// CHECK:           scf.for %j = %c0 to %m step %c1 {
// CHECK-NEXT:        memref.load %a[%i, %j]
// CHECK-NEXT:        memref.load %y[%j]
// CHECK-NEXT:        arith.addf
// CHECK-NEXT:        memref.store {{.*}}, %y[%j]
// CHECK-NEXT:        memref.load %a
// CHECK-NEXT:        memref.load %y[%j]
// CHECK-NEXT:        arith.addf
// CHECK-NEXT:        memref.store {{.*}}, %y[%j]
// CHECK-NEXT:      }
func.func @transposed(%a: memref<?x?xf64>, %y: memref<?xf64>, %n: index, %m: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    scf.for %j = %c0 to %m step %c1 {
      %aij = memref.load %a[%i, %j] : memref<?x?xf64>
      %yj = memref.load %y[%j] : memref<?xf64>
      %s = arith.addf %yj, %aij : f64
      memref.store %s, %y[%j] : memref<?xf64>
    }
  }
  func.return
}

// The places of a tape that inner loops push to are known ahead: %m further each time.
// CHECK-LABEL: func.func @pushes
// CHECK:         %[[M:.*]] = arith.maxsi %m, %c0 : index
// CHECK-NEXT:    %top = scf.for %i = %c0 to %{{.*}} step %c2 iter_args(%[[TOP:.*]] = %c0) -> (index) {
// CHECK-NEXT:      arith.addi %i, %c1
// CHECK-NEXT:      %[[NEXT:.*]] = arith.addi %[[TOP]], %[[M]] : index
// CHECK-NEXT:      %[[T0:.*]], %[[T1:.*]] = scf.for %j = %c0 to %m step %c1 iter_args(%[[P0:.*]] = %[[TOP]], %[[P1:.*]] = %[[NEXT]]) -> (index, index) {
// CHECK:             memref.store {{.*}}, %field[%[[P0]]] {tape.field}
// CHECK:             memref.store {{.*}}, %field[%[[P1]]] {tape.field}
// CHECK:           scf.yield %[[T1]] : index
func.func @pushes(%a: memref<?x?xf64>, %field: memref<?xf64>, %n: index, %m: index) -> index {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %top = scf.for %i = %c0 to %n step %c1 iter_args(%top_1 = %c0) -> (index) {
    %top_2 = scf.for %j = %c0 to %m step %c1 iter_args(%top_3 = %top_1) -> (index) {
      %x = memref.load %a[%i, %j] : memref<?x?xf64>
      memref.store %x, %field[%top_3] {tape.field} : memref<?xf64>
      %top_4 = arith.addi %top_3, %c1 : index
      scf.yield %top_4 : index
    }
    scf.yield %top_2 : index
  }
  func.return %top : index
}

// Buffers that change places are two all the time.
// CHECK-LABEL: func.func @steps
// CHECK:         scf.for %i = %c0 to %{{.*}} step %c2 {
func.func @steps(%t: index, %n: index, %m: index) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %first = memref.alloc(%n, %m) : memref<?x?xf64>
  %second = memref.alloc(%n, %m) : memref<?x?xf64>
  %end, %spare = scf.for %s = %c0 to %t step %c1 iter_args(%from = %first, %to = %second) -> (memref<?x?xf64>, memref<?x?xf64>) {
    scf.for %i = %c0 to %n step %c1 {
      scf.for %j = %c0 to %m step %c1 {
        %x = memref.load %from[%j, %i] : memref<?x?xf64>
        memref.store %x, %to[%i, %j] : memref<?x?xf64>
      }
    }
    scf.yield %to, %from : memref<?x?xf64>, memref<?x?xf64>
  }
  %x = memref.load %end[%c0, %c0] : memref<?x?xf64>
  memref.dealloc %first : memref<?x?xf64>
  memref.dealloc %second : memref<?x?xf64>
  func.return %x : f64
}

// All these stay as they are: an order that would change, bounds that differ from row to
// row, a sum over both loops, a call, another step.
// CHECK-LABEL: func.func @stay
// CHECK-NOT:     step %c2 {
func.func @stay(%a: memref<?x?xf64>, %y: memref<?xf64>, %n: index, %m: index) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %zero = arith.constant 0.0 : f64
  scf.for %i = %c0 to %n step %c1 {
    scf.for %j = %c0 to %m step %c1 {
      %x = memref.load %y[%j] : memref<?xf64>
      %ij = arith.addi %i, %j : index
      memref.store %x, %y[%ij] : memref<?xf64>
    }
  }
  scf.for %i = %c0 to %n step %c1 {
    scf.for %j = %c0 to %i step %c1 {
      %x = memref.load %a[%i, %j] : memref<?x?xf64>
      memref.store %x, %a[%j, %i] : memref<?x?xf64>
    }
  }
  %sum = scf.for %i = %c0 to %n step %c1 iter_args(%s = %zero) -> (f64) {
    %row = scf.for %j = %c0 to %m step %c1 iter_args(%t = %s) -> (f64) {
      %x = memref.load %a[%i, %j] : memref<?x?xf64>
      %u = arith.addf %t, %x : f64
      scf.yield %u : f64
    }
    scf.yield %row : f64
  }
  scf.for %i = %c0 to %n step %c1 {
    scf.for %j = %c0 to %m step %c1 {
      func.call @transposed(%a, %y, %n, %m) : (memref<?x?xf64>, memref<?xf64>, index, index) -> ()
    }
  }
  scf.for %i = %c0 to %n step %c3 {
    scf.for %j = %c0 to %m step %c1 {
      %x = memref.load %y[%j] : memref<?xf64>
      memref.store %x, %a[%i, %j] : memref<?x?xf64>
    }
  }
  func.return %sum : f64
}

// Arguments that a call passes one buffer for are one.
// CHECK-LABEL: func.func @aliased
// CHECK-NOT:     step %c2 {
// CHECK-LABEL: func.func @caller
func.func @aliased(%x: memref<?xf64>, %y: memref<?xf64>, %n: index, %m: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    scf.for %j = %c0 to %m step %c1 {
      %xi = memref.load %x[%i] : memref<?xf64>
      memref.store %xi, %y[%j] : memref<?xf64>
    }
  }
  func.return
}

func.func @caller(%x: memref<?xf64>, %n: index, %m: index) {
  func.call @aliased(%x, %x, %n, %m) : (memref<?xf64>, memref<?xf64>, index, index) -> ()
  func.return
}
