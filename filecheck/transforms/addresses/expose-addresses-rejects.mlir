// RUN: tapeflow-opt %s --split-input-file --verify-diagnostics -p expose-addresses | filecheck %s

func.func @abstract(%x: f64) -> f64 {
  %s = tape.stack : !tape.stack<f64>
  tape.push %s, %x : !tape.stack<f64>
  ad.turn
  %y = tape.pop %s : !tape.stack<f64>
  func.return %y : f64
}
// CHECK: expose-addresses works on tape behind the cache, and this is an abstract tape: run form-regions and lower-tape-to-memref first
