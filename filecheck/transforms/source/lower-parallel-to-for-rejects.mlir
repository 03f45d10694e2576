// RUN: tapeflow-opt %s -p lower-parallel-to-for --split-input-file --verify-diagnostics | filecheck %s

func.func @no_index() {
  "scf.parallel"() <{operandSegmentSizes = array<i32: 0, 0, 0, 0>}> ({
    scf.reduce
  }) : () -> ()
  func.return
}
// CHECK: a parallel loop over no index; give it a lower and an upper bound
