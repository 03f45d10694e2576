// sum_i s * x_i^2, returned; x is overwritten by x^2.
func.func @squares(%x: memref<?xf64>, %s: f64) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f64
  %n = memref.dim %x, %c0 : memref<?xf64>
  %sum = scf.for %i = %c0 to %n step %c1 iter_args(%a = %zero) -> (f64) {
    %xi = memref.load %x[%i] : memref<?xf64>
    %sq = arith.mulf %xi, %xi : f64
    memref.store %sq, %x[%i] : memref<?xf64>
    %t = arith.mulf %sq, %s : f64
    %next = arith.addf %a, %t : f64
    scf.yield %next : f64
  }
  func.return %sum : f64
}
