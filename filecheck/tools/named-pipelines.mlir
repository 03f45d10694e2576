// RUN: tapeflow-opt %s -p baseline | filecheck %s --check-prefix=BASELINE
// RUN: tapeflow-opt %s -p regions | filecheck %s --check-prefix=REGIONS
// RUN: tapeflow-opt %s -p 'layers{capacity-bytes=512}' | filecheck %s --check-prefix=LAYERS
// RUN: tapeflow-opt %s --pass-pipeline='builtin.module(streams{places=stream scratchpad-bytes=1024 slots=4}, dce)' | filecheck %s --check-prefix=STREAMS
// RUN: tapeflow-opt %s -p streams --print-between-passes | filecheck %s --check-prefix=STEPS

func.func @f(%x: memref<?xf64>) -> f64 {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %n = memref.dim %x, %zero : memref<?xf64>
  %start = arith.constant 1.0 : f64
  %r = scf.for %i = %zero to %n step %one iter_args(%a = %start) -> (f64) {
    %v = memref.load %x[%i] : memref<?xf64>
    %s = math.sin %a : f64
    %p = arith.mulf %s, %v : f64
    scf.yield %p : f64
  }
  func.return %r : f64
}
ad.gradient @f_grad of @f wrt [0]

// BASELINE-LABEL: func.func @f_grad
// BASELINE:       memref.alloc({{.*}}) : memref<?xf64>

// REGIONS-LABEL: func.func @f_grad
// REGIONS:       !tape.arena<[f64

// LAYERS-LABEL: func.func @f_grad
// LAYERS:       slots 1, base 0>
// LAYERS:       spm.drain
// LAYERS:       spm.fill

// STREAMS-LABEL: func.func @f_grad
// STREAMS:       slots 4, base 0>
// STREAMS:       stream.enqueue
// STREAMS:       stream.dequeue

// STEPS: IR after differentiate:
// STEPS: IR after simplify-adjoints:
// STEPS: IR after canonicalize:
// STEPS: IR after cse:
// STEPS: IR after form-regions:
// STEPS: IR after place-tape:
// STEPS: IR after form-layers:
// STEPS: IR after assign-scratchpad:
