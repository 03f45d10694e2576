// RUN: not tapeflow-opt %s --pass-pipeline='builtin.module(cse' 2>&1 | filecheck %s --check-prefix=OPEN
// RUN: not tapeflow-opt %s --pass-pipeline='builtin.module(cse))' 2>&1 | filecheck %s --check-prefix=CLOSED
// RUN: not tapeflow-opt %s --pass-pipeline='func.func(cse)' 2>&1 | filecheck %s --check-prefix=OUTERMOST
// RUN: not tapeflow-opt %s --pass-pipeline='builtin.module(func.func(builtin.module(cse)))' 2>&1 | filecheck %s --check-prefix=ORDER
// RUN: not tapeflow-opt %s --pass-pipeline='builtin.module(scf.for(cse))' 2>&1 | filecheck %s --check-prefix=ANCHOR
// RUN: not tapeflow-opt %s --pass-pipeline='builtin.module(form-region)' 2>&1 | filecheck %s --check-prefix=NAME
// RUN: not tapeflow-opt %s -p 'form-layers{capacity=8}' 2>&1 | filecheck %s --check-prefix=OPTION
// RUN: not tapeflow-opt %s -p 'form-layers{capacity-bytes=abc}' 2>&1 | filecheck %s --check-prefix=VALUE
// RUN: not tapeflow-opt %s -p 'form-layers{capacity-bytes=16kB}' 2>&1 | filecheck %s --check-prefix=BYTES
// RUN: not tapeflow-opt %s -p 'cse,streams{slots=many}' 2>&1 | filecheck %s --check-prefix=NAMED

func.func @f() {
  func.return
}

//      OPEN: tapeflow-opt: error: --pass-pipeline: unbalanced '(': no ')' closes it
// OPEN-NEXT:   builtin.module(cse
// OPEN-NEXT:                 ^
//  OPEN-NOT: Traceback

// CLOSED: tapeflow-opt: error: --pass-pipeline: unbalanced ')': nothing before it is open

// OUTERMOST: tapeflow-opt: error: --pass-pipeline: 'func.func(...)' must stand inside 'builtin.module(...)'

// ORDER: tapeflow-opt: error: --pass-pipeline: 'builtin.module(...)' cannot stand inside 'func.func(...)'; the order is builtin.module(func.func(...))

// ANCHOR: tapeflow-opt: error: --pass-pipeline: 'scf.for(...)' is no anchor: only 'builtin.module' and 'func.func' take passes in parentheses

//      NAME: tapeflow-opt: error: --pass-pipeline: there is no pass or pipeline 'form-region'; did you mean form-regions
// NAME-NEXT:   builtin.module(form-region)
// NAME-NEXT:                  ^

// OPTION: tapeflow-opt: error: -p: 'form-layers' has no option 'capacity'; did you mean capacity-bytes? it takes capacity-bytes, slots

// VALUE: tapeflow-opt: error: -p: option 'capacity-bytes' of 'form-layers' takes a whole number, not 'abc'

// BYTES: takes a whole number, not '16kB': write 16384, 16k, 16KiB or 1M{{$}}

// NAMED: tapeflow-opt: error: -p: option 'slots' of 'streams' takes a whole number, not 'many'
