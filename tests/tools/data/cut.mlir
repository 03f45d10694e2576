// An integer function of x beside x itself: its derivative is cut, differences see it.
func.func @cut(%x: f64) -> f64 {
  %scale = arith.constant 1.0e+12 : f64
  %big = arith.mulf %x, %scale : f64
  %i = arith.fptosi %big : f64 to i64
  %f = arith.sitofp %i : i64 to f64
  %back = arith.divf %f, %scale : f64
  %y = arith.addf %back, %x : f64
  func.return %y : f64
}
