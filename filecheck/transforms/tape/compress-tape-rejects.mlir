// RUN: tapeflow-opt %s --split-input-file --verify-diagnostics -p 'compress-tape{codec="f:1=f32"}' | filecheck %s

func.func @f(%n: index, %x: f64) {
  %tape = tape.allocate %n : !tape.region<[f64], aos>
  tape.push %tape, %x : !tape.region<[f64], aos>
  func.return
}
// CHECK: compress-tape: function 'f' has no tape region 1; there are: 0 [f64]

// -----

func.func @f(%n: index, %x: f64) {
  %tape = tape.stack : !tape.stack<f64>
  tape.push %tape, %x : !tape.stack<f64>
  func.return
}
// CHECK: compress-tape works on tape regions, and this is an abstract tape: run form-regions first
