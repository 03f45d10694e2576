// Points of unit mass joined by springs whose rest lengths beat in time, under
// gravity and drag, above a ground that pushes back where a point has sunk into
// it (a penalty force). `steps` symplectic Euler steps of length dt, starting from
// rest; `position` is updated in place. Returns the final x of the first point.
func.func @mass_spring(
    %position: memref<?x2xf64>, %spring: memref<?x2xindex>,
    %rest: memref<?xf64>, %stiffness: memref<?xf64>, %phase: memref<?xf64>,
    %dt: f64, %steps: index) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %zero = arith.constant 0.0 : f64
  %one = arith.constant 1.0 : f64
  %weight = arith.constant -9.81 : f64
  %ground_stiffness = arith.constant 1000.0 : f64
  %drag = arith.constant 2.0 : f64
  %amplitude = arith.constant 0.1 : f64
  %frequency = arith.constant 10.0 : f64
  %points = memref.dim %position, %c0 : memref<?x2xf64>
  %springs = memref.dim %spring, %c0 : memref<?x2xindex>

  %velocity = memref.alloc(%points) : memref<?x2xf64>
  %force = memref.alloc(%points) : memref<?x2xf64>
  scf.for %p = %c0 to %points step %c1 {
    memref.store %zero, %velocity[%p, %c0] : memref<?x2xf64>
    memref.store %zero, %velocity[%p, %c1] : memref<?x2xf64>
  }

  scf.for %t = %c0 to %steps step %c1 {
    %t_integer = arith.index_cast %t : index to i64
    %t_float = arith.sitofp %t_integer : i64 to f64
    %time = arith.mulf %t_float, %dt : f64
    %beat = arith.mulf %frequency, %time : f64

    // Weight, and the ground's push on points below it.
    scf.for %p = %c0 to %points step %c1 {
      memref.store %zero, %force[%p, %c0] : memref<?x2xf64>
      memref.store %weight, %force[%p, %c1] : memref<?x2xf64>
      %height = memref.load %position[%p, %c1] : memref<?x2xf64>
      %sunk = arith.cmpf olt, %height, %zero : f64
      scf.if %sunk {
        %push = arith.mulf %ground_stiffness, %height : f64
        %pushed = arith.subf %weight, %push : f64
        memref.store %pushed, %force[%p, %c1] : memref<?x2xf64>
      }
    }

    // Springs: along the connection, proportional to the elongation.
    scf.for %s = %c0 to %springs step %c1 {
      %p = memref.load %spring[%s, %c0] : memref<?x2xindex>
      %q = memref.load %spring[%s, %c1] : memref<?x2xindex>
      %px = memref.load %position[%p, %c0] : memref<?x2xf64>
      %py = memref.load %position[%p, %c1] : memref<?x2xf64>
      %qx = memref.load %position[%q, %c0] : memref<?x2xf64>
      %qy = memref.load %position[%q, %c1] : memref<?x2xf64>
      %dx = arith.subf %qx, %px : f64
      %dy = arith.subf %qy, %py : f64
      %dx2 = arith.mulf %dx, %dx : f64
      %dy2 = arith.mulf %dy, %dy : f64
      %length2 = arith.addf %dx2, %dy2 : f64
      %length = math.sqrt %length2 : f64

      %phase_s = memref.load %phase[%s] : memref<?xf64>
      %angle = arith.addf %beat, %phase_s : f64
      %sine = math.sin %angle : f64
      %swing = arith.mulf %amplitude, %sine : f64
      %actuation = arith.addf %one, %swing : f64
      %rest_s = memref.load %rest[%s] : memref<?xf64>
      %target = arith.mulf %rest_s, %actuation : f64

      %stiffness_s = memref.load %stiffness[%s] : memref<?xf64>
      %elongation = arith.subf %length, %target : f64
      %tension = arith.mulf %stiffness_s, %elongation : f64
      %scale = arith.divf %tension, %length : f64
      %fx = arith.mulf %scale, %dx : f64
      %fy = arith.mulf %scale, %dy : f64

      %p_fx = memref.load %force[%p, %c0] : memref<?x2xf64>
      %p_fy = memref.load %force[%p, %c1] : memref<?x2xf64>
      %p_fx_next = arith.addf %p_fx, %fx : f64
      %p_fy_next = arith.addf %p_fy, %fy : f64
      memref.store %p_fx_next, %force[%p, %c0] : memref<?x2xf64>
      memref.store %p_fy_next, %force[%p, %c1] : memref<?x2xf64>
      %q_fx = memref.load %force[%q, %c0] : memref<?x2xf64>
      %q_fy = memref.load %force[%q, %c1] : memref<?x2xf64>
      %q_fx_next = arith.subf %q_fx, %fx : f64
      %q_fy_next = arith.subf %q_fy, %fy : f64
      memref.store %q_fx_next, %force[%q, %c0] : memref<?x2xf64>
      memref.store %q_fy_next, %force[%q, %c1] : memref<?x2xf64>
    }

    scf.for %p = %c0 to %points step %c1 {
      scf.for %axis = %c0 to %c2 step %c1 {
        %f = memref.load %force[%p, %axis] : memref<?x2xf64>
        %v = memref.load %velocity[%p, %axis] : memref<?x2xf64>
        %resistance = arith.mulf %drag, %v : f64
        %net = arith.subf %f, %resistance : f64
        %dv = arith.mulf %dt, %net : f64
        %v_next = arith.addf %v, %dv : f64
        memref.store %v_next, %velocity[%p, %axis] : memref<?x2xf64>
        %x = memref.load %position[%p, %axis] : memref<?x2xf64>
        %dx = arith.mulf %dt, %v_next : f64
        %x_next = arith.addf %x, %dx : f64
        memref.store %x_next, %position[%p, %axis] : memref<?x2xf64>
      }
    }
  }

  %final = memref.load %position[%c0, %c0] : memref<?x2xf64>
  memref.dealloc %velocity : memref<?x2xf64>
  memref.dealloc %force : memref<?x2xf64>
  func.return %final : f64
}
