// RUN: tapeflow-opt %s -p 'request-gradient{function=f wrt=1}' --split-input-file --verify-diagnostics | filecheck %s

func.func @f(%x: f64, %n: index) -> f64 {
  func.return %x : f64
}
// CHECK: argument of @f number 1 has type index, which carries no derivative

// -----

func.func @f(%x: f64) -> f64 {
  func.return %x : f64
}
// CHECK: argument of @f: no number 1, there are 1 (from 0)

// -----

func.func @g(%x: f64) -> f64 {
  func.return %x : f64
}
// CHECK: there is no function @f to differentiate

// -----

func.func @f(%x: f64, %y: f64) -> f64 {
  func.return %x : f64
}
func.func @f_grad() {
  func.return
}
// CHECK: there is already a symbol @f_grad; choose another with result=
