// RUN: tapeflow-opt %s -p stagger-buffers | filecheck %s

// CHECK-LABEL: func.func @f
// CHECK:         memref.alloc(%n) {tape.skew = 4 : i64} : memref<?xf64>
// CHECK-NEXT:    memref.alloc(%n) {tape.skew = 3 : i64} : memref<?xf64>
// CHECK-NEXT:    memref.alloc(%n, %n) {tape.skew = 5 : i64} : memref<?x?xf32>
func.func @f(%n: index) {
  %a = memref.alloc(%n) : memref<?xf64>
  %field = memref.alloc(%n) {tape.skew = 3 : i64} : memref<?xf64>
  %b = memref.alloc(%n, %n) : memref<?x?xf32>
  func.return
}

// Each function counts anew.
// CHECK-LABEL: func.func @g
// CHECK:         memref.alloc(%n) {tape.skew = 1 : i64} : memref<?xf64>
func.func @g(%n: index) {
  %a = memref.alloc(%n) : memref<?xf64>
  func.return
}
