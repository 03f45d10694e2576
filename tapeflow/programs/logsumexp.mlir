// logsumexp(x) = m + log sum_i exp(x_i - m), where m = max_i x_i.
func.func @logsumexp(%x: memref<?xf64>) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f64
  %n = memref.dim %x, %c0 : memref<?xf64>

  %x0 = memref.load %x[%c0] : memref<?xf64>
  %max = scf.for %i = %c1 to %n step %c1 iter_args(%m = %x0) -> (f64) {
    %xi = memref.load %x[%i] : memref<?xf64>
    %larger = arith.maximumf %m, %xi : f64
    scf.yield %larger : f64
  }

  %sum = scf.for %i = %c0 to %n step %c1 iter_args(%s = %zero) -> (f64) {
    %xi = memref.load %x[%i] : memref<?xf64>
    %shifted = arith.subf %xi, %max : f64
    %exp = math.exp %shifted : f64
    %s_next = arith.addf %s, %exp : f64
    scf.yield %s_next : f64
  }

  %log = math.log %sum : f64
  %value = arith.addf %max, %log : f64
  func.return %value : f64
}
