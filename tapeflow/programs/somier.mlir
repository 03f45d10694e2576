// A cubic lattice of unit masses joined by springs to their six neighbours
// (somier: a bed's base). The masses on the boundary are fixed; the others take
// `steps` symplectic Euler steps in place. Returns the sum of their squared
// displacements from the lattice of unit spacing.
func.func @somier(
    %position: memref<?x?x?x3xf64>, %velocity: memref<?x?x?x3xf64>,
    %stiffness: f64, %dt: f64, %steps: index) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %zero = arith.constant 0.0 : f64
  %one = arith.constant 1.0 : f64
  %n = memref.dim %position, %c0 : memref<?x?x?x3xf64>
  %last = arith.subi %n, %c1 : index

  %force = memref.alloc(%n, %n, %n) : memref<?x?x?x3xf64>
  scf.for %t = %c0 to %steps step %c1 {
    scf.for %i = %c1 to %last step %c1 {
      scf.for %j = %c1 to %last step %c1 {
        scf.for %k = %c1 to %last step %c1 {
          %x = memref.load %position[%i, %j, %k, %c0] : memref<?x?x?x3xf64>
          %y = memref.load %position[%i, %j, %k, %c1] : memref<?x?x?x3xf64>
          %z = memref.load %position[%i, %j, %k, %c2] : memref<?x?x?x3xf64>
          %fx, %fy, %fz = scf.for %axis = %c0 to %c3 step %c1
              iter_args(%ax = %zero, %ay = %zero, %az = %zero) -> (f64, f64, f64) {
            %is_i = arith.cmpi eq, %axis, %c0 : index
            %is_j = arith.cmpi eq, %axis, %c1 : index
            %is_k = arith.cmpi eq, %axis, %c2 : index
            %di = arith.select %is_i, %c1, %c0 : index
            %dj = arith.select %is_j, %c1, %c0 : index
            %dk = arith.select %is_k, %c1, %c0 : index
            %bi = arith.subi %i, %di : index
            %bj = arith.subi %j, %dj : index
            %bk = arith.subi %k, %dk : index
            // The neighbours one before and one after along this axis.
            %bx, %by, %bz = scf.for %side = %c0 to %c2 step %c1
                iter_args(%sx = %ax, %sy = %ay, %sz = %az) -> (f64, f64, f64) {
              %twice = arith.muli %side, %c2 : index
              %oi = arith.muli %twice, %di : index
              %oj = arith.muli %twice, %dj : index
              %ok = arith.muli %twice, %dk : index
              %ni = arith.addi %bi, %oi : index
              %nj = arith.addi %bj, %oj : index
              %nk = arith.addi %bk, %ok : index
              %nx = memref.load %position[%ni, %nj, %nk, %c0] : memref<?x?x?x3xf64>
              %ny = memref.load %position[%ni, %nj, %nk, %c1] : memref<?x?x?x3xf64>
              %nz = memref.load %position[%ni, %nj, %nk, %c2] : memref<?x?x?x3xf64>
              %dx = arith.subf %nx, %x : f64
              %dy = arith.subf %ny, %y : f64
              %dz = arith.subf %nz, %z : f64
              %dx2 = arith.mulf %dx, %dx : f64
              %dy2 = arith.mulf %dy, %dy : f64
              %dz2 = arith.mulf %dz, %dz : f64
              %dxy2 = arith.addf %dx2, %dy2 : f64
              %length2 = arith.addf %dxy2, %dz2 : f64
              %length = math.sqrt %length2 : f64
              %elongation = arith.subf %length, %one : f64
              %tension = arith.mulf %stiffness, %elongation : f64
              %scale = arith.divf %tension, %length : f64
              %px = arith.mulf %scale, %dx : f64
              %py = arith.mulf %scale, %dy : f64
              %pz = arith.mulf %scale, %dz : f64
              %sx_next = arith.addf %sx, %px : f64
              %sy_next = arith.addf %sy, %py : f64
              %sz_next = arith.addf %sz, %pz : f64
              scf.yield %sx_next, %sy_next, %sz_next : f64, f64, f64
            }
            scf.yield %bx, %by, %bz : f64, f64, f64
          }
          memref.store %fx, %force[%i, %j, %k, %c0] : memref<?x?x?x3xf64>
          memref.store %fy, %force[%i, %j, %k, %c1] : memref<?x?x?x3xf64>
          memref.store %fz, %force[%i, %j, %k, %c2] : memref<?x?x?x3xf64>
        }
      }
    }

    scf.for %i = %c1 to %last step %c1 {
      scf.for %j = %c1 to %last step %c1 {
        scf.for %k = %c1 to %last step %c1 {
          scf.for %axis = %c0 to %c3 step %c1 {
            %f = memref.load %force[%i, %j, %k, %axis] : memref<?x?x?x3xf64>
            %v = memref.load %velocity[%i, %j, %k, %axis] : memref<?x?x?x3xf64>
            %dv = arith.mulf %dt, %f : f64
            %v_next = arith.addf %v, %dv : f64
            memref.store %v_next, %velocity[%i, %j, %k, %axis] : memref<?x?x?x3xf64>
            %x = memref.load %position[%i, %j, %k, %axis] : memref<?x?x?x3xf64>
            %dx = arith.mulf %dt, %v_next : f64
            %x_next = arith.addf %x, %dx : f64
            memref.store %x_next, %position[%i, %j, %k, %axis] : memref<?x?x?x3xf64>
          }
        }
      }
    }
  }
  memref.dealloc %force : memref<?x?x?x3xf64>

  %value = scf.for %i = %c1 to %last step %c1 iter_args(%si = %zero) -> (f64) {
    %i_integer = arith.index_cast %i : index to i64
    %i_float = arith.sitofp %i_integer : i64 to f64
    %sum_i = scf.for %j = %c1 to %last step %c1 iter_args(%sj = %si) -> (f64) {
      %j_integer = arith.index_cast %j : index to i64
      %j_float = arith.sitofp %j_integer : i64 to f64
      %sum_j = scf.for %k = %c1 to %last step %c1 iter_args(%s = %sj) -> (f64) {
        %k_integer = arith.index_cast %k : index to i64
        %k_float = arith.sitofp %k_integer : i64 to f64
        %x = memref.load %position[%i, %j, %k, %c0] : memref<?x?x?x3xf64>
        %y = memref.load %position[%i, %j, %k, %c1] : memref<?x?x?x3xf64>
        %z = memref.load %position[%i, %j, %k, %c2] : memref<?x?x?x3xf64>
        %ux = arith.subf %x, %i_float : f64
        %uy = arith.subf %y, %j_float : f64
        %uz = arith.subf %z, %k_float : f64
        %ux2 = arith.mulf %ux, %ux : f64
        %uy2 = arith.mulf %uy, %uy : f64
        %uz2 = arith.mulf %uz, %uz : f64
        %uxy2 = arith.addf %ux2, %uy2 : f64
        %u2 = arith.addf %uxy2, %uz2 : f64
        %s_next = arith.addf %s, %u2 : f64
        scf.yield %s_next : f64
      }
      scf.yield %sum_j : f64
    }
    scf.yield %sum_i : f64
  }
  func.return %value : f64
}
