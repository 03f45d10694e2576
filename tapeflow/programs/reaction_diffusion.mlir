// Fisher's reaction-diffusion equation on a periodic grid of unit spacing:
// `steps` explicit steps u <- u + dt (lap u + u (1 - u)) between two buffers.
// Returns the sum of squares of the last u.
func.func @reaction_diffusion(%u0: memref<?x?xf64>, %steps: index) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f64
  %one = arith.constant 1.0 : f64
  %four = arith.constant 4.0 : f64
  %dt = arith.constant 0.05 : f64
  %rows = memref.dim %u0, %c0 : memref<?x?xf64>
  %columns = memref.dim %u0, %c1 : memref<?x?xf64>
  %last_row = arith.subi %rows, %c1 : index
  %last_column = arith.subi %columns, %c1 : index

  %first = memref.alloc(%rows, %columns) : memref<?x?xf64>
  %second = memref.alloc(%rows, %columns) : memref<?x?xf64>
  scf.for %i = %c0 to %rows step %c1 {
    scf.for %j = %c0 to %columns step %c1 {
      %u = memref.load %u0[%i, %j] : memref<?x?xf64>
      memref.store %u, %first[%i, %j] : memref<?x?xf64>
    }
  }

  %end, %spare = scf.for %t = %c0 to %steps step %c1
      iter_args(%from = %first, %to = %second)
      -> (memref<?x?xf64>, memref<?x?xf64>) {
    scf.for %i = %c0 to %rows step %c1 {
      %i_up = arith.addi %i, %last_row : index
      %i_down = arith.addi %i, %c1 : index
      %up = arith.remui %i_up, %rows : index
      %down = arith.remui %i_down, %rows : index
      scf.for %j = %c0 to %columns step %c1 {
        %j_left = arith.addi %j, %last_column : index
        %j_right = arith.addi %j, %c1 : index
        %left = arith.remui %j_left, %columns : index
        %right = arith.remui %j_right, %columns : index
        %u = memref.load %from[%i, %j] : memref<?x?xf64>
        %u_up = memref.load %from[%up, %j] : memref<?x?xf64>
        %u_down = memref.load %from[%down, %j] : memref<?x?xf64>
        %u_left = memref.load %from[%i, %left] : memref<?x?xf64>
        %u_right = memref.load %from[%i, %right] : memref<?x?xf64>
        %vertical = arith.addf %u_up, %u_down : f64
        %horizontal = arith.addf %u_left, %u_right : f64
        %around = arith.addf %vertical, %horizontal : f64
        %four_u = arith.mulf %four, %u : f64
        %laplacian = arith.subf %around, %four_u : f64
        %room = arith.subf %one, %u : f64
        %growth = arith.mulf %u, %room : f64
        %rate = arith.addf %laplacian, %growth : f64
        %du = arith.mulf %dt, %rate : f64
        %u_next = arith.addf %u, %du : f64
        memref.store %u_next, %to[%i, %j] : memref<?x?xf64>
      }
    }
    scf.yield %to, %from : memref<?x?xf64>, memref<?x?xf64>
  }

  %value = scf.for %i = %c0 to %rows step %c1 iter_args(%row = %zero) -> (f64) {
    %row_next = scf.for %j = %c0 to %columns step %c1 iter_args(%s = %row) -> (f64) {
      %u = memref.load %end[%i, %j] : memref<?x?xf64>
      %square = arith.mulf %u, %u : f64
      %s_next = arith.addf %s, %square : f64
      scf.yield %s_next : f64
    }
    scf.yield %row_next : f64
  }
  memref.dealloc %first : memref<?x?xf64>
  memref.dealloc %second : memref<?x?xf64>
  func.return %value : f64
}
