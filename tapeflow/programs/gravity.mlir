// Bodies that attract each other with the softened inverse-square force, `steps`
// symplectic Euler steps of length dt; positions and velocities are updated in
// place. Returns the sum of the squared final positions.
func.func @gravity(
    %position: memref<?x3xf64>, %velocity: memref<?x3xf64>, %mass: memref<?xf64>,
    %dt: f64, %steps: index) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %zero = arith.constant 0.0 : f64
  %softening2 = arith.constant 0.01 : f64
  %bodies = memref.dim %mass, %c0 : memref<?xf64>

  scf.for %t = %c0 to %steps step %c1 {
    scf.for %i = %c0 to %bodies step %c1 {
      %xi = memref.load %position[%i, %c0] : memref<?x3xf64>
      %yi = memref.load %position[%i, %c1] : memref<?x3xf64>
      %zi = memref.load %position[%i, %c2] : memref<?x3xf64>
      %ax, %ay, %az = scf.for %j = %c0 to %bodies step %c1
          iter_args(%sx = %zero, %sy = %zero, %sz = %zero) -> (f64, f64, f64) {
        %xj = memref.load %position[%j, %c0] : memref<?x3xf64>
        %yj = memref.load %position[%j, %c1] : memref<?x3xf64>
        %zj = memref.load %position[%j, %c2] : memref<?x3xf64>
        %dx = arith.subf %xj, %xi : f64
        %dy = arith.subf %yj, %yi : f64
        %dz = arith.subf %zj, %zi : f64
        %dx2 = arith.mulf %dx, %dx : f64
        %dy2 = arith.mulf %dy, %dy : f64
        %dz2 = arith.mulf %dz, %dz : f64
        %dxy2 = arith.addf %dx2, %dy2 : f64
        %distance2 = arith.addf %dxy2, %dz2 : f64
        %r2 = arith.addf %distance2, %softening2 : f64
        %r = math.sqrt %r2 : f64
        %r3 = arith.mulf %r2, %r : f64
        %mj = memref.load %mass[%j] : memref<?xf64>
        %pull = arith.divf %mj, %r3 : f64
        %px = arith.mulf %pull, %dx : f64
        %py = arith.mulf %pull, %dy : f64
        %pz = arith.mulf %pull, %dz : f64
        %sx_next = arith.addf %sx, %px : f64
        %sy_next = arith.addf %sy, %py : f64
        %sz_next = arith.addf %sz, %pz : f64
        scf.yield %sx_next, %sy_next, %sz_next : f64, f64, f64
      }
      %vx = memref.load %velocity[%i, %c0] : memref<?x3xf64>
      %vy = memref.load %velocity[%i, %c1] : memref<?x3xf64>
      %vz = memref.load %velocity[%i, %c2] : memref<?x3xf64>
      %dvx = arith.mulf %dt, %ax : f64
      %dvy = arith.mulf %dt, %ay : f64
      %dvz = arith.mulf %dt, %az : f64
      %vx_next = arith.addf %vx, %dvx : f64
      %vy_next = arith.addf %vy, %dvy : f64
      %vz_next = arith.addf %vz, %dvz : f64
      memref.store %vx_next, %velocity[%i, %c0] : memref<?x3xf64>
      memref.store %vy_next, %velocity[%i, %c1] : memref<?x3xf64>
      memref.store %vz_next, %velocity[%i, %c2] : memref<?x3xf64>
    }
    scf.for %i = %c0 to %bodies step %c1 {
      scf.for %axis = %c0 to %c3 step %c1 {
        %x = memref.load %position[%i, %axis] : memref<?x3xf64>
        %v = memref.load %velocity[%i, %axis] : memref<?x3xf64>
        %dx = arith.mulf %dt, %v : f64
        %x_next = arith.addf %x, %dx : f64
        memref.store %x_next, %position[%i, %axis] : memref<?x3xf64>
      }
    }
  }

  %value = scf.for %i = %c0 to %bodies step %c1 iter_args(%sum = %zero) -> (f64) {
    %sum_i = scf.for %axis = %c0 to %c3 step %c1 iter_args(%s = %sum) -> (f64) {
      %x = memref.load %position[%i, %axis] : memref<?x3xf64>
      %square = arith.mulf %x, %x : f64
      %s_next = arith.addf %s, %square : f64
      scf.yield %s_next : f64
    }
    scf.yield %sum_i : f64
  }
  func.return %value : f64
}
