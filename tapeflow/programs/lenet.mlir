// LeNet-5 (LeCun et al. 1998) with mean pooling: convolution and tanh (C1), pool
// (S2), convolution and tanh (C3), pool (S4), a layer that sees every whole map
// (C5), a dense layer (F6), both with tanh, and the classes' logits. Returns the
// softmax cross-entropy for `label`. The image is [channel, row, column], a
// convolution's weights are [map, channel, row, column].
func.func @lenet(
    %image: memref<?x?x?xf64>, %label: index,
    %w1: memref<?x?x?x?xf64>, %b1: memref<?xf64>,
    %w3: memref<?x?x?x?xf64>, %b3: memref<?xf64>,
    %w5: memref<?x?x?x?xf64>, %b5: memref<?xf64>,
    %w6: memref<?x?xf64>, %b6: memref<?xf64>,
    %w7: memref<?x?xf64>, %b7: memref<?xf64>) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %zero = arith.constant 0.0 : f64
  %quarter = arith.constant 0.25 : f64

  %channels = memref.dim %image, %c0 : memref<?x?x?xf64>
  %rows = memref.dim %image, %c1 : memref<?x?x?xf64>
  %columns = memref.dim %image, %c2 : memref<?x?x?xf64>
  %maps1 = memref.dim %w1, %c0 : memref<?x?x?x?xf64>
  %kernel_rows1 = memref.dim %w1, %c2 : memref<?x?x?x?xf64>
  %kernel_columns1 = memref.dim %w1, %c3 : memref<?x?x?x?xf64>
  %maps3 = memref.dim %w3, %c0 : memref<?x?x?x?xf64>
  %kernel_rows3 = memref.dim %w3, %c2 : memref<?x?x?x?xf64>
  %kernel_columns3 = memref.dim %w3, %c3 : memref<?x?x?x?xf64>
  %units5 = memref.dim %w5, %c0 : memref<?x?x?x?xf64>
  %units6 = memref.dim %w6, %c0 : memref<?x?xf64>
  %classes = memref.dim %w7, %c0 : memref<?x?xf64>

  %overhang_rows1 = arith.subi %kernel_rows1, %c1 : index
  %overhang_columns1 = arith.subi %kernel_columns1, %c1 : index
  %rows1 = arith.subi %rows, %overhang_rows1 : index
  %columns1 = arith.subi %columns, %overhang_columns1 : index
  %rows2 = arith.divui %rows1, %c2 : index
  %columns2 = arith.divui %columns1, %c2 : index
  %overhang_rows3 = arith.subi %kernel_rows3, %c1 : index
  %overhang_columns3 = arith.subi %kernel_columns3, %c1 : index
  %rows3 = arith.subi %rows2, %overhang_rows3 : index
  %columns3 = arith.subi %columns2, %overhang_columns3 : index
  %rows4 = arith.divui %rows3, %c2 : index
  %columns4 = arith.divui %columns3, %c2 : index

  %maps_c1 = memref.alloc(%maps1, %rows1, %columns1) : memref<?x?x?xf64>
  %maps_s2 = memref.alloc(%maps1, %rows2, %columns2) : memref<?x?x?xf64>
  %maps_c3 = memref.alloc(%maps3, %rows3, %columns3) : memref<?x?x?xf64>
  %maps_s4 = memref.alloc(%maps3, %rows4, %columns4) : memref<?x?x?xf64>
  %units_c5 = memref.alloc(%units5) : memref<?xf64>
  %units_f6 = memref.alloc(%units6) : memref<?xf64>
  %logits = memref.alloc(%classes) : memref<?xf64>

  // C1
  scf.for %o = %c0 to %maps1 step %c1 {
    %bias = memref.load %b1[%o] : memref<?xf64>
    scf.for %i = %c0 to %rows1 step %c1 {
      scf.for %j = %c0 to %columns1 step %c1 {
        %z = scf.for %m = %c0 to %channels step %c1 iter_args(%s_m = %bias) -> (f64) {
          %s_m_next = scf.for %p = %c0 to %kernel_rows1 step %c1
              iter_args(%s_p = %s_m) -> (f64) {
            %ip = arith.addi %i, %p : index
            %s_p_next = scf.for %q = %c0 to %kernel_columns1 step %c1
                iter_args(%s = %s_p) -> (f64) {
              %jq = arith.addi %j, %q : index
              %w = memref.load %w1[%o, %m, %p, %q] : memref<?x?x?x?xf64>
              %x = memref.load %image[%m, %ip, %jq] : memref<?x?x?xf64>
              %product = arith.mulf %w, %x : f64
              %s_next = arith.addf %s, %product : f64
              scf.yield %s_next : f64
            }
            scf.yield %s_p_next : f64
          }
          scf.yield %s_m_next : f64
        }
        %tanh = math.tanh %z : f64
        memref.store %tanh, %maps_c1[%o, %i, %j] : memref<?x?x?xf64>
      }
    }
  }

  // S2
  scf.for %o = %c0 to %maps1 step %c1 {
    scf.for %i = %c0 to %rows2 step %c1 {
      %i2 = arith.muli %i, %c2 : index
      scf.for %j = %c0 to %columns2 step %c1 {
        %j2 = arith.muli %j, %c2 : index
        %sum = scf.for %p = %c0 to %c2 step %c1 iter_args(%s_p = %zero) -> (f64) {
          %ip = arith.addi %i2, %p : index
          %s_p_next = scf.for %q = %c0 to %c2 step %c1 iter_args(%s = %s_p) -> (f64) {
            %jq = arith.addi %j2, %q : index
            %x = memref.load %maps_c1[%o, %ip, %jq] : memref<?x?x?xf64>
            %s_next = arith.addf %s, %x : f64
            scf.yield %s_next : f64
          }
          scf.yield %s_p_next : f64
        }
        %mean = arith.mulf %quarter, %sum : f64
        memref.store %mean, %maps_s2[%o, %i, %j] : memref<?x?x?xf64>
      }
    }
  }

  // C3
  scf.for %o = %c0 to %maps3 step %c1 {
    %bias = memref.load %b3[%o] : memref<?xf64>
    scf.for %i = %c0 to %rows3 step %c1 {
      scf.for %j = %c0 to %columns3 step %c1 {
        %z = scf.for %m = %c0 to %maps1 step %c1 iter_args(%s_m = %bias) -> (f64) {
          %s_m_next = scf.for %p = %c0 to %kernel_rows3 step %c1
              iter_args(%s_p = %s_m) -> (f64) {
            %ip = arith.addi %i, %p : index
            %s_p_next = scf.for %q = %c0 to %kernel_columns3 step %c1
                iter_args(%s = %s_p) -> (f64) {
              %jq = arith.addi %j, %q : index
              %w = memref.load %w3[%o, %m, %p, %q] : memref<?x?x?x?xf64>
              %x = memref.load %maps_s2[%m, %ip, %jq] : memref<?x?x?xf64>
              %product = arith.mulf %w, %x : f64
              %s_next = arith.addf %s, %product : f64
              scf.yield %s_next : f64
            }
            scf.yield %s_p_next : f64
          }
          scf.yield %s_m_next : f64
        }
        %tanh = math.tanh %z : f64
        memref.store %tanh, %maps_c3[%o, %i, %j] : memref<?x?x?xf64>
      }
    }
  }

  // S4
  scf.for %o = %c0 to %maps3 step %c1 {
    scf.for %i = %c0 to %rows4 step %c1 {
      %i2 = arith.muli %i, %c2 : index
      scf.for %j = %c0 to %columns4 step %c1 {
        %j2 = arith.muli %j, %c2 : index
        %sum = scf.for %p = %c0 to %c2 step %c1 iter_args(%s_p = %zero) -> (f64) {
          %ip = arith.addi %i2, %p : index
          %s_p_next = scf.for %q = %c0 to %c2 step %c1 iter_args(%s = %s_p) -> (f64) {
            %jq = arith.addi %j2, %q : index
            %x = memref.load %maps_c3[%o, %ip, %jq] : memref<?x?x?xf64>
            %s_next = arith.addf %s, %x : f64
            scf.yield %s_next : f64
          }
          scf.yield %s_p_next : f64
        }
        %mean = arith.mulf %quarter, %sum : f64
        memref.store %mean, %maps_s4[%o, %i, %j] : memref<?x?x?xf64>
      }
    }
  }

  // C5
  scf.for %u = %c0 to %units5 step %c1 {
    %bias = memref.load %b5[%u] : memref<?xf64>
    %z = scf.for %m = %c0 to %maps3 step %c1 iter_args(%s_m = %bias) -> (f64) {
      %s_m_next = scf.for %i = %c0 to %rows4 step %c1 iter_args(%s_i = %s_m) -> (f64) {
        %s_i_next = scf.for %j = %c0 to %columns4 step %c1
            iter_args(%s = %s_i) -> (f64) {
          %w = memref.load %w5[%u, %m, %i, %j] : memref<?x?x?x?xf64>
          %x = memref.load %maps_s4[%m, %i, %j] : memref<?x?x?xf64>
          %product = arith.mulf %w, %x : f64
          %s_next = arith.addf %s, %product : f64
          scf.yield %s_next : f64
        }
        scf.yield %s_i_next : f64
      }
      scf.yield %s_m_next : f64
    }
    %tanh = math.tanh %z : f64
    memref.store %tanh, %units_c5[%u] : memref<?xf64>
  }

  // F6
  scf.for %u = %c0 to %units6 step %c1 {
    %bias = memref.load %b6[%u] : memref<?xf64>
    %z = scf.for %m = %c0 to %units5 step %c1 iter_args(%s = %bias) -> (f64) {
      %w = memref.load %w6[%u, %m] : memref<?x?xf64>
      %x = memref.load %units_c5[%m] : memref<?xf64>
      %product = arith.mulf %w, %x : f64
      %s_next = arith.addf %s, %product : f64
      scf.yield %s_next : f64
    }
    %tanh = math.tanh %z : f64
    memref.store %tanh, %units_f6[%u] : memref<?xf64>
  }

  // Logits
  scf.for %u = %c0 to %classes step %c1 {
    %bias = memref.load %b7[%u] : memref<?xf64>
    %z = scf.for %m = %c0 to %units6 step %c1 iter_args(%s = %bias) -> (f64) {
      %w = memref.load %w7[%u, %m] : memref<?x?xf64>
      %x = memref.load %units_f6[%m] : memref<?xf64>
      %product = arith.mulf %w, %x : f64
      %s_next = arith.addf %s, %product : f64
      scf.yield %s_next : f64
    }
    memref.store %z, %logits[%u] : memref<?xf64>
  }

  %logit0 = memref.load %logits[%c0] : memref<?xf64>
  %max = scf.for %k = %c1 to %classes step %c1 iter_args(%m = %logit0) -> (f64) {
    %logit = memref.load %logits[%k] : memref<?xf64>
    %larger = arith.maximumf %m, %logit : f64
    scf.yield %larger : f64
  }
  %partition = scf.for %k = %c0 to %classes step %c1 iter_args(%s = %zero) -> (f64) {
    %logit = memref.load %logits[%k] : memref<?xf64>
    %shifted = arith.subf %logit, %max : f64
    %exp = math.exp %shifted : f64
    %s_next = arith.addf %s, %exp : f64
    scf.yield %s_next : f64
  }
  %log = math.log %partition : f64
  %log_partition = arith.addf %max, %log : f64
  %logit_correct = memref.load %logits[%label] : memref<?xf64>
  %loss = arith.subf %log_partition, %logit_correct : f64

  memref.dealloc %maps_c1 : memref<?x?x?xf64>
  memref.dealloc %maps_s2 : memref<?x?x?xf64>
  memref.dealloc %maps_c3 : memref<?x?x?xf64>
  memref.dealloc %maps_s4 : memref<?x?x?xf64>
  memref.dealloc %units_c5 : memref<?xf64>
  memref.dealloc %units_f6 : memref<?xf64>
  memref.dealloc %logits : memref<?xf64>
  func.return %loss : f64
}
