// RUN: tapeflow-opt %s -p 'baseline{function=f wrt=0}' --emit=python | filecheck %s

// CHECK: def {{.*}}f{{.*}}(
// CHECK: def {{.*}}f_grad{{.*}}(
func.func @f(%x: memref<?xf64>) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f64
  %n = memref.dim %x, %c0 : memref<?xf64>
  %sum = scf.for %i = %c0 to %n step %c1 iter_args(%s = %zero) -> (f64) {
    %xi = memref.load %x[%i] : memref<?xf64>
    %e = math.exp %xi : f64
    %t = arith.addf %s, %e : f64
    scf.yield %t : f64
  }
  func.return %sum : f64
}
