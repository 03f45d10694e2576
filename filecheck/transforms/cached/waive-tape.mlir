// RUN: tapeflow-opt %s --split-input-file -p waive-tape | filecheck %s
// RUN: tapeflow-opt %s --split-input-file -p 'waive-tape{addresses=true}' | filecheck %s --check-prefix=ALL

// Accesses alone are free; with addresses, also the stack pointer and the capacity. What
// is stored has to be computed all the same, and the program's own accesses cost.
func.func @stack(%x: memref<?xf64>, %n: index) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f64
  %trips = arith.maxsi %n, %c0 : index
  %field = memref.alloc(%trips) : memref<?xf64>
  %top = scf.for %i = %c0 to %n step %c1 iter_args(%t = %c0) -> (index) {
    %v = memref.load %x[%i] : memref<?xf64>
    %e = math.exp %v : f64
    memref.store %e, %field[%t] {tape.field} : memref<?xf64>
    %next = arith.addi %t, %c1 : index
    scf.yield %next : index
  }
  %sum, %end = scf.for %k = %c0 to %n step %c1 iter_args(%s = %zero, %u = %top) -> (f64, index) {
    %place = arith.subi %u, %c1 : index
    %p = memref.load %field[%place] {tape.field} : memref<?xf64>
    %more = arith.addf %s, %p : f64
    scf.yield %more, %place : f64, index
  }
  func.return %sum : f64
}
// CHECK-LABEL: func.func @stack
// CHECK:      %trips = arith.maxsi %n, %c0 : index
// CHECK:      %v = memref.load %x[%i] : memref<?xf64>
// CHECK-NEXT: %e = math.exp %v : f64
// CHECK-NEXT: memref.store %e, %field[%t] {tape.field, tape.free} : memref<?xf64>
// CHECK-NEXT: %next = arith.addi %t, %c1 : index
// CHECK:      %place = arith.subi %u, %c1 : index
// CHECK-NEXT: %p = memref.load %field[%place] {tape.field, tape.free} : memref<?xf64>
// CHECK-NEXT: %more = arith.addf %s, %p : f64

// ALL-LABEL: func.func @stack
// ALL:      %trips = arith.maxsi %n, %c0 {tape.free} : index
// ALL:      %v = memref.load %x[%i] : memref<?xf64>
// ALL-NEXT: %e = math.exp %v : f64
// ALL-NEXT: memref.store %e, %field[%t] {tape.field, tape.free} : memref<?xf64>
// ALL-NEXT: %next = arith.addi %t, %c1 {tape.free} : index
// ALL:      %place = arith.subi %u, %c1 {tape.free} : index
// ALL-NEXT: %p = memref.load %field[%place] {tape.field, tape.free} : memref<?xf64>
// ALL-NEXT: %more = arith.addf %s, %p : f64

// -----

// The conversion of a stored boolean, which a record of another layout has no need of,
// belongs to the access.
func.func @boolean(%small: memref<?xi8>, %b: i1) {
  %c0 = arith.constant 0 : index
  %wide = arith.extui %b {tape.field} : i1 to i8
  memref.store %wide, %small[%c0] {tape.field} : memref<?xi8>
  func.return
}
// CHECK-LABEL: func.func @boolean
// CHECK:      arith.extui %b {tape.field, tape.free} : i1 to i8
// CHECK-NEXT: memref.store %wide, %small[%c0] {tape.field, tape.free} : memref<?xi8>

// -----

// A place that the program needs elsewhere costs, whatever it is called.
func.func @shared(%x: memref<?xf64>, %field: memref<?xf64>, %top: index, %v: f64) {
  %c1 = arith.constant 1 : index
  %next = arith.addi %top, %c1 : index
  memref.store %v, %field[%next] {tape.field} : memref<?xf64>
  memref.store %v, %x[%next] : memref<?xf64>
  func.return
}
// ALL-LABEL: func.func @shared
// ALL:      %next = arith.addi %top, %c1 : index
// ALL-NEXT: memref.store %v, %field[%next] {tape.field, tape.free} : memref<?xf64>
// ALL-NEXT: memref.store %v, %x[%next] : memref<?xf64>

// -----

// A loop that only moves records is free, and so is the test that leads to it (of
// arith.cmpi no attributes are printed).
func.func @growth(%field: memref<?xf64>, %larger: memref<?xf64>, %top: index, %limit: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %full = arith.cmpi eq, %top, %limit : index
  scf.if %full {
    scf.for %place = %c0 to %top step %c1 {
      %moved = memref.load %field[%place] {tape.moved} : memref<?xf64>
      memref.store %moved, %larger[%place] {tape.moved} : memref<?xf64>
    }
  }
  func.return
}
// ALL-LABEL: func.func @growth
// ALL:        scf.for
// ALL-NEXT:     %moved = memref.load %field[%place] {tape.moved, tape.free} : memref<?xf64>
// ALL-NEXT:     memref.store %moved, %larger[%place] {tape.moved, tape.free} : memref<?xf64>
// ALL-NEXT:   } {tape.free}
