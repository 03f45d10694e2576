// A residual block (He et al. 2016) on one image: two 3 x 3 convolutions with a ReLU
// between them, beside a 1 x 1 projection, and a ReLU of the sum. Every operator is a
// nest of its own with a buffer of its own. The image is [channel, row, column], inside
// channels come last; a convolution's weights are [map, row, column, channel]. Returns
// the sum of squares of the result.
func.func @resnet_block(
    %image: memref<?x?x?xf64>,
    %w1: memref<?x3x3x?xf64>, %b1: memref<?xf64>,
    %w2: memref<?x3x3x?xf64>, %b2: memref<?xf64>,
    %w3: memref<?x?xf64>) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %zero = arith.constant 0.0 : f64
  %channels = memref.dim %image, %c0 : memref<?x?x?xf64>
  %rows = memref.dim %image, %c1 : memref<?x?x?xf64>
  %columns = memref.dim %image, %c2 : memref<?x?x?xf64>
  %maps = memref.dim %b1, %c0 : memref<?xf64>
  %padded_rows = arith.addi %rows, %c2 : index
  %padded_columns = arith.addi %columns, %c2 : index

  %x = memref.alloc(%rows, %columns, %channels) : memref<?x?x?xf64>
  %x_padded = memref.alloc(%padded_rows, %padded_columns, %channels)
    : memref<?x?x?xf64>
  %z1 = memref.alloc(%rows, %columns, %maps) : memref<?x?x?xf64>
  %y1 = memref.alloc(%rows, %columns, %maps) : memref<?x?x?xf64>
  %y1_padded = memref.alloc(%padded_rows, %padded_columns, %maps) : memref<?x?x?xf64>
  %z2 = memref.alloc(%rows, %columns, %maps) : memref<?x?x?xf64>
  %projected = memref.alloc(%rows, %columns, %maps) : memref<?x?x?xf64>
  %sum = memref.alloc(%rows, %columns, %maps) : memref<?x?x?xf64>
  %y2 = memref.alloc(%rows, %columns, %maps) : memref<?x?x?xf64>
  %result = memref.alloc(%maps, %rows, %columns) : memref<?x?x?xf64>

  // Channels last
  scf.for %i = %c0 to %rows step %c1 {
    scf.for %j = %c0 to %columns step %c1 {
      scf.for %c = %c0 to %channels step %c1 {
        %v = memref.load %image[%c, %i, %j] : memref<?x?x?xf64>
        memref.store %v, %x[%i, %j, %c] : memref<?x?x?xf64>
      }
    }
  }

  // Padded
  scf.for %i = %c0 to %padded_rows step %c1 {
    scf.for %j = %c0 to %padded_columns step %c1 {
      scf.for %c = %c0 to %channels step %c1 {
        memref.store %zero, %x_padded[%i, %j, %c] : memref<?x?x?xf64>
      }
    }
  }
  scf.for %i = %c0 to %rows step %c1 {
    %i_inside = arith.addi %i, %c1 : index
    scf.for %j = %c0 to %columns step %c1 {
      %j_inside = arith.addi %j, %c1 : index
      scf.for %c = %c0 to %channels step %c1 {
        %v = memref.load %x[%i, %j, %c] : memref<?x?x?xf64>
        memref.store %v, %x_padded[%i_inside, %j_inside, %c] : memref<?x?x?xf64>
      }
    }
  }

  // First convolution
  scf.for %i = %c0 to %rows step %c1 {
    scf.for %j = %c0 to %columns step %c1 {
      scf.for %o = %c0 to %maps step %c1 {
        %bias = memref.load %b1[%o] : memref<?xf64>
        %z = scf.for %p = %c0 to %c3 step %c1 iter_args(%s_p = %bias) -> (f64) {
          %row = arith.addi %i, %p : index
          %s_p_next = scf.for %q = %c0 to %c3 step %c1 iter_args(%s_q = %s_p) -> (f64) {
            %column = arith.addi %j, %q : index
            %s_q_next = scf.for %c = %c0 to %channels step %c1
                iter_args(%s_c = %s_q) -> (f64) {
              %v = memref.load %x_padded[%row, %column, %c] : memref<?x?x?xf64>
              %w = memref.load %w1[%o, %p, %q, %c] : memref<?x3x3x?xf64>
              %vw = arith.mulf %v, %w : f64
              %s_c_next = arith.addf %s_c, %vw : f64
              scf.yield %s_c_next : f64
            }
            scf.yield %s_q_next : f64
          }
          scf.yield %s_p_next : f64
        }
        memref.store %z, %z1[%i, %j, %o] : memref<?x?x?xf64>
      }
    }
  }

  // ReLU
  scf.for %i = %c0 to %rows step %c1 {
    scf.for %j = %c0 to %columns step %c1 {
      scf.for %o = %c0 to %maps step %c1 {
        %z = memref.load %z1[%i, %j, %o] : memref<?x?x?xf64>
        %y = arith.maximumf %z, %zero : f64
        memref.store %y, %y1[%i, %j, %o] : memref<?x?x?xf64>
      }
    }
  }

  // Padded
  scf.for %i = %c0 to %padded_rows step %c1 {
    scf.for %j = %c0 to %padded_columns step %c1 {
      scf.for %o = %c0 to %maps step %c1 {
        memref.store %zero, %y1_padded[%i, %j, %o] : memref<?x?x?xf64>
      }
    }
  }
  scf.for %i = %c0 to %rows step %c1 {
    %i_inside = arith.addi %i, %c1 : index
    scf.for %j = %c0 to %columns step %c1 {
      %j_inside = arith.addi %j, %c1 : index
      scf.for %o = %c0 to %maps step %c1 {
        %y = memref.load %y1[%i, %j, %o] : memref<?x?x?xf64>
        memref.store %y, %y1_padded[%i_inside, %j_inside, %o] : memref<?x?x?xf64>
      }
    }
  }

  // Second convolution
  scf.for %i = %c0 to %rows step %c1 {
    scf.for %j = %c0 to %columns step %c1 {
      scf.for %o = %c0 to %maps step %c1 {
        %bias = memref.load %b2[%o] : memref<?xf64>
        %z = scf.for %p = %c0 to %c3 step %c1 iter_args(%s_p = %bias) -> (f64) {
          %row = arith.addi %i, %p : index
          %s_p_next = scf.for %q = %c0 to %c3 step %c1 iter_args(%s_q = %s_p) -> (f64) {
            %column = arith.addi %j, %q : index
            %s_q_next = scf.for %c = %c0 to %maps step %c1
                iter_args(%s_c = %s_q) -> (f64) {
              %y = memref.load %y1_padded[%row, %column, %c] : memref<?x?x?xf64>
              %w = memref.load %w2[%o, %p, %q, %c] : memref<?x3x3x?xf64>
              %yw = arith.mulf %y, %w : f64
              %s_c_next = arith.addf %s_c, %yw : f64
              scf.yield %s_c_next : f64
            }
            scf.yield %s_q_next : f64
          }
          scf.yield %s_p_next : f64
        }
        memref.store %z, %z2[%i, %j, %o] : memref<?x?x?xf64>
      }
    }
  }

  // Projection
  scf.for %i = %c0 to %rows step %c1 {
    scf.for %j = %c0 to %columns step %c1 {
      scf.for %o = %c0 to %maps step %c1 {
        %z = scf.for %c = %c0 to %channels step %c1 iter_args(%s = %zero) -> (f64) {
          %v = memref.load %x[%i, %j, %c] : memref<?x?x?xf64>
          %w = memref.load %w3[%o, %c] : memref<?x?xf64>
          %vw = arith.mulf %v, %w : f64
          %s_next = arith.addf %s, %vw : f64
          scf.yield %s_next : f64
        }
        memref.store %z, %projected[%i, %j, %o] : memref<?x?x?xf64>
      }
    }
  }

  // Sum
  scf.for %i = %c0 to %rows step %c1 {
    scf.for %j = %c0 to %columns step %c1 {
      scf.for %o = %c0 to %maps step %c1 {
        %z = memref.load %z2[%i, %j, %o] : memref<?x?x?xf64>
        %shortcut = memref.load %projected[%i, %j, %o] : memref<?x?x?xf64>
        %both = arith.addf %z, %shortcut : f64
        memref.store %both, %sum[%i, %j, %o] : memref<?x?x?xf64>
      }
    }
  }

  // ReLU
  scf.for %i = %c0 to %rows step %c1 {
    scf.for %j = %c0 to %columns step %c1 {
      scf.for %o = %c0 to %maps step %c1 {
        %both = memref.load %sum[%i, %j, %o] : memref<?x?x?xf64>
        %y = arith.maximumf %both, %zero : f64
        memref.store %y, %y2[%i, %j, %o] : memref<?x?x?xf64>
      }
    }
  }

  // Channels first
  scf.for %o = %c0 to %maps step %c1 {
    scf.for %i = %c0 to %rows step %c1 {
      scf.for %j = %c0 to %columns step %c1 {
        %y = memref.load %y2[%i, %j, %o] : memref<?x?x?xf64>
        memref.store %y, %result[%o, %i, %j] : memref<?x?x?xf64>
      }
    }
  }

  %value = scf.for %o = %c0 to %maps step %c1 iter_args(%s_o = %zero) -> (f64) {
    %s_o_next = scf.for %i = %c0 to %rows step %c1 iter_args(%s_i = %s_o) -> (f64) {
      %s_i_next = scf.for %j = %c0 to %columns step %c1 iter_args(%s = %s_i) -> (f64) {
        %y = memref.load %result[%o, %i, %j] : memref<?x?x?xf64>
        %square = arith.mulf %y, %y : f64
        %s_next = arith.addf %s, %square : f64
        scf.yield %s_next : f64
      }
      scf.yield %s_i_next : f64
    }
    scf.yield %s_o_next : f64
  }
  memref.dealloc %x : memref<?x?x?xf64>
  memref.dealloc %x_padded : memref<?x?x?xf64>
  memref.dealloc %z1 : memref<?x?x?xf64>
  memref.dealloc %y1 : memref<?x?x?xf64>
  memref.dealloc %y1_padded : memref<?x?x?xf64>
  memref.dealloc %z2 : memref<?x?x?xf64>
  memref.dealloc %projected : memref<?x?x?xf64>
  memref.dealloc %sum : memref<?x?x?xf64>
  memref.dealloc %y2 : memref<?x?x?xf64>
  memref.dealloc %result : memref<?x?x?xf64>
  func.return %value : f64
}
