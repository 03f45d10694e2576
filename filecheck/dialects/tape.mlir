// RUN: TAPEFLOW_ROUNDTRIP
// RUN: TAPEFLOW_GENERIC_ROUNDTRIP

func.func @stack(%v: f64) {
  %s = tape.stack : !tape.stack<f64>
  tape.push %s, %v : !tape.stack<f64>
  %w = tape.pop %s : !tape.stack<f64>
  func.return
}
// CHECK-LABEL: @stack
// CHECK:      %s = tape.stack : !tape.stack<f64>
// CHECK-NEXT: tape.push %s, %v : !tape.stack<f64>
// CHECK-NEXT: %w = tape.pop %s : !tape.stack<f64>
// GENERIC:      %s = "tape.stack"() : () -> !tape.stack<f64>
// GENERIC-NEXT: "tape.push"(%s, %v) : (!tape.stack<f64>, f64) -> ()
// GENERIC-NEXT: %w = "tape.pop"(%s) : (!tape.stack<f64>) -> f64

// -----

func.func @region(%n: index, %v: f64, %b: i1) {
  %r = tape.allocate %n : !tape.region<[f64, i1], soa>
  tape.push %r, %v, %b : !tape.region<[f64, i1], soa>
  %w, %c = tape.pop %r : !tape.region<[f64, i1], soa>
  func.return
}
// CHECK-LABEL: @region
// CHECK:      %r = tape.allocate %n : !tape.region<[f64, i1], soa>
// CHECK-NEXT: tape.push %r, %v, %b : !tape.region<[f64, i1], soa>
// CHECK-NEXT: %w, %c = tape.pop %r : !tape.region<[f64, i1], soa>
// GENERIC:      %r = "tape.allocate"(%n) : (index) -> !tape.region<[f64, i1], soa>
// GENERIC-NEXT: "tape.push"(%r, %v, %b) : (!tape.region<[f64, i1], soa>, f64, i1) -> ()
// GENERIC-NEXT: %w, %c = "tape.pop"(%r) : (!tape.region<[f64, i1], soa>) -> (f64, i1)

// -----

func.func @tiles(%n: index) {
  %r = tape.allocate %n : !tape.region<[index, f32], aos, tile 42>
  %m = tape.advance %r : !tape.region<[index, f32], aos, tile 42>
  %k = tape.retreat %r : !tape.region<[index, f32], aos, tile 42>
  func.return
}
// CHECK-LABEL: @tiles
// CHECK:      %r = tape.allocate %n : !tape.region<[index, f32], aos, tile 42>
// CHECK-NEXT: %m = tape.advance %r : !tape.region<[index, f32], aos, tile 42>
// CHECK-NEXT: %k = tape.retreat %r : !tape.region<[index, f32], aos, tile 42>
// GENERIC:      %m = "tape.advance"(%r) : (!tape.region<[index, f32], aos, tile 42>) -> index
// GENERIC-NEXT: %k = "tape.retreat"(%r) : (!tape.region<[index, f32], aos, tile 42>) -> index

// -----

func.func @arena(%n: index, %v: f64) {
  %a = tape.allocate_arena %n : !tape.arena<[f64, i8]>
  tape.store %v, %a[%n] field 0 : !tape.arena<[f64, i8]>
  %b = tape.load %a[%n] field 1 {note} : !tape.arena<[f64, i8]>
  func.return
}
// CHECK-LABEL: @arena
// CHECK:      %a = tape.allocate_arena %n : !tape.arena<[f64, i8]>
// CHECK-NEXT: tape.store %v, %a[%n] field 0 : !tape.arena<[f64, i8]>
// CHECK-NEXT: %b = tape.load %a[%n] field 1 {note} : !tape.arena<[f64, i8]>
// GENERIC:      %a = "tape.allocate_arena"(%n) : (index) -> !tape.arena<[f64, i8]>
// GENERIC-NEXT: "tape.store"(%v, %a, %n) <{field = #builtin.int<0>}> : (f64, !tape.arena<[f64, i8]>, index) -> ()
// GENERIC-NEXT: %b = "tape.load"(%a, %n) <{field = #builtin.int<1>}> {note} : (!tape.arena<[f64, i8]>, index) -> i8

// -----

func.func @growing(%n: index) {
  %r = tape.allocate %n growing : !tape.region<[f64], soa>
  %t = tape.allocate %n growing {note} : !tape.region<[f64], aos, tile 8>
  tape.reserve %r, %n : !tape.region<[f64], soa>
  tape.expect %n of 8 bytes {note}
  %p = tape.allocate %n : !tape.region<[f64], padded-soa>
  func.return
}
// CHECK-LABEL: @growing
// CHECK:      %r = tape.allocate %n growing : !tape.region<[f64], soa>
// CHECK-NEXT: %t = tape.allocate %n growing {note} : !tape.region<[f64], aos, tile 8>
// CHECK-NEXT: tape.reserve %r, %n : !tape.region<[f64], soa>
// CHECK-NEXT: tape.expect %n of 8 bytes {note}
// CHECK-NEXT: %p = tape.allocate %n : !tape.region<[f64], padded-soa>
// GENERIC:      %r = "tape.allocate"(%n) <{growing}> : (index) -> !tape.region<[f64], soa>
// GENERIC-NEXT: %t = "tape.allocate"(%n) <{growing}> {note} : (index) -> !tape.region<[f64], aos, tile 8>
// GENERIC-NEXT: "tape.reserve"(%r, %n) : (!tape.region<[f64], soa>, index) -> ()
// GENERIC-NEXT: "tape.expect"(%n) <{record_bytes = 8 : i64}> {note} : (index) -> ()
// GENERIC-NEXT: %p = "tape.allocate"(%n) : (index) -> !tape.region<[f64], padded-soa>

// -----

func.func @freed(%n: index) {
  %a = tape.allocate_arena %n : !tape.arena<[f64, i8]>
  tape.deallocate_arena %a : !tape.arena<[f64, i8]>
  func.return
}
// CHECK-LABEL: @freed
// CHECK:      %a = tape.allocate_arena %n : !tape.arena<[f64, i8]>
// CHECK-NEXT: tape.deallocate_arena %a : !tape.arena<[f64, i8]>
// GENERIC:      "tape.deallocate_arena"(%a) : (!tape.arena<[f64, i8]>) -> ()

// -----

// Eight fields of a type in a row and more are printed as a count.
func.func @long_record(%n: index) {
  %r = tape.allocate %n : !tape.region<[9 x f64, 2 x i8], aos>
  func.return
}
// CHECK-LABEL: @long_record
// CHECK: tape.allocate %n : !tape.region<[9 x f64, i8, i8], aos>
// GENERIC: !tape.region<[9 x f64, i8, i8], aos>

// -----

func.func @blocks(%n: index, %v: f64) {
  %r = tape.allocate %n : !tape.region<[f64, i8], aosoa 16>
  %a = tape.allocate_arena %n : !tape.arena<[f64, i8], block 16>
  tape.store %v, %a[%n] field 0 : !tape.arena<[f64, i8], block 16>
  func.return
}
// CHECK-LABEL: @blocks
// CHECK:      %r = tape.allocate %n : !tape.region<[f64, i8], aosoa 16>
// CHECK-NEXT: %a = tape.allocate_arena %n : !tape.arena<[f64, i8], block 16>
// CHECK-NEXT: tape.store %v, %a[%n] field 0 : !tape.arena<[f64, i8], block 16>
// GENERIC: -> !tape.region<[f64, i8], aosoa 16>
// GENERIC: -> !tape.arena<[f64, i8], block 16>
