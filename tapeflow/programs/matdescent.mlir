// Gradient-like descent on a linear model with saturated residuals, in place:
// `steps` times x <- x - eta A^T tanh(A x - b). Returns 1/2 ||A x - b||^2.
func.func @matdescent(
    %a: memref<?x?xf64>, %b: memref<?xf64>, %x: memref<?xf64>,
    %steps: index) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f64
  %half = arith.constant 0.5 : f64
  %eta = arith.constant 0.1 : f64
  %rows = memref.dim %a, %c0 : memref<?x?xf64>
  %columns = memref.dim %a, %c1 : memref<?x?xf64>

  %saturated = memref.alloc(%rows) : memref<?xf64>
  scf.for %t = %c0 to %steps step %c1 {
    scf.for %i = %c0 to %rows step %c1 {
      %ax = scf.for %j = %c0 to %columns step %c1 iter_args(%s = %zero) -> (f64) {
        %aij = memref.load %a[%i, %j] : memref<?x?xf64>
        %xj = memref.load %x[%j] : memref<?xf64>
        %product = arith.mulf %aij, %xj : f64
        %s_next = arith.addf %s, %product : f64
        scf.yield %s_next : f64
      }
      %bi = memref.load %b[%i] : memref<?xf64>
      %residual = arith.subf %ax, %bi : f64
      %tanh = math.tanh %residual : f64
      memref.store %tanh, %saturated[%i] : memref<?xf64>
    }
    scf.for %j = %c0 to %columns step %c1 {
      %slope = scf.for %i = %c0 to %rows step %c1 iter_args(%s = %zero) -> (f64) {
        %aij = memref.load %a[%i, %j] : memref<?x?xf64>
        %ri = memref.load %saturated[%i] : memref<?xf64>
        %product = arith.mulf %aij, %ri : f64
        %s_next = arith.addf %s, %product : f64
        scf.yield %s_next : f64
      }
      %xj = memref.load %x[%j] : memref<?xf64>
      %step = arith.mulf %eta, %slope : f64
      %xj_next = arith.subf %xj, %step : f64
      memref.store %xj_next, %x[%j] : memref<?xf64>
    }
  }
  memref.dealloc %saturated : memref<?xf64>

  %squares = scf.for %i = %c0 to %rows step %c1 iter_args(%sum = %zero) -> (f64) {
    %ax = scf.for %j = %c0 to %columns step %c1 iter_args(%s = %zero) -> (f64) {
      %aij = memref.load %a[%i, %j] : memref<?x?xf64>
      %xj = memref.load %x[%j] : memref<?xf64>
      %product = arith.mulf %aij, %xj : f64
      %s_next = arith.addf %s, %product : f64
      scf.yield %s_next : f64
    }
    %bi = memref.load %b[%i] : memref<?xf64>
    %residual = arith.subf %ax, %bi : f64
    %square = arith.mulf %residual, %residual : f64
    %sum_next = arith.addf %sum, %square : f64
    scf.yield %sum_next : f64
  }
  %value = arith.mulf %half, %squares : f64
  func.return %value : f64
}
