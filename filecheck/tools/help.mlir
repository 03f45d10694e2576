// RUN: tapeflow-opt --help | filecheck %s
// RUN: tapeflow-opt --version | filecheck %s --check-prefix=VERSION

// CHECK:      usage: tapeflow-opt [-p 'PASS,PASS{OPTION=VALUE}'] [options] [input_file]
// CHECK:      --pass-pipeline PIPELINE
// CHECK:      passes of tapeflow
// CHECK:        differentiate{policy operations-per-byte assumed-trips strong-zero}
// CHECK-NEXT:       Replace requests for gradients by functions that compute them.
// CHECK:        form-layers{capacity-bytes slots machine sizes assumed-trips}
// CHECK-NEXT:       Cut tape regions
// CHECK-NEXT:         capacity-bytes: Bytes of the scratchpad
// CHECK:      pipelines
// CHECK:        streams{function wrt policy operations-per-byte assumed-trips strong-zero stagger compress as-written copies unroll jam hoist addresses loop-stages jam-factor datapath reorder places slots scratchpad-bytes scratchpad-ports machine sizes rank turn-around-reuse merge dynamic-only}
// CHECK-NEXT:       Each region of the tape where it is best
// VERSION: tapeflow-opt {{.*}} with xDSL {{.*}}
