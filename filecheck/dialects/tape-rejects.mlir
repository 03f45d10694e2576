// RUN: tapeflow-opt %s --split-input-file --verify-diagnostics --parsing-diagnostics | filecheck %s

func.func @f(%t: !tape.stack<tensor<4xf64>>) {
  func.return
}
// CHECK: a tape cannot hold values of type tensor<4xf64>; f32, f64, index and i1, i8, i16, i32, i64 are possible

// -----

func.func @f(%t: !tape.stack<i7>) {
  func.return
}
// CHECK: a tape cannot hold values of type i7

// -----

func.func @f(%t: !tape.region<[], aos>) {
  func.return
}
// CHECK: a record needs at least one field

// -----

func.func @f(%t: !tape.arena<[f16]>) {
  func.return
}
// CHECK: a tape cannot hold values of type f16

// -----

func.func @f(%t: !tape.region<[f64], spiral>) {
  func.return
}
// CHECK: unknown tape layout 'spiral'; known: soa, padded-soa, aos

// -----

func.func @f(%t: !tape.region<[f64], aos, tile 0>) {
  func.return
}
// CHECK: a tile must hold at least one record

// -----

func.func @f(%t: !tape.region<[f64], aos, tile -1>) {
  func.return
}
// CHECK: Expected integer literal

// -----

func.func @f(%n: index, %v: f32) {
  tape.push %n, %v : index
  func.return
}
// CHECK: expected a !tape.stack or !tape.region

// -----

func.func @f(%t: !tape.region<[f64, i1], aos>, %v: f64) {
  tape.push %t, %v : !tape.region<[f64, i1], aos>
  func.return
}
// CHECK: expected 2 operand types but had 1

// -----

func.func @f(%t: !tape.region<[f64, i1], aos>, %v: f64) {
  "tape.push"(%t, %v) : (!tape.region<[f64, i1], aos>, f64) -> ()
  func.return
}
// CHECK: pushes (f64) but the tape holds (f64, i1)

// -----

func.func @f(%t: !tape.stack<f64>) {
  %v = "tape.pop"(%t) : (!tape.stack<f64>) -> f32
  func.return
}
// CHECK: pops (f32) but the tape holds (f64)

// -----

func.func @f(%t: !tape.region<[f64], aos>) {
  %n = tape.advance %t : !tape.region<[f64], aos>
  func.return
}
// CHECK: needs a tape region cut into tiles

// -----

func.func @f(%t: !tape.region<[f64], aos>) {
  %n = tape.retreat %t : !tape.region<[f64], aos>
  func.return
}
// CHECK: needs a tape region cut into tiles

// -----

func.func @f(%t: !tape.arena<[f64]>, %a: index, %v: f64) {
  tape.store %v, %t[%a] field 1 : !tape.arena<[f64]>
  func.return
}
// CHECK: no field 1 in !tape.arena<[f64]>

// -----

func.func @f(%t: !tape.arena<[f64]>, %a: index, %v: f64) {
  "tape.store"(%v, %t, %a) <{field = #builtin.int<1>}> : (f64, !tape.arena<[f64]>, index) -> ()
  func.return
}
// CHECK: field 1 of a record with 1 fields

// -----

func.func @f(%t: !tape.arena<[f64]>, %a: index) {
  %v = "tape.load"(%t, %a) <{field = #builtin.int<0>}> : (!tape.arena<[f64]>, index) -> f32
  func.return
}
// CHECK: field 0 has type f64, not f32

// -----

func.func @f(%n: index) {
  %t = tape.allocate %n growing : !tape.region<[f64], aos, tile 8>
  tape.reserve %t, %n : !tape.region<[f64], aos, tile 8>
  func.return
}
// CHECK: a region cut into tiles makes room tile by tile

// -----

func.func @f(%n: index) {
  %r = tape.allocate %n : !tape.region<[f64], aosoa 6>
  func.return
}
// CHECK: records per block must be a power of two, not 6

// -----

func.func @f(%n: index) {
  %r = tape.allocate %n : !tape.region<[f64], aos 8>
  func.return
}
// CHECK: layout aosoa, and no other, has records per block
