// `steps` normalised power iterations x <- A x / ||A x|| with a square CSR matrix
// and two buffers that change roles. Returns the Rayleigh quotient
// (x . A x) / (x . x) of the last x.
func.func @spmv(
    %row_start: memref<?xindex>, %column: memref<?xindex>, %a: memref<?xf64>,
    %x0: memref<?xf64>, %steps: index) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f64
  %n = memref.dim %x0, %c0 : memref<?xf64>

  %first = memref.alloc(%n) : memref<?xf64>
  %second = memref.alloc(%n) : memref<?xf64>
  scf.for %i = %c0 to %n step %c1 {
    %xi = memref.load %x0[%i] : memref<?xf64>
    memref.store %xi, %first[%i] : memref<?xf64>
  }

  %x, %spare = scf.for %t = %c0 to %steps step %c1
      iter_args(%from = %first, %to = %second) -> (memref<?xf64>, memref<?xf64>) {
    %norm2 = scf.for %i = %c0 to %n step %c1 iter_args(%sum = %zero) -> (f64) {
      %i_next = arith.addi %i, %c1 : index
      %begin = memref.load %row_start[%i] : memref<?xindex>
      %end = memref.load %row_start[%i_next] : memref<?xindex>
      %y = scf.for %e = %begin to %end step %c1 iter_args(%s = %zero) -> (f64) {
        %j = memref.load %column[%e] : memref<?xindex>
        %aij = memref.load %a[%e] : memref<?xf64>
        %xj = memref.load %from[%j] : memref<?xf64>
        %product = arith.mulf %aij, %xj : f64
        %s_next = arith.addf %s, %product : f64
        scf.yield %s_next : f64
      }
      memref.store %y, %to[%i] : memref<?xf64>
      %y2 = arith.mulf %y, %y : f64
      %sum_next = arith.addf %sum, %y2 : f64
      scf.yield %sum_next : f64
    }
    %norm = math.sqrt %norm2 : f64
    scf.for %i = %c0 to %n step %c1 {
      %y = memref.load %to[%i] : memref<?xf64>
      %unit = arith.divf %y, %norm : f64
      memref.store %unit, %to[%i] : memref<?xf64>
    }
    scf.yield %to, %from : memref<?xf64>, memref<?xf64>
  }

  %xax, %xx = scf.for %i = %c0 to %n step %c1
      iter_args(%p = %zero, %q = %zero) -> (f64, f64) {
    %i_next = arith.addi %i, %c1 : index
    %begin = memref.load %row_start[%i] : memref<?xindex>
    %end = memref.load %row_start[%i_next] : memref<?xindex>
    %y = scf.for %e = %begin to %end step %c1 iter_args(%s = %zero) -> (f64) {
      %j = memref.load %column[%e] : memref<?xindex>
      %aij = memref.load %a[%e] : memref<?xf64>
      %xj = memref.load %x[%j] : memref<?xf64>
      %product = arith.mulf %aij, %xj : f64
      %s_next = arith.addf %s, %product : f64
      scf.yield %s_next : f64
    }
    %xi = memref.load %x[%i] : memref<?xf64>
    %xy = arith.mulf %xi, %y : f64
    %p_next = arith.addf %p, %xy : f64
    %x2 = arith.mulf %xi, %xi : f64
    %q_next = arith.addf %q, %x2 : f64
    scf.yield %p_next, %q_next : f64, f64
  }
  memref.dealloc %first : memref<?xf64>
  memref.dealloc %second : memref<?xf64>
  %value = arith.divf %xax, %xx : f64
  func.return %value : f64
}
