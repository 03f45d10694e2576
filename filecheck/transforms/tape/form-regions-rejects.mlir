// RUN: tapeflow-opt %s --split-input-file --verify-diagnostics -p form-regions | filecheck %s

func.func @other_use(%a: f64) {
  %s = tape.stack : !tape.stack<f64>
  "test.op"(%s) : (!tape.stack<f64>) -> ()
  func.return
}
// CHECK: test.op takes a tape.stack, but a stack becomes a tape region only if nothing but tape.push and tape.pop uses it

// -----

func.func @other_block(%a: f64) {
  %s = tape.stack : !tape.stack<f64>
  cf.br ^bb1
^bb1:
  tape.push %s, %a : !tape.stack<f64>
  func.return
}
// CHECK: tape.push lies outside of the block that creates its tape.stack; loops and branches around tape operations must be scf operations
