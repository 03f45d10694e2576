// RUN: tapeflow-opt %s | tapeflow-opt | filecheck %s

// CHECK-LABEL: func.func @f
// CHECK-NEXT:    %p = address.point %x[%i] : memref<?x?xf64>
// CHECK-NEXT:    %a = address.load %x[%i, %j] at %p index %j plus 3 : memref<?x?xf64>
// CHECK-NEXT:    address.store %a, %x[%i, %j] at %p plus -1 {tape.field} : memref<?x?xf64>
// CHECK-NEXT:    address.store %a, %x[%i, %j] index %p : memref<?x?xf64>
// CHECK-NEXT:    address.load %x[%i, %j] : memref<?x?xf64>
func.func @f(%x: memref<?x?xf64>, %i: index, %j: index) -> f64 {
  %p = address.point %x[%i] : memref<?x?xf64>
  %a = address.load %x[%i, %j] at %p index %j plus 3 : memref<?x?xf64>
  address.store %a, %x[%i, %j] at %p plus -1 {tape.field} : memref<?x?xf64>
  address.store %a, %x[%i, %j] index %p : memref<?x?xf64>
  %b = address.load %x[%i, %j] : memref<?x?xf64>
  func.return %b : f64
}
