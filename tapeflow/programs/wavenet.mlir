// Gated causal convolutions whose reach doubles from layer to layer (van den Oord et
// al. 2016). A layer pads its signal in front, takes it now and `reach` ago, mixes both
// into a filter and a gate, and adds their product, projected, to the signal. The
// products of all layers, one under the other, are weighed to a prediction. Every
// operator is a nest of its own; signals are [channel, time]. `w_filter` and `w_gate`
// are [layer, now or past, channel, channel]. Returns the sum of squared errors.
func.func @wavenet(
    %signal: memref<?x?xf64>, %w_filter: memref<?x2x?x?xf64>,
    %w_gate: memref<?x2x?x?xf64>, %w_residual: memref<?x?x?xf64>,
    %w_out: memref<?xf64>, %target: memref<?xf64>) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f64
  %one = arith.constant 1.0 : f64
  %channels = memref.dim %signal, %c0 : memref<?x?xf64>
  %times = memref.dim %signal, %c1 : memref<?x?xf64>
  %layers = memref.dim %w_filter, %c0 : memref<?x2x?x?xf64>
  %states = arith.addi %layers, %c1 : index
  %features = arith.muli %layers, %channels : index

  %x = memref.alloc(%states, %channels, %times) : memref<?x?x?xf64>
  %past = memref.alloc(%layers, %channels, %times) : memref<?x?x?xf64>
  %now = memref.alloc(%layers, %channels, %times) : memref<?x?x?xf64>
  %filter = memref.alloc(%layers, %channels, %times) : memref<?x?x?xf64>
  %gate = memref.alloc(%layers, %channels, %times) : memref<?x?x?xf64>
  %gated = memref.alloc(%layers, %channels, %times) : memref<?x?x?xf64>
  %residual = memref.alloc(%layers, %channels, %times) : memref<?x?x?xf64>
  %skips = memref.alloc(%features, %times) : memref<?x?xf64>
  %predicted = memref.alloc(%times) : memref<?xf64>

  scf.for %c = %c0 to %channels step %c1 {
    scf.for %t = %c0 to %times step %c1 {
      %v = memref.load %signal[%c, %t] : memref<?x?xf64>
      memref.store %v, %x[%c0, %c, %t] : memref<?x?x?xf64>
    }
  }

  scf.for %l = %c0 to %layers step %c1 {
    %reach = arith.shli %c1, %l : index
    %following = arith.addi %l, %c1 : index

    // Padded in front
    %longer = arith.addi %times, %reach : index
    %padded = memref.alloc(%channels, %longer) : memref<?x?xf64>
    scf.for %c = %c0 to %channels step %c1 {
      scf.for %t = %c0 to %reach step %c1 {
        memref.store %zero, %padded[%c, %t] : memref<?x?xf64>
      }
    }
    scf.for %c = %c0 to %channels step %c1 {
      scf.for %t = %c0 to %times step %c1 {
        %behind = arith.addi %t, %reach : index
        %v = memref.load %x[%l, %c, %t] : memref<?x?x?xf64>
        memref.store %v, %padded[%c, %behind] : memref<?x?xf64>
      }
    }

    // Two slices
    scf.for %c = %c0 to %channels step %c1 {
      scf.for %t = %c0 to %times step %c1 {
        %v = memref.load %padded[%c, %t] : memref<?x?xf64>
        memref.store %v, %past[%l, %c, %t] : memref<?x?x?xf64>
      }
    }
    scf.for %c = %c0 to %channels step %c1 {
      scf.for %t = %c0 to %times step %c1 {
        %behind = arith.addi %t, %reach : index
        %v = memref.load %padded[%c, %behind] : memref<?x?xf64>
        memref.store %v, %now[%l, %c, %t] : memref<?x?x?xf64>
      }
    }

    // Filter
    scf.for %o = %c0 to %channels step %c1 {
      scf.for %t = %c0 to %times step %c1 {
        %z = scf.for %c = %c0 to %channels step %c1 iter_args(%s = %zero) -> (f64) {
          %v_now = memref.load %now[%l, %c, %t] : memref<?x?x?xf64>
          %w_now = memref.load %w_filter[%l, %c0, %o, %c] : memref<?x2x?x?xf64>
          %v_past = memref.load %past[%l, %c, %t] : memref<?x?x?xf64>
          %w_past = memref.load %w_filter[%l, %c1, %o, %c] : memref<?x2x?x?xf64>
          %vw_now = arith.mulf %v_now, %w_now : f64
          %vw_past = arith.mulf %v_past, %w_past : f64
          %vw = arith.addf %vw_now, %vw_past : f64
          %s_next = arith.addf %s, %vw : f64
          scf.yield %s_next : f64
        }
        %y = math.tanh %z : f64
        memref.store %y, %filter[%l, %o, %t] : memref<?x?x?xf64>
      }
    }

    // Gate
    scf.for %o = %c0 to %channels step %c1 {
      scf.for %t = %c0 to %times step %c1 {
        %z = scf.for %c = %c0 to %channels step %c1 iter_args(%s = %zero) -> (f64) {
          %v_now = memref.load %now[%l, %c, %t] : memref<?x?x?xf64>
          %w_now = memref.load %w_gate[%l, %c0, %o, %c] : memref<?x2x?x?xf64>
          %v_past = memref.load %past[%l, %c, %t] : memref<?x?x?xf64>
          %w_past = memref.load %w_gate[%l, %c1, %o, %c] : memref<?x2x?x?xf64>
          %vw_now = arith.mulf %v_now, %w_now : f64
          %vw_past = arith.mulf %v_past, %w_past : f64
          %vw = arith.addf %vw_now, %vw_past : f64
          %s_next = arith.addf %s, %vw : f64
          scf.yield %s_next : f64
        }
        %opposite = arith.negf %z : f64
        %e = math.exp %opposite : f64
        %bottom = arith.addf %one, %e : f64
        %y = arith.divf %one, %bottom : f64
        memref.store %y, %gate[%l, %o, %t] : memref<?x?x?xf64>
      }
    }

    // Their product
    scf.for %c = %c0 to %channels step %c1 {
      scf.for %t = %c0 to %times step %c1 {
        %f = memref.load %filter[%l, %c, %t] : memref<?x?x?xf64>
        %g = memref.load %gate[%l, %c, %t] : memref<?x?x?xf64>
        %fg = arith.mulf %f, %g : f64
        memref.store %fg, %gated[%l, %c, %t] : memref<?x?x?xf64>
      }
    }

    // Projected
    scf.for %o = %c0 to %channels step %c1 {
      scf.for %t = %c0 to %times step %c1 {
        %z = scf.for %c = %c0 to %channels step %c1 iter_args(%s = %zero) -> (f64) {
          %v = memref.load %gated[%l, %c, %t] : memref<?x?x?xf64>
          %w = memref.load %w_residual[%l, %o, %c] : memref<?x?x?xf64>
          %vw = arith.mulf %v, %w : f64
          %s_next = arith.addf %s, %vw : f64
          scf.yield %s_next : f64
        }
        memref.store %z, %residual[%l, %o, %t] : memref<?x?x?xf64>
      }
    }

    // The next signal
    scf.for %c = %c0 to %channels step %c1 {
      scf.for %t = %c0 to %times step %c1 {
        %v = memref.load %x[%l, %c, %t] : memref<?x?x?xf64>
        %r = memref.load %residual[%l, %c, %t] : memref<?x?x?xf64>
        %next = arith.addf %v, %r : f64
        memref.store %next, %x[%following, %c, %t] : memref<?x?x?xf64>
      }
    }

    // One under the other
    %first = arith.muli %l, %channels : index
    scf.for %c = %c0 to %channels step %c1 {
      %feature = arith.addi %first, %c : index
      scf.for %t = %c0 to %times step %c1 {
        %v = memref.load %gated[%l, %c, %t] : memref<?x?x?xf64>
        memref.store %v, %skips[%feature, %t] : memref<?x?xf64>
      }
    }
    memref.dealloc %padded : memref<?x?xf64>
  }

  // Prediction
  scf.for %t = %c0 to %times step %c1 {
    %z = scf.for %k = %c0 to %features step %c1 iter_args(%s = %zero) -> (f64) {
      %v = memref.load %skips[%k, %t] : memref<?x?xf64>
      %w = memref.load %w_out[%k] : memref<?xf64>
      %vw = arith.mulf %v, %w : f64
      %s_next = arith.addf %s, %vw : f64
      scf.yield %s_next : f64
    }
    memref.store %z, %predicted[%t] : memref<?xf64>
  }

  %value = scf.for %t = %c0 to %times step %c1 iter_args(%s = %zero) -> (f64) {
    %z = memref.load %predicted[%t] : memref<?xf64>
    %wanted = memref.load %target[%t] : memref<?xf64>
    %error = arith.subf %z, %wanted : f64
    %square = arith.mulf %error, %error : f64
    %s_next = arith.addf %s, %square : f64
    scf.yield %s_next : f64
  }
  memref.dealloc %x : memref<?x?x?xf64>
  memref.dealloc %past : memref<?x?x?xf64>
  memref.dealloc %now : memref<?x?x?xf64>
  memref.dealloc %filter : memref<?x?x?xf64>
  memref.dealloc %gate : memref<?x?x?xf64>
  memref.dealloc %gated : memref<?x?x?xf64>
  memref.dealloc %residual : memref<?x?x?xf64>
  memref.dealloc %skips : memref<?x?xf64>
  memref.dealloc %predicted : memref<?xf64>
  func.return %value : f64
}
