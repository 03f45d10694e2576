// Self-attention with several heads (Vaswani et al. 2017) over `rows` tokens. Queries,
// keys and values are projected, cut into heads, keys transposed, scores scaled and
// made probabilities, heads merged and projected. Every operator is a nest of its own
// with a buffer of its own. Weights are [in, out]. Returns the sum of squares.
func.func @attention(
    %x: memref<?x?xf64>, %heads: index, %w_query: memref<?x?xf64>,
    %w_key: memref<?x?xf64>, %w_value: memref<?x?xf64>, %w_out: memref<?x?xf64>) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f64
  %lowest = arith.constant -1.0e300 : f64
  %rows = memref.dim %x, %c0 : memref<?x?xf64>
  %width = memref.dim %x, %c1 : memref<?x?xf64>
  %depth = arith.divui %width, %heads : index
  %depth_integer = arith.index_cast %depth : index to i64
  %depth_number = arith.sitofp %depth_integer : i64 to f64
  %root = math.sqrt %depth_number : f64

  %query = memref.alloc(%rows, %width) : memref<?x?xf64>
  %key = memref.alloc(%rows, %width) : memref<?x?xf64>
  %value = memref.alloc(%rows, %width) : memref<?x?xf64>
  %query_heads = memref.alloc(%heads, %rows, %depth) : memref<?x?x?xf64>
  %key_heads = memref.alloc(%heads, %rows, %depth) : memref<?x?x?xf64>
  %key_columns = memref.alloc(%heads, %depth, %rows) : memref<?x?x?xf64>
  %value_heads = memref.alloc(%heads, %rows, %depth) : memref<?x?x?xf64>
  %scores = memref.alloc(%heads, %rows, %rows) : memref<?x?x?xf64>
  %exponentials = memref.alloc(%heads, %rows, %rows) : memref<?x?x?xf64>
  %probabilities = memref.alloc(%heads, %rows, %rows) : memref<?x?x?xf64>
  %seen = memref.alloc(%heads, %rows, %depth) : memref<?x?x?xf64>
  %merged = memref.alloc(%rows, %width) : memref<?x?xf64>
  %result = memref.alloc(%rows, %width) : memref<?x?xf64>

  // Projections
  scf.for %i = %c0 to %rows step %c1 {
    scf.for %j = %c0 to %width step %c1 {
      %q = scf.for %k = %c0 to %width step %c1 iter_args(%s = %zero) -> (f64) {
        %v = memref.load %x[%i, %k] : memref<?x?xf64>
        %w = memref.load %w_query[%k, %j] : memref<?x?xf64>
        %vw = arith.mulf %v, %w : f64
        %s_next = arith.addf %s, %vw : f64
        scf.yield %s_next : f64
      }
      memref.store %q, %query[%i, %j] : memref<?x?xf64>
    }
  }
  scf.for %i = %c0 to %rows step %c1 {
    scf.for %j = %c0 to %width step %c1 {
      %q = scf.for %k = %c0 to %width step %c1 iter_args(%s = %zero) -> (f64) {
        %v = memref.load %x[%i, %k] : memref<?x?xf64>
        %w = memref.load %w_key[%k, %j] : memref<?x?xf64>
        %vw = arith.mulf %v, %w : f64
        %s_next = arith.addf %s, %vw : f64
        scf.yield %s_next : f64
      }
      memref.store %q, %key[%i, %j] : memref<?x?xf64>
    }
  }
  scf.for %i = %c0 to %rows step %c1 {
    scf.for %j = %c0 to %width step %c1 {
      %q = scf.for %k = %c0 to %width step %c1 iter_args(%s = %zero) -> (f64) {
        %v = memref.load %x[%i, %k] : memref<?x?xf64>
        %w = memref.load %w_value[%k, %j] : memref<?x?xf64>
        %vw = arith.mulf %v, %w : f64
        %s_next = arith.addf %s, %vw : f64
        scf.yield %s_next : f64
      }
      memref.store %q, %value[%i, %j] : memref<?x?xf64>
    }
  }

  // Heads
  scf.for %h = %c0 to %heads step %c1 {
    %first = arith.muli %h, %depth : index
    scf.for %i = %c0 to %rows step %c1 {
      scf.for %d = %c0 to %depth step %c1 {
        %j = arith.addi %first, %d : index
        %v = memref.load %query[%i, %j] : memref<?x?xf64>
        memref.store %v, %query_heads[%h, %i, %d] : memref<?x?x?xf64>
      }
    }
  }
  scf.for %h = %c0 to %heads step %c1 {
    %first = arith.muli %h, %depth : index
    scf.for %i = %c0 to %rows step %c1 {
      scf.for %d = %c0 to %depth step %c1 {
        %j = arith.addi %first, %d : index
        %v = memref.load %key[%i, %j] : memref<?x?xf64>
        memref.store %v, %key_heads[%h, %i, %d] : memref<?x?x?xf64>
      }
    }
  }
  scf.for %h = %c0 to %heads step %c1 {
    %first = arith.muli %h, %depth : index
    scf.for %i = %c0 to %rows step %c1 {
      scf.for %d = %c0 to %depth step %c1 {
        %j = arith.addi %first, %d : index
        %v = memref.load %value[%i, %j] : memref<?x?xf64>
        memref.store %v, %value_heads[%h, %i, %d] : memref<?x?x?xf64>
      }
    }
  }

  // Keys transposed
  scf.for %h = %c0 to %heads step %c1 {
    scf.for %d = %c0 to %depth step %c1 {
      scf.for %i = %c0 to %rows step %c1 {
        %v = memref.load %key_heads[%h, %i, %d] : memref<?x?x?xf64>
        memref.store %v, %key_columns[%h, %d, %i] : memref<?x?x?xf64>
      }
    }
  }

  // Scores
  scf.for %h = %c0 to %heads step %c1 {
    scf.for %i = %c0 to %rows step %c1 {
      scf.for %j = %c0 to %rows step %c1 {
        %dot = scf.for %d = %c0 to %depth step %c1 iter_args(%s = %zero) -> (f64) {
          %q = memref.load %query_heads[%h, %i, %d] : memref<?x?x?xf64>
          %k = memref.load %key_columns[%h, %d, %j] : memref<?x?x?xf64>
          %qk = arith.mulf %q, %k : f64
          %s_next = arith.addf %s, %qk : f64
          scf.yield %s_next : f64
        }
        %score = arith.divf %dot, %root : f64
        memref.store %score, %scores[%h, %i, %j] : memref<?x?x?xf64>
      }
    }
  }

  // Probabilities
  scf.for %h = %c0 to %heads step %c1 {
    scf.for %i = %c0 to %rows step %c1 {
      %most = scf.for %j = %c0 to %rows step %c1 iter_args(%m = %lowest) -> (f64) {
        %score = memref.load %scores[%h, %i, %j] : memref<?x?x?xf64>
        %m_next = arith.maximumf %m, %score : f64
        scf.yield %m_next : f64
      }
      %sum = scf.for %j = %c0 to %rows step %c1 iter_args(%s = %zero) -> (f64) {
        %score = memref.load %scores[%h, %i, %j] : memref<?x?x?xf64>
        %lower = arith.subf %score, %most : f64
        %e = math.exp %lower : f64
        memref.store %e, %exponentials[%h, %i, %j] : memref<?x?x?xf64>
        %s_next = arith.addf %s, %e : f64
        scf.yield %s_next : f64
      }
      scf.for %j = %c0 to %rows step %c1 {
        %e = memref.load %exponentials[%h, %i, %j] : memref<?x?x?xf64>
        %p = arith.divf %e, %sum : f64
        memref.store %p, %probabilities[%h, %i, %j] : memref<?x?x?xf64>
      }
    }
  }

  // What each head sees
  scf.for %h = %c0 to %heads step %c1 {
    scf.for %i = %c0 to %rows step %c1 {
      scf.for %d = %c0 to %depth step %c1 {
        %mean = scf.for %j = %c0 to %rows step %c1 iter_args(%s = %zero) -> (f64) {
          %p = memref.load %probabilities[%h, %i, %j] : memref<?x?x?xf64>
          %v = memref.load %value_heads[%h, %j, %d] : memref<?x?x?xf64>
          %pv = arith.mulf %p, %v : f64
          %s_next = arith.addf %s, %pv : f64
          scf.yield %s_next : f64
        }
        memref.store %mean, %seen[%h, %i, %d] : memref<?x?x?xf64>
      }
    }
  }

  // Heads merged
  scf.for %i = %c0 to %rows step %c1 {
    scf.for %h = %c0 to %heads step %c1 {
      %first = arith.muli %h, %depth : index
      scf.for %d = %c0 to %depth step %c1 {
        %j = arith.addi %first, %d : index
        %v = memref.load %seen[%h, %i, %d] : memref<?x?x?xf64>
        memref.store %v, %merged[%i, %j] : memref<?x?xf64>
      }
    }
  }

  // Projection
  scf.for %i = %c0 to %rows step %c1 {
    scf.for %j = %c0 to %width step %c1 {
      %y = scf.for %k = %c0 to %width step %c1 iter_args(%s = %zero) -> (f64) {
        %v = memref.load %merged[%i, %k] : memref<?x?xf64>
        %w = memref.load %w_out[%k, %j] : memref<?x?xf64>
        %vw = arith.mulf %v, %w : f64
        %s_next = arith.addf %s, %vw : f64
        scf.yield %s_next : f64
      }
      memref.store %y, %result[%i, %j] : memref<?x?xf64>
    }
  }

  %squares = scf.for %i = %c0 to %rows step %c1 iter_args(%row = %zero) -> (f64) {
    %row_next = scf.for %j = %c0 to %width step %c1 iter_args(%s = %row) -> (f64) {
      %y = memref.load %result[%i, %j] : memref<?x?xf64>
      %square = arith.mulf %y, %y : f64
      %s_next = arith.addf %s, %square : f64
      scf.yield %s_next : f64
    }
    scf.yield %row_next : f64
  }
  memref.dealloc %query : memref<?x?xf64>
  memref.dealloc %key : memref<?x?xf64>
  memref.dealloc %value : memref<?x?xf64>
  memref.dealloc %query_heads : memref<?x?x?xf64>
  memref.dealloc %key_heads : memref<?x?x?xf64>
  memref.dealloc %key_columns : memref<?x?x?xf64>
  memref.dealloc %value_heads : memref<?x?x?xf64>
  memref.dealloc %scores : memref<?x?x?xf64>
  memref.dealloc %exponentials : memref<?x?x?xf64>
  memref.dealloc %probabilities : memref<?x?x?xf64>
  memref.dealloc %seen : memref<?x?x?xf64>
  memref.dealloc %merged : memref<?x?xf64>
  memref.dealloc %result : memref<?x?xf64>
  func.return %squares : f64
}
