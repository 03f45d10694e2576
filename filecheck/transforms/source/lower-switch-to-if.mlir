// RUN: tapeflow-opt %s --split-input-file -p lower-switch-to-if | filecheck %s

func.func @three(%k: index, %a: f64, %b: f64) -> f64 {
  %y = scf.index_switch %k -> f64
  case 2 {
    scf.yield %a : f64
  }
  case -5 {
    scf.yield %b : f64
  }
  default {
    %c = arith.addf %a, %b : f64
    scf.yield %c : f64
  }
  func.return %y : f64
}
// CHECK-LABEL: func.func @three(%k: index, %a: f64, %b: f64) -> f64 {
// CHECK-NEXT:    %c-5 = arith.constant -5 : index
// CHECK-NEXT:    %c2 = arith.constant 2 : index
// CHECK-NEXT:    %is2 = arith.cmpi eq, %k, %c2 : index
// CHECK-NEXT:    %y = scf.if %is2 -> (f64) {
// CHECK-NEXT:      scf.yield %a : f64
// CHECK-NEXT:    } else {
// CHECK-NEXT:      %is-5 = arith.cmpi eq, %k, %c-5 : index
// CHECK-NEXT:      %y_1 = scf.if %is-5 -> (f64) {
// CHECK-NEXT:        scf.yield %b : f64
// CHECK-NEXT:      } else {
// CHECK-NEXT:        %c = arith.addf %a, %b : f64
// CHECK-NEXT:        scf.yield %c : f64
// CHECK-NEXT:      }
// CHECK-NEXT:      scf.yield %y_1 : f64
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %y : f64

// -----

// Without results and without a default there is nothing else to do.
func.func @effects(%k: index, %x: memref<f64>, %a: f64) {
  scf.index_switch %k
  case 7 {
    memref.store %a, %x[] : memref<f64>
    scf.yield
  }
  default {
    scf.yield
  }
  func.return
}
// CHECK-LABEL: func.func @effects(%k: index, %x: memref<f64>, %a: f64) {
// CHECK-NEXT:    %c7 = arith.constant 7 : index
// CHECK-NEXT:    %is7 = arith.cmpi eq, %k, %c7 : index
// CHECK-NEXT:    scf.if %is7 {
// CHECK-NEXT:      memref.store %a, %x[] : memref<f64>
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return

// -----

func.func @only_default(%k: index, %a: f64) -> f64 {
  %y = scf.index_switch %k -> f64
  default {
    %b = arith.negf %a : f64
    scf.yield %b : f64
  }
  func.return %y : f64
}
// CHECK-LABEL: func.func @only_default(%k: index, %a: f64) -> f64 {
// CHECK-NEXT:    %b = arith.negf %a : f64
// CHECK-NEXT:    func.return %b : f64
