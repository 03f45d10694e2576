// The shallow-water equations on a periodic grid of unit spacing, gravity 1:
// `steps` forward-backward steps of velocities u, v and height h between two sets of
// buffers. Differences are centred; a little viscosity keeps the velocities smooth.
//   u <- u + dt (nu lap u - u u_x - v u_y - h_x),   v likewise with h_y,
//   h <- h - dt ((h u)_x + (h v)_y) with the new velocities.
// Returns the sum of squares of h - 1 at the end.
func.func @shallow_water(
    %u0: memref<?x?xf64>, %v0: memref<?x?xf64>, %h0: memref<?x?xf64>,
    %steps: index) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f64
  %half = arith.constant 0.5 : f64
  %one = arith.constant 1.0 : f64
  %four = arith.constant 4.0 : f64
  %dt = arith.constant 0.1 : f64
  %viscosity = arith.constant 0.1 : f64
  %rows = memref.dim %h0, %c0 : memref<?x?xf64>
  %columns = memref.dim %h0, %c1 : memref<?x?xf64>
  %last_row = arith.subi %rows, %c1 : index
  %last_column = arith.subi %columns, %c1 : index

  %u_first = memref.alloc(%rows, %columns) : memref<?x?xf64>
  %v_first = memref.alloc(%rows, %columns) : memref<?x?xf64>
  %h_first = memref.alloc(%rows, %columns) : memref<?x?xf64>
  %u_second = memref.alloc(%rows, %columns) : memref<?x?xf64>
  %v_second = memref.alloc(%rows, %columns) : memref<?x?xf64>
  %h_second = memref.alloc(%rows, %columns) : memref<?x?xf64>
  scf.for %i = %c0 to %rows step %c1 {
    scf.for %j = %c0 to %columns step %c1 {
      %u = memref.load %u0[%i, %j] : memref<?x?xf64>
      %v = memref.load %v0[%i, %j] : memref<?x?xf64>
      %h = memref.load %h0[%i, %j] : memref<?x?xf64>
      memref.store %u, %u_first[%i, %j] : memref<?x?xf64>
      memref.store %v, %v_first[%i, %j] : memref<?x?xf64>
      memref.store %h, %h_first[%i, %j] : memref<?x?xf64>
    }
  }

  %ends:6 = scf.for %t = %c0 to %steps step %c1
      iter_args(%u_from = %u_first, %v_from = %v_first, %h_from = %h_first,
                %u_to = %u_second, %v_to = %v_second, %h_to = %h_second)
      -> (memref<?x?xf64>, memref<?x?xf64>, memref<?x?xf64>,
          memref<?x?xf64>, memref<?x?xf64>, memref<?x?xf64>) {
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

        %u = memref.load %u_from[%i, %j] : memref<?x?xf64>
        %v = memref.load %v_from[%i, %j] : memref<?x?xf64>
        %h_up = memref.load %h_from[%up, %j] : memref<?x?xf64>
        %h_down = memref.load %h_from[%down, %j] : memref<?x?xf64>
        %h_left = memref.load %h_from[%i, %left] : memref<?x?xf64>
        %h_right = memref.load %h_from[%i, %right] : memref<?x?xf64>
        %h_across = arith.subf %h_right, %h_left : f64
        %h_along = arith.subf %h_down, %h_up : f64
        %h_x = arith.mulf %half, %h_across : f64
        %h_y = arith.mulf %half, %h_along : f64

        %u_up = memref.load %u_from[%up, %j] : memref<?x?xf64>
        %u_down = memref.load %u_from[%down, %j] : memref<?x?xf64>
        %u_left = memref.load %u_from[%i, %left] : memref<?x?xf64>
        %u_right = memref.load %u_from[%i, %right] : memref<?x?xf64>
        %u_across = arith.subf %u_right, %u_left : f64
        %u_along = arith.subf %u_down, %u_up : f64
        %u_x = arith.mulf %half, %u_across : f64
        %u_y = arith.mulf %half, %u_along : f64
        %u_vertical = arith.addf %u_up, %u_down : f64
        %u_horizontal = arith.addf %u_left, %u_right : f64
        %u_around = arith.addf %u_vertical, %u_horizontal : f64
        %u_four = arith.mulf %four, %u : f64
        %u_laplacian = arith.subf %u_around, %u_four : f64
        %u_smoothed = arith.mulf %viscosity, %u_laplacian : f64
        %u_carried_x = arith.mulf %u, %u_x : f64
        %u_carried_y = arith.mulf %v, %u_y : f64
        %u_carried = arith.addf %u_carried_x, %u_carried_y : f64
        %u_slowed = arith.addf %u_carried, %h_x : f64
        %u_rate = arith.subf %u_smoothed, %u_slowed : f64
        %du = arith.mulf %dt, %u_rate : f64
        %u_next = arith.addf %u, %du : f64
        memref.store %u_next, %u_to[%i, %j] : memref<?x?xf64>

        %v_up = memref.load %v_from[%up, %j] : memref<?x?xf64>
        %v_down = memref.load %v_from[%down, %j] : memref<?x?xf64>
        %v_left = memref.load %v_from[%i, %left] : memref<?x?xf64>
        %v_right = memref.load %v_from[%i, %right] : memref<?x?xf64>
        %v_across = arith.subf %v_right, %v_left : f64
        %v_along = arith.subf %v_down, %v_up : f64
        %v_x = arith.mulf %half, %v_across : f64
        %v_y = arith.mulf %half, %v_along : f64
        %v_vertical = arith.addf %v_up, %v_down : f64
        %v_horizontal = arith.addf %v_left, %v_right : f64
        %v_around = arith.addf %v_vertical, %v_horizontal : f64
        %v_four = arith.mulf %four, %v : f64
        %v_laplacian = arith.subf %v_around, %v_four : f64
        %v_smoothed = arith.mulf %viscosity, %v_laplacian : f64
        %v_carried_x = arith.mulf %u, %v_x : f64
        %v_carried_y = arith.mulf %v, %v_y : f64
        %v_carried = arith.addf %v_carried_x, %v_carried_y : f64
        %v_slowed = arith.addf %v_carried, %h_y : f64
        %v_rate = arith.subf %v_smoothed, %v_slowed : f64
        %dv = arith.mulf %dt, %v_rate : f64
        %v_next = arith.addf %v, %dv : f64
        memref.store %v_next, %v_to[%i, %j] : memref<?x?xf64>
      }
    }
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
        %h_left = memref.load %h_from[%i, %left] : memref<?x?xf64>
        %h_right = memref.load %h_from[%i, %right] : memref<?x?xf64>
        %h_up = memref.load %h_from[%up, %j] : memref<?x?xf64>
        %h_down = memref.load %h_from[%down, %j] : memref<?x?xf64>
        %u_left = memref.load %u_to[%i, %left] : memref<?x?xf64>
        %u_right = memref.load %u_to[%i, %right] : memref<?x?xf64>
        %v_up = memref.load %v_to[%up, %j] : memref<?x?xf64>
        %v_down = memref.load %v_to[%down, %j] : memref<?x?xf64>
        %flux_left = arith.mulf %h_left, %u_left : f64
        %flux_right = arith.mulf %h_right, %u_right : f64
        %flux_up = arith.mulf %h_up, %v_up : f64
        %flux_down = arith.mulf %h_down, %v_down : f64
        %out_x = arith.subf %flux_right, %flux_left : f64
        %out_y = arith.subf %flux_down, %flux_up : f64
        %out = arith.addf %out_x, %out_y : f64
        %divergence = arith.mulf %half, %out : f64
        %h = memref.load %h_from[%i, %j] : memref<?x?xf64>
        %dh = arith.mulf %dt, %divergence : f64
        %h_next = arith.subf %h, %dh : f64
        memref.store %h_next, %h_to[%i, %j] : memref<?x?xf64>
      }
    }
    scf.yield %u_to, %v_to, %h_to, %u_from, %v_from, %h_from
      : memref<?x?xf64>, memref<?x?xf64>, memref<?x?xf64>,
        memref<?x?xf64>, memref<?x?xf64>, memref<?x?xf64>
  }

  %value = scf.for %i = %c0 to %rows step %c1 iter_args(%row = %zero) -> (f64) {
    %row_next = scf.for %j = %c0 to %columns step %c1 iter_args(%s = %row) -> (f64) {
      %h = memref.load %ends#2[%i, %j] : memref<?x?xf64>
      %wave = arith.subf %h, %one : f64
      %square = arith.mulf %wave, %wave : f64
      %s_next = arith.addf %s, %square : f64
      scf.yield %s_next : f64
    }
    scf.yield %row_next : f64
  }
  memref.dealloc %u_first : memref<?x?xf64>
  memref.dealloc %v_first : memref<?x?xf64>
  memref.dealloc %h_first : memref<?x?xf64>
  memref.dealloc %u_second : memref<?x?xf64>
  memref.dealloc %v_second : memref<?x?xf64>
  memref.dealloc %h_second : memref<?x?xf64>
  func.return %value : f64
}
