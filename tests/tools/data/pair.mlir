// Two float results and an integer one, in single precision, picked by an index.
func.func @pair(%x: f32, %n: index, %table: memref<?xf32>) -> (f32, index, f32) {
  %v = memref.load %table[%n] : memref<?xf32>
  %p = arith.mulf %x, %v : f32
  %q = math.exp %p : f32
  func.return %p, %n, %q : f32, index, f32
}
