// Cheapest way through a grid of costs w, from the first row to each cell of
// the last: d_j <- w_rj + min(d_{j-1}, d_j, d_{j+1}), clamped at the edges.
// Returns the sum of the last row of d.
func.func @pathfinder(%w: memref<?x?xf64>) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f64
  %rows = memref.dim %w, %c0 : memref<?x?xf64>
  %columns = memref.dim %w, %c1 : memref<?x?xf64>
  %last = arith.subi %columns, %c1 : index

  %a = memref.alloc(%columns) : memref<?xf64>
  %b = memref.alloc(%columns) : memref<?xf64>
  scf.for %j = %c0 to %columns step %c1 {
    %cost = memref.load %w[%c0, %j] : memref<?x?xf64>
    memref.store %cost, %a[%j] : memref<?xf64>
  }

  %d, %spare = scf.for %r = %c1 to %rows step %c1
      iter_args(%from = %a, %to = %b) -> (memref<?xf64>, memref<?xf64>) {
    scf.for %j = %c0 to %columns step %c1 {
      %before = arith.subi %j, %c1 : index
      %after = arith.addi %j, %c1 : index
      %left = arith.maxsi %before, %c0 : index
      %right = arith.minsi %after, %last : index
      %d_left = memref.load %from[%left] : memref<?xf64>
      %d_here = memref.load %from[%j] : memref<?xf64>
      %d_right = memref.load %from[%right] : memref<?xf64>
      %min_left = arith.minimumf %d_left, %d_here : f64
      %cheapest = arith.minimumf %min_left, %d_right : f64
      %cost = memref.load %w[%r, %j] : memref<?x?xf64>
      %d_next = arith.addf %cost, %cheapest : f64
      memref.store %d_next, %to[%j] : memref<?xf64>
    }
    scf.yield %to, %from : memref<?xf64>, memref<?xf64>
  }

  %total = scf.for %j = %c0 to %columns step %c1 iter_args(%s = %zero) -> (f64) {
    %dj = memref.load %d[%j] : memref<?xf64>
    %s_next = arith.addf %s, %dj : f64
    scf.yield %s_next : f64
  }
  memref.dealloc %a : memref<?xf64>
  memref.dealloc %b : memref<?xf64>
  func.return %total : f64
}
