// RUN: TAPEFLOW_ROUNDTRIP
// RUN: TAPEFLOW_GENERIC_ROUNDTRIP

func.func @access(%n: index, %v: f64) {
  %r = spm.allocate %n : !spm.ring<[f64, i8], tile 42, slots 2, base 64>
  spm.store %v, %r[%n] field 0 : !spm.ring<[f64, i8], tile 42, slots 2, base 64>
  %b = spm.load %r[%n] field 1 : !spm.ring<[f64, i8], tile 42, slots 2, base 64>
  func.return
}
// CHECK-LABEL: @access
// CHECK:      %r = spm.allocate %n : !spm.ring<[f64, i8], tile 42, slots 2, base 64>
// CHECK-NEXT: spm.store %v, %r[%n] field 0 : !spm.ring<[f64, i8], tile 42, slots 2, base 64>
// CHECK-NEXT: %b = spm.load %r[%n] field 1 : !spm.ring<[f64, i8], tile 42, slots 2, base 64>
// GENERIC:      %r = "spm.allocate"(%n) : (index) -> !spm.ring<[f64, i8], tile 42, slots 2, base 64>
// GENERIC-NEXT: "spm.store"(%v, %r, %n) <{field = #builtin.int<0>}>
// GENERIC-NEXT: %b = "spm.load"(%r, %n) <{field = #builtin.int<1>}>

// -----

func.func @boundary(%n: index, %a: index, %l: index) {
  %r = spm.allocate %n : !spm.ring<[f64], tile 8, slots 1, base 0>
  %a1, %l1, %m = spm.advance %r, %a, %l : !spm.ring<[f64], tile 8, slots 1, base 0>
  %a2, %l2, %k = spm.retreat %r, %a1, %l1 : !spm.ring<[f64], tile 8, slots 1, base 0>
  func.return
}
// CHECK-LABEL: @boundary
// CHECK:      %a1, %l1, %m = spm.advance %r, %a, %l : !spm.ring<[f64], tile 8, slots 1, base 0>
// CHECK-NEXT: %a2, %l2, %k = spm.retreat %r, %a1, %l1 : !spm.ring<[f64], tile 8, slots 1, base 0>
// GENERIC:      %a1, %l1, %m = "spm.advance"(%r, %a, %l) : (!spm.ring<[f64], tile 8, slots 1, base 0>, index, index) -> (index, index, index)
// GENERIC-NEXT: %a2, %l2, %k = "spm.retreat"(%r, %a1, %l1) : (!spm.ring<[f64], tile 8, slots 1, base 0>, index, index) -> (index, index, index)

// -----

func.func @transfer(%n: index, %s: index) {
  %r = spm.allocate %n : !spm.ring<[f64], tile 8, slots 1, base 0>
  spm.drain %r, %s : !spm.ring<[f64], tile 8, slots 1, base 0>
  spm.fill %r, %s : !spm.ring<[f64], tile 8, slots 1, base 0>
  func.return
}
// CHECK-LABEL: @transfer
// CHECK:      spm.drain %r, %s : !spm.ring<[f64], tile 8, slots 1, base 0>
// CHECK-NEXT: spm.fill %r, %s : !spm.ring<[f64], tile 8, slots 1, base 0>
// GENERIC:      "spm.drain"(%r, %s) : (!spm.ring<[f64], tile 8, slots 1, base 0>, index) -> ()
// GENERIC-NEXT: "spm.fill"(%r, %s) : (!spm.ring<[f64], tile 8, slots 1, base 0>, index) -> ()

// -----

func.func @growing(%n: index) {
  %r = spm.allocate %n growing : !spm.ring<[f64], tile 8, slots 2, base 0>
  func.return
}
// CHECK-LABEL: @growing
// CHECK:   %r = spm.allocate %n growing : !spm.ring<[f64], tile 8, slots 2, base 0>
// GENERIC: %r = "spm.allocate"(%n) <{growing}> : (index) -> !spm.ring<[f64], tile 8, slots 2, base 0>
