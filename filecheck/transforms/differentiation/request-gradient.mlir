// RUN: tapeflow-opt %s -p 'request-gradient{function=f wrt=2,0}' | filecheck %s
// RUN: tapeflow-opt %s -p 'request-gradient{function=f wrt=0 result=df}' | filecheck %s --check-prefix=NAMED

func.func @f(%x: f64, %n: index, %m: memref<?xf32>) -> f64 {
  func.return %x : f64
}

// CHECK: func.func @f
// CHECK: ad.gradient @f_grad of @f wrt [0, 2]
// NAMED: ad.gradient @df of @f wrt [0]
