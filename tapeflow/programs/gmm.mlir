// ADBench's Gaussian mixture: the log-likelihood of the points x under a mixture
// with unnormalised log weights alpha, means and inverse covariance factors, with
// a Wishart prior. A component's factor Q is lower triangular; its row of `icf`
// holds the logarithms of Q's diagonal, then the entries below it, column by
// column. `log_normaliser` is the prior's constant per component.
func.func @gmm(
    %alpha: memref<?xf64>, %mean: memref<?x?xf64>, %icf: memref<?x?xf64>,
    %x: memref<?x?xf64>, %gamma: f64, %m: index, %log_normaliser: f64) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f64
  %half = arith.constant 0.5 : f64
  %log_two_pi = arith.constant 1.8378770664093453 : f64
  %points = memref.dim %x, %c0 : memref<?x?xf64>
  %d = memref.dim %x, %c1 : memref<?x?xf64>
  %components = memref.dim %alpha, %c0 : memref<?xf64>
  %parameters = memref.dim %icf, %c1 : memref<?x?xf64>

  // Diagonals of the factors, and the logarithms of their determinants.
  %diagonal = memref.alloc(%components, %d) : memref<?x?xf64>
  %log_det = memref.alloc(%components) : memref<?xf64>
  scf.for %k = %c0 to %components step %c1 {
    %sum = scf.for %i = %c0 to %d step %c1 iter_args(%s = %zero) -> (f64) {
      %q = memref.load %icf[%k, %i] : memref<?x?xf64>
      %exp = math.exp %q : f64
      memref.store %exp, %diagonal[%k, %i] : memref<?x?xf64>
      %s_next = arith.addf %s, %q : f64
      scf.yield %s_next : f64
    }
    memref.store %sum, %log_det[%k] : memref<?xf64>
  }

  %centred = memref.alloc(%d) : memref<?xf64>
  %scaled = memref.alloc(%d) : memref<?xf64>
  %term = memref.alloc(%components) : memref<?xf64>
  %likelihood = scf.for %n = %c0 to %points step %c1 iter_args(%sum = %zero) -> (f64) {
    scf.for %k = %c0 to %components step %c1 {
      scf.for %i = %c0 to %d step %c1 {
        %xi = memref.load %x[%n, %i] : memref<?x?xf64>
        %mean_i = memref.load %mean[%k, %i] : memref<?x?xf64>
        %difference = arith.subf %xi, %mean_i : f64
        memref.store %difference, %centred[%i] : memref<?xf64>
        %q_ii = memref.load %diagonal[%k, %i] : memref<?x?xf64>
        %product = arith.mulf %q_ii, %difference : f64
        memref.store %product, %scaled[%i] : memref<?xf64>
      }
      %end = scf.for %i = %c0 to %d step %c1 iter_args(%column = %d) -> (index) {
        %i_next = arith.addi %i, %c1 : index
        %centred_i = memref.load %centred[%i] : memref<?xf64>
        %column_next = scf.for %j = %i_next to %d step %c1
            iter_args(%entry = %column) -> (index) {
          %q_ji = memref.load %icf[%k, %entry] : memref<?x?xf64>
          %product = arith.mulf %q_ji, %centred_i : f64
          %scaled_j = memref.load %scaled[%j] : memref<?xf64>
          %scaled_next = arith.addf %scaled_j, %product : f64
          memref.store %scaled_next, %scaled[%j] : memref<?xf64>
          %entry_next = arith.addi %entry, %c1 : index
          scf.yield %entry_next : index
        }
        scf.yield %column_next : index
      }
      %distance2 = scf.for %i = %c0 to %d step %c1 iter_args(%s = %zero) -> (f64) {
        %scaled_i = memref.load %scaled[%i] : memref<?xf64>
        %square = arith.mulf %scaled_i, %scaled_i : f64
        %s_next = arith.addf %s, %square : f64
        scf.yield %s_next : f64
      }
      %alpha_k = memref.load %alpha[%k] : memref<?xf64>
      %log_det_k = memref.load %log_det[%k] : memref<?xf64>
      %weight = arith.addf %alpha_k, %log_det_k : f64
      %half_distance2 = arith.mulf %half, %distance2 : f64
      %term_k = arith.subf %weight, %half_distance2 : f64
      memref.store %term_k, %term[%k] : memref<?xf64>
    }

    %term0 = memref.load %term[%c0] : memref<?xf64>
    %max = scf.for %k = %c1 to %components step %c1 iter_args(%s = %term0) -> (f64) {
      %term_k = memref.load %term[%k] : memref<?xf64>
      %larger = arith.maximumf %s, %term_k : f64
      scf.yield %larger : f64
    }
    %partition = scf.for %k = %c0 to %components step %c1
        iter_args(%s = %zero) -> (f64) {
      %term_k = memref.load %term[%k] : memref<?xf64>
      %shifted = arith.subf %term_k, %max : f64
      %exp = math.exp %shifted : f64
      %s_next = arith.addf %s, %exp : f64
      scf.yield %s_next : f64
    }
    %log = math.log %partition : f64
    %log_sum = arith.addf %max, %log : f64
    %sum_next = arith.addf %sum, %log_sum : f64
    scf.yield %sum_next : f64
  }

  // The normaliser of the mixture's weights.
  %alpha0 = memref.load %alpha[%c0] : memref<?xf64>
  %alpha_max = scf.for %k = %c1 to %components step %c1
      iter_args(%s = %alpha0) -> (f64) {
    %alpha_k = memref.load %alpha[%k] : memref<?xf64>
    %larger = arith.maximumf %s, %alpha_k : f64
    scf.yield %larger : f64
  }
  %alpha_partition = scf.for %k = %c0 to %components step %c1
      iter_args(%s = %zero) -> (f64) {
    %alpha_k = memref.load %alpha[%k] : memref<?xf64>
    %shifted = arith.subf %alpha_k, %alpha_max : f64
    %exp = math.exp %shifted : f64
    %s_next = arith.addf %s, %exp : f64
    scf.yield %s_next : f64
  }
  %alpha_log = math.log %alpha_partition : f64
  %alpha_log_sum = arith.addf %alpha_max, %alpha_log : f64

  // The prior: gamma^2 / 2 ||Q||^2 - m log det Q - log_normaliser, per component.
  %m_integer = arith.index_cast %m : index to i64
  %m_float = arith.sitofp %m_integer : i64 to f64
  %gamma2 = arith.mulf %gamma, %gamma : f64
  %half_gamma2 = arith.mulf %half, %gamma2 : f64
  %prior = scf.for %k = %c0 to %components step %c1 iter_args(%sum = %zero) -> (f64) {
    %on_diagonal = scf.for %i = %c0 to %d step %c1 iter_args(%s = %zero) -> (f64) {
      %q_ii = memref.load %diagonal[%k, %i] : memref<?x?xf64>
      %square = arith.mulf %q_ii, %q_ii : f64
      %s_next = arith.addf %s, %square : f64
      scf.yield %s_next : f64
    }
    %norm2 = scf.for %e = %d to %parameters step %c1
        iter_args(%s = %on_diagonal) -> (f64) {
      %q_ji = memref.load %icf[%k, %e] : memref<?x?xf64>
      %square = arith.mulf %q_ji, %q_ji : f64
      %s_next = arith.addf %s, %square : f64
      scf.yield %s_next : f64
    }
    %spread = arith.mulf %half_gamma2, %norm2 : f64
    %log_det_k = memref.load %log_det[%k] : memref<?xf64>
    %volume = arith.mulf %m_float, %log_det_k : f64
    %unnormalised = arith.subf %spread, %volume : f64
    %prior_k = arith.subf %unnormalised, %log_normaliser : f64
    %sum_next = arith.addf %sum, %prior_k : f64
    scf.yield %sum_next : f64
  }
  memref.dealloc %diagonal : memref<?x?xf64>
  memref.dealloc %log_det : memref<?xf64>
  memref.dealloc %centred : memref<?xf64>
  memref.dealloc %scaled : memref<?xf64>
  memref.dealloc %term : memref<?xf64>

  %points_integer = arith.index_cast %points : index to i64
  %points_float = arith.sitofp %points_integer : i64 to f64
  %d_integer = arith.index_cast %d : index to i64
  %d_float = arith.sitofp %d_integer : i64 to f64
  %log_volume = arith.mulf %d_float, %log_two_pi : f64
  %half_log_volume = arith.mulf %half, %log_volume : f64
  %per_point = arith.addf %half_log_volume, %alpha_log_sum : f64
  %constant = arith.mulf %points_float, %per_point : f64
  %normalised = arith.subf %likelihood, %constant : f64
  %value = arith.addf %normalised, %prior : f64
  func.return %value : f64
}
