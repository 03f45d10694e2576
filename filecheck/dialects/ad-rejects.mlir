// RUN: tapeflow-opt %s --split-input-file --verify-diagnostics | filecheck %s

ad.gradient @g of @missing wrt [0]
// CHECK: there is no function @missing to differentiate

// -----

func.func @f(%x: f64) -> f64 {
  func.return %x : f64
}
ad.gradient @g of @f wrt [0, 3]
// CHECK: argument of @f: no number 3, there are 1 (from 0)

// -----

func.func @f(%x: f64, %n: index) -> f64 {
  func.return %x : f64
}
ad.gradient @g of @f wrt [1]
// CHECK: argument of @f number 1 has type index, which carries no derivative; f32, f64 and buffers of them do

// -----

func.func @f(%x: f64, %a: memref<4xi32>) -> f64 {
  func.return %x : f64
}
ad.gradient @g of @f wrt [1]
// CHECK: argument of @f number 1 has type memref<4xi32>, which carries no derivative

// -----

func.func @f(%x: f64) -> f64 {
  func.return %x : f64
}
ad.gradient @g of @f wrt [0] seeds [1]
// CHECK: result of @f: no number 1, there are 1 (from 0)

// -----

func.func @f(%x: f64, %n: index) -> index {
  func.return %n : index
}
ad.gradient @g of @f wrt [0] seeds [0]
// CHECK: result of @f number 0 has type index, which carries no derivative

// -----

func.func @f(%x: f64, %y: f64) -> f64 {
  func.return %x : f64
}
ad.gradient @g of @f wrt [1, 0]
// CHECK: wrt must ascend without repetition

// -----

func.func @f(%x: f64, %y: f64) -> f64 {
  func.return %x : f64
}
ad.gradient @g of @f wrt [0] seeds [0, 0]
// CHECK: seeds must ascend without repetition

// -----

func.func @f(%x: f64) -> f64 {
  ad.gradient @g of @f wrt [0]
  func.return %x : f64
}
// CHECK: 'ad.gradient' expects parent op 'builtin.module'

// -----

func.func @both(%x: memref<?xf64>) {
  func.return
}
ad.gradient @both_grad of @both wrt [0] constant [0]
// CHECK: argument 0 is both in wrt and constant
