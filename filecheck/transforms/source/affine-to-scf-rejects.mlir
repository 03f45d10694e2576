// RUN: tapeflow-opt %s -p affine-to-scf --split-input-file --verify-diagnostics | filecheck %s

// All problems are named at once.
func.func @divisors(%i: index) -> index {
  %a = affine.apply affine_map<(d0) -> (d0 floordiv 0)>(%i)
  %b = affine.apply affine_map<(d0) -> (d0 mod -3)>(%i)
  func.return %b : index
}
// CHECK: 'floordiv 0': a divisor must be positive
// CHECK: :6:8: also: 'mod -3': a divisor must be positive

// -----

func.func @backwards() {
  "affine.for"() <{lowerBoundMap = affine_map<() -> (9)>, upperBoundMap = affine_map<() -> (0)>, step = -1 : index, operandSegmentSizes = array<i32: 0, 0, 0>}> ({
  ^bb0(%i: index):
    affine.yield
  }) : () -> ()
  func.return
}
// CHECK: a step of -1; it must be positive, swap the bounds

// -----

// Numbers of a map are multiplied while it is read.
func.func @beyond(%i: index) -> index {
  %a = affine.apply affine_map<(d0) -> (d0 * 9223372036854775807 * 9223372036854775807)>(%i)
  affine.for %j = 0 to 8 step 9223372036854775808 {
    affine.yield
  }
  func.return %a : index
}
// CHECK: a map with the number 85070591730234615847396907784232501249, which is not an index
// CHECK: also: a step of 9223372036854775808, which is not an index

// -----

func.func @no_bound() {
  "affine.for"() <{lowerBoundMap = affine_map<() -> ()>, upperBoundMap = affine_map<() -> (0)>, step = 1 : index, operandSegmentSizes = array<i32: 0, 0, 0>}> ({
  ^bb0(%i: index):
    affine.yield
  }) : () -> ()
  func.return
}
// CHECK: a loop without a bound; the bound's map needs a result

// -----

func.func @reductions(%n: index, %v: f64) -> (f64, f64) {
  %a, %b = affine.parallel (%i) = (0) to (%n) reduce ("average", "addi") -> (f64, f64) {
    affine.yield %v, %v : f64, f64
  }
  func.return %a, %b : f64, f64
}
// CHECK: there is no reduction 'average'; there are addf, mulf,
// CHECK: also: 'addi' does not reduce f64

// -----

func.func @rank(%x: memref<?x?xf64>, %i: index) -> f64 {
  %v = affine.load %x[%i] : memref<?x?xf64>
  func.return %v : f64
}
// CHECK: 1 indices for a buffer of rank 2

// -----

func.func @operands(%x: memref<?xf64>, %i: index) -> f64 {
  %v = "affine.load"(%x, %i) <{map = affine_map<(d0)[s0] -> (d0 + s0)>}> : (memref<?xf64>, index) -> f64
  func.return %v : f64
}
// CHECK: 1 operands for a map of 2
