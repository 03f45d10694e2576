// Scott's stochastic volatility: log price x and log volatility y of every path, time
// outside. `rates` holds their first values, then mean reversion kappa, its level theta,
// the volatility's own one xi, and correlation rho of the two noises:
//   x <- x - s^2 dt / 2 + s sqrt(dt) (rho z + sqrt(1 - rho^2) w),   s = exp y,
//   y <- y + kappa (theta - y) dt + xi sqrt(dt) z.
// Returns the mean payoff of a call at the strike, without interest.
func.func @monte_carlo(
    %rates: memref<6xf64>, %strike: f64, %dt: f64, %noise: memref<?x?x2xf64>) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %c4 = arith.constant 4 : index
  %c5 = arith.constant 5 : index
  %zero = arith.constant 0.0 : f64
  %half = arith.constant 0.5 : f64
  %one = arith.constant 1.0 : f64
  %steps = memref.dim %noise, %c0 : memref<?x?x2xf64>
  %paths = memref.dim %noise, %c1 : memref<?x?x2xf64>
  %x0 = memref.load %rates[%c0] : memref<6xf64>
  %y0 = memref.load %rates[%c1] : memref<6xf64>
  %kappa = memref.load %rates[%c2] : memref<6xf64>
  %theta = memref.load %rates[%c3] : memref<6xf64>
  %xi = memref.load %rates[%c4] : memref<6xf64>
  %rho = memref.load %rates[%c5] : memref<6xf64>
  %root_dt = math.sqrt %dt : f64
  %rho2 = arith.mulf %rho, %rho : f64
  %rest = arith.subf %one, %rho2 : f64
  %own = math.sqrt %rest : f64

  %log_price = memref.alloc(%paths) : memref<?xf64>
  %log_volatility = memref.alloc(%paths) : memref<?xf64>
  scf.for %p = %c0 to %paths step %c1 {
    memref.store %x0, %log_price[%p] : memref<?xf64>
    memref.store %y0, %log_volatility[%p] : memref<?xf64>
  }

  scf.for %t = %c0 to %steps step %c1 {
    scf.for %p = %c0 to %paths step %c1 {
      %x = memref.load %log_price[%p] : memref<?xf64>
      %y = memref.load %log_volatility[%p] : memref<?xf64>
      %z = memref.load %noise[%t, %p, %c0] : memref<?x?x2xf64>
      %w = memref.load %noise[%t, %p, %c1] : memref<?x?x2xf64>
      %s = math.exp %y : f64
      %variance = arith.mulf %s, %s : f64
      %half_variance = arith.mulf %half, %variance : f64
      %drift = arith.mulf %half_variance, %dt : f64
      %shared = arith.mulf %rho, %z : f64
      %alone = arith.mulf %own, %w : f64
      %mixed = arith.addf %shared, %alone : f64
      %scale = arith.mulf %s, %root_dt : f64
      %shock = arith.mulf %scale, %mixed : f64
      %dx = arith.subf %shock, %drift : f64
      %x_next = arith.addf %x, %dx : f64
      memref.store %x_next, %log_price[%p] : memref<?xf64>
      %below = arith.subf %theta, %y : f64
      %pull = arith.mulf %kappa, %below : f64
      %pulled = arith.mulf %pull, %dt : f64
      %xi_z = arith.mulf %xi, %z : f64
      %y_shock = arith.mulf %xi_z, %root_dt : f64
      %dy = arith.addf %pulled, %y_shock : f64
      %y_next = arith.addf %y, %dy : f64
      memref.store %y_next, %log_volatility[%p] : memref<?xf64>
    }
  }

  %sum = scf.for %p = %c0 to %paths step %c1 iter_args(%s = %zero) -> (f64) {
    %x = memref.load %log_price[%p] : memref<?xf64>
    %price = math.exp %x : f64
    %gain = arith.subf %price, %strike : f64
    %payoff = arith.maximumf %gain, %zero : f64
    %s_next = arith.addf %s, %payoff : f64
    scf.yield %s_next : f64
  }
  %count = arith.index_cast %paths : index to i64
  %number = arith.sitofp %count : i64 to f64
  %mean = arith.divf %sum, %number : f64
  memref.dealloc %log_price : memref<?xf64>
  memref.dealloc %log_volatility : memref<?xf64>
  func.return %mean : f64
}
