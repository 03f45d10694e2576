// Bilateral filter: each pixel becomes the average of its 5 x 5 window, clipped
// at the border, weighted by a Gaussian of the distance (sigma 1.5 pixels) and of
// the difference in value (sigma 0.2). Returns the sum of squares of the result.
func.func @bilateral(%image: memref<?x?xf64>) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %radius = arith.constant 2 : index
  %zero = arith.constant 0.0 : f64
  // -1 / (2 sigma^2) in space and in value.
  %in_space = arith.constant -0.2222222222222222 : f64
  %in_value = arith.constant -12.5 : f64
  %rows = memref.dim %image, %c0 : memref<?x?xf64>
  %columns = memref.dim %image, %c1 : memref<?x?xf64>
  %reach = arith.addi %radius, %c1 : index

  %value = scf.for %i = %c0 to %rows step %c1 iter_args(%row = %zero) -> (f64) {
    %above = arith.subi %i, %radius : index
    %below = arith.addi %i, %reach : index
    %p_begin = arith.maxsi %above, %c0 : index
    %p_end = arith.minsi %below, %rows : index
    %row_next = scf.for %j = %c0 to %columns step %c1 iter_args(%sum = %row) -> (f64) {
      %left = arith.subi %j, %radius : index
      %right = arith.addi %j, %reach : index
      %q_begin = arith.maxsi %left, %c0 : index
      %q_end = arith.minsi %right, %columns : index
      %centre = memref.load %image[%i, %j] : memref<?x?xf64>

      %weighted, %weights = scf.for %p = %p_begin to %p_end step %c1
          iter_args(%wv_p = %zero, %w_p = %zero) -> (f64, f64) {
        %dp = arith.subi %p, %i : index
        %dp2 = arith.muli %dp, %dp : index
        %wv_next, %w_next = scf.for %q = %q_begin to %q_end step %c1
            iter_args(%wv = %wv_p, %w = %w_p) -> (f64, f64) {
          %dq = arith.subi %q, %j : index
          %dq2 = arith.muli %dq, %dq : index
          %distance2 = arith.addi %dp2, %dq2 : index
          %distance2_integer = arith.index_cast %distance2 : index to i64
          %distance2_float = arith.sitofp %distance2_integer : i64 to f64
          %space = arith.mulf %in_space, %distance2_float : f64
          %pixel = memref.load %image[%p, %q] : memref<?x?xf64>
          %difference = arith.subf %pixel, %centre : f64
          %difference2 = arith.mulf %difference, %difference : f64
          %tone = arith.mulf %in_value, %difference2 : f64
          %exponent = arith.addf %space, %tone : f64
          %weight = math.exp %exponent : f64
          %share = arith.mulf %weight, %pixel : f64
          %wv_sum = arith.addf %wv, %share : f64
          %w_sum = arith.addf %w, %weight : f64
          scf.yield %wv_sum, %w_sum : f64, f64
        }
        scf.yield %wv_next, %w_next : f64, f64
      }

      %filtered = arith.divf %weighted, %weights : f64
      %square = arith.mulf %filtered, %filtered : f64
      %sum_next = arith.addf %sum, %square : f64
      scf.yield %sum_next : f64
    }
    scf.yield %row_next : f64
  }
  func.return %value : f64
}
