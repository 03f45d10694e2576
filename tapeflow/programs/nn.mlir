// A perceptron with one tanh layer and softmax cross-entropy, averaged over a
// batch: hidden = tanh(w1 x + b1), logits = w2 hidden + b2,
// loss = mean over samples of log sum_k exp(logits_k) - logits_label.
func.func @nn(
    %x: memref<?x?xf64>, %label: memref<?xi32>,
    %w1: memref<?x?xf64>, %b1: memref<?xf64>,
    %w2: memref<?x?xf64>, %b2: memref<?xf64>) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f64
  %samples = memref.dim %x, %c0 : memref<?x?xf64>
  %inputs = memref.dim %x, %c1 : memref<?x?xf64>
  %units = memref.dim %w1, %c0 : memref<?x?xf64>
  %classes = memref.dim %w2, %c0 : memref<?x?xf64>

  %hidden = memref.alloc(%units) : memref<?xf64>
  %logits = memref.alloc(%classes) : memref<?xf64>
  %sum = scf.for %n = %c0 to %samples step %c1 iter_args(%loss = %zero) -> (f64) {
    scf.for %u = %c0 to %units step %c1 {
      %bias = memref.load %b1[%u] : memref<?xf64>
      %z = scf.for %i = %c0 to %inputs step %c1 iter_args(%s = %bias) -> (f64) {
        %w = memref.load %w1[%u, %i] : memref<?x?xf64>
        %xi = memref.load %x[%n, %i] : memref<?x?xf64>
        %product = arith.mulf %w, %xi : f64
        %s_next = arith.addf %s, %product : f64
        scf.yield %s_next : f64
      }
      %h = math.tanh %z : f64
      memref.store %h, %hidden[%u] : memref<?xf64>
    }

    scf.for %k = %c0 to %classes step %c1 {
      %bias = memref.load %b2[%k] : memref<?xf64>
      %z = scf.for %u = %c0 to %units step %c1 iter_args(%s = %bias) -> (f64) {
        %w = memref.load %w2[%k, %u] : memref<?x?xf64>
        %h = memref.load %hidden[%u] : memref<?xf64>
        %product = arith.mulf %w, %h : f64
        %s_next = arith.addf %s, %product : f64
        scf.yield %s_next : f64
      }
      memref.store %z, %logits[%k] : memref<?xf64>
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

    %label_i32 = memref.load %label[%n] : memref<?xi32>
    %correct = arith.index_cast %label_i32 : i32 to index
    %logit_correct = memref.load %logits[%correct] : memref<?xf64>
    %loss_n = arith.subf %log_partition, %logit_correct : f64
    %loss_next = arith.addf %loss, %loss_n : f64
    scf.yield %loss_next : f64
  }
  memref.dealloc %hidden : memref<?xf64>
  memref.dealloc %logits : memref<?xf64>

  %samples_i64 = arith.index_cast %samples : index to i64
  %samples_f64 = arith.sitofp %samples_i64 : i64 to f64
  %mean = arith.divf %sum, %samples_f64 : f64
  func.return %mean : f64
}
