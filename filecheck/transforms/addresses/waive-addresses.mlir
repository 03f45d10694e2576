// RUN: tapeflow-opt %s -p waive-addresses | filecheck %s

// CHECK-LABEL: func.func @f
// CHECK:         memref.load %x[%i, %i] {address.free} : memref<?x?xf64>
// CHECK-NEXT:    memref.store %v, %x[%i, %i] {address.free} : memref<?x?xf64>
func.func @f(%x: memref<?x?xf64>, %i: index) {
  %v = memref.load %x[%i, %i] : memref<?x?xf64>
  memref.store %v, %x[%i, %i] : memref<?x?xf64>
  func.return
}
