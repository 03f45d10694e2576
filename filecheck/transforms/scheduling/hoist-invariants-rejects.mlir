// RUN: tapeflow-opt %s --split-input-file --verify-diagnostics -p hoist-invariants | filecheck %s

func.func @stack(%a: f64) {
  %s = tape.stack : !tape.stack<f64>
  tape.push %s, %a : !tape.stack<f64>
  func.return
}
// CHECK: hoist-invariants works on tape behind the cache, and this is an abstract tape: run form-regions and lower-tape-to-memref first

// -----

func.func @region(%n: index, %a: f64) {
  %s = tape.allocate %n : !tape.region<[f64], aos>
  tape.push %s, %a : !tape.region<[f64], aos>
  func.return
}
// CHECK: hoist-invariants works on tape behind the cache, and this is tape regions: run lower-tape-to-memref first
