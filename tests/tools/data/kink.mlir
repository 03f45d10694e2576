// max(x, 3 x): at 0 the slopes are 1 and 3.
func.func @kink(%x: f64) -> f64 {
  %three = arith.constant 3.0 : f64
  %steep = arith.mulf %x, %three : f64
  %y = arith.maximumf %x, %steep : f64
  func.return %y : f64
}
