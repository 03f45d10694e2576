// Matricised tensor times Khatri-Rao product: M_ir = sum_jk X_ijk B_jr C_kr.
// Returns sum_ir tanh(M_ir)^2.
func.func @mttkrp(
    %x: memref<?x?x?xf64>, %b: memref<?x?xf64>, %c: memref<?x?xf64>) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %zero = arith.constant 0.0 : f64
  %ni = memref.dim %x, %c0 : memref<?x?x?xf64>
  %nj = memref.dim %x, %c1 : memref<?x?x?xf64>
  %nk = memref.dim %x, %c2 : memref<?x?x?xf64>
  %rank = memref.dim %b, %c1 : memref<?x?xf64>

  %m = memref.alloc(%ni, %rank) : memref<?x?xf64>
  scf.for %i = %c0 to %ni step %c1 {
    scf.for %r = %c0 to %rank step %c1 {
      memref.store %zero, %m[%i, %r] : memref<?x?xf64>
    }
    scf.for %j = %c0 to %nj step %c1 {
      scf.for %k = %c0 to %nk step %c1 {
        %x_ijk = memref.load %x[%i, %j, %k] : memref<?x?x?xf64>
        scf.for %r = %c0 to %rank step %c1 {
          %b_jr = memref.load %b[%j, %r] : memref<?x?xf64>
          %c_kr = memref.load %c[%k, %r] : memref<?x?xf64>
          %m_ir = memref.load %m[%i, %r] : memref<?x?xf64>
          %xb = arith.mulf %x_ijk, %b_jr : f64
          %xbc = arith.mulf %xb, %c_kr : f64
          %m_next = arith.addf %m_ir, %xbc : f64
          memref.store %m_next, %m[%i, %r] : memref<?x?xf64>
        }
      }
    }
  }

  %value = scf.for %i = %c0 to %ni step %c1 iter_args(%row = %zero) -> (f64) {
    %row_next = scf.for %r = %c0 to %rank step %c1 iter_args(%s = %row) -> (f64) {
      %m_ir = memref.load %m[%i, %r] : memref<?x?xf64>
      %tanh = math.tanh %m_ir : f64
      %square = arith.mulf %tanh, %tanh : f64
      %s_next = arith.addf %s, %square : f64
      scf.yield %s_next : f64
    }
    scf.yield %row_next : f64
  }
  memref.dealloc %m : memref<?x?xf64>
  func.return %value : f64
}
