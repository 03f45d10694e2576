// RUN: not tapeflow-opt %s -p 'form-regions' 2>&1 | filecheck %s --check-prefix=SOURCE
// RUN: not tapeflow-opt %s -p 'request-gradient{function=f wrt=0},form-regions' 2>&1 | filecheck %s --check-prefix=REQUEST
// RUN: not tapeflow-opt %s -p 'request-gradient{function=f wrt=0},request-gradient{function=f wrt=0}' 2>&1 | filecheck %s --check-prefix=TWICE
// RUN: tapeflow-opt %s -p 'streams{function=f wrt=0}' | filecheck %s

// A function without anything to save has a gradient, but no tape: that is in order.
func.func @f(%x: f64) -> f64 {
  %y = math.sin %x : f64
  func.return %y : f64
}
// CHECK: func.func @f_grad

// SOURCE: levels.mlir:7:1: error: form-regions works on an abstract tape, and nothing here is differentiated: run request-gradient and differentiate first (in pass 'form-regions')
// REQUEST: levels.mlir:7:1: error: form-regions works on an abstract tape, and this request is not answered yet: run differentiate first (in pass 'form-regions')
// TWICE: levels.mlir:7:1: error: there is already a request for @f_grad; choose another with result= (in pass 'request-gradient')
