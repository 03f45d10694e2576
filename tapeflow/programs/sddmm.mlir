// Sampled dense-dense matrix product on a CSR pattern:
// P_ij = S_ij (A_i . B_j) / sqrt(K) wherever S is stored. Returns the sum of
// sigmoid(P).
func.func @sddmm(
    %row_start: memref<?xindex>, %column: memref<?xindex>, %s: memref<?xf64>,
    %a: memref<?x?xf64>, %b: memref<?x?xf64>) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f64
  %one = arith.constant 1.0 : f64
  %rows = memref.dim %a, %c0 : memref<?x?xf64>
  %inner = memref.dim %a, %c1 : memref<?x?xf64>
  %inner_integer = arith.index_cast %inner : index to i64
  %inner_float = arith.sitofp %inner_integer : i64 to f64
  %norm = math.sqrt %inner_float : f64

  %value = scf.for %i = %c0 to %rows step %c1 iter_args(%row = %zero) -> (f64) {
    %i_next = arith.addi %i, %c1 : index
    %begin = memref.load %row_start[%i] : memref<?xindex>
    %end = memref.load %row_start[%i_next] : memref<?xindex>
    %row_next = scf.for %e = %begin to %end step %c1 iter_args(%sum = %row) -> (f64) {
      %j = memref.load %column[%e] : memref<?xindex>
      %dot = scf.for %k = %c0 to %inner step %c1 iter_args(%d = %zero) -> (f64) {
        %a_ik = memref.load %a[%i, %k] : memref<?x?xf64>
        %b_jk = memref.load %b[%j, %k] : memref<?x?xf64>
        %product = arith.mulf %a_ik, %b_jk : f64
        %d_next = arith.addf %d, %product : f64
        scf.yield %d_next : f64
      }
      %s_ij = memref.load %s[%e] : memref<?xf64>
      %sampled = arith.mulf %s_ij, %dot : f64
      %p = arith.divf %sampled, %norm : f64
      %minus_p = arith.negf %p : f64
      %exp = math.exp %minus_p : f64
      %denominator = arith.addf %one, %exp : f64
      %sigmoid = arith.divf %one, %denominator : f64
      %sum_next = arith.addf %sum, %sigmoid : f64
      scf.yield %sum_next : f64
    }
    scf.yield %row_next : f64
  }
  func.return %value : f64
}
