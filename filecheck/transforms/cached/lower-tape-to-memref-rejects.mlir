// RUN: tapeflow-opt %s --split-input-file --verify-diagnostics -p lower-tape-to-memref | filecheck %s

func.func @stack(%a: f64) {
  %s = tape.stack : !tape.stack<f64>
  tape.push %s, %a : !tape.stack<f64>
  func.return
}
// CHECK: lower-tape-to-memref works on tape regions, and this is an abstract tape: run form-regions first

// -----

func.func @argument(%s: !tape.region<[f64], aos>, %a: f64) {
  tape.push %s, %a : !tape.region<[f64], aos>
  func.return
}
// CHECK: the tape must come from a tape.allocate of the same function

// -----

func.func @blocks(%n: index, %a: f64) {
  %s = tape.allocate %n : !tape.region<[f64], aos>
  cf.br ^bb1
^bb1:
  tape.push %s, %a : !tape.region<[f64], aos>
  func.return
}
// CHECK: the tape is allocated in a block that is not around this

// -----

func.func @control(%n: index, %a: f64) {
  %s = tape.allocate %n : !tape.region<[f64], aos>
  scf.execute_region -> () {
    tape.push %s, %a : !tape.region<[f64], aos>
    scf.yield
  }
  func.return
}
// CHECK: scf.execute_region holds tape operations but cannot carry a place on the tape; only scf.for, scf.if and scf.while can
