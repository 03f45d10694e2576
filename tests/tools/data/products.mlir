// out_i = x_i * y_i, nothing returned: an objective in memory.
func.func @products(%x: memref<4xf64>, %y: memref<4xf64>, %out: memref<4xf64>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  scf.for %i = %c0 to %c4 step %c1 {
    %a = memref.load %x[%i] : memref<4xf64>
    %b = memref.load %y[%i] : memref<4xf64>
    %p = arith.mulf %a, %b : f64
    memref.store %p, %out[%i] : memref<4xf64>
  }
  func.return
}
