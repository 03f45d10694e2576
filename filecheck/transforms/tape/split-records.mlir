// RUN: tapeflow-opt %s -p 'split-records{bytes=16}' | filecheck %s
// RUN: tapeflow-opt %s -p 'split-records{capacity-bytes=64}' | filecheck %s --check-prefix=FITS
// RUN: not tapeflow-opt %s -p 'split-records{bytes=0}' 2>&1 | filecheck %s --check-prefix=ZERO

// Equal parts share a region of twice the records, popped in the opposite order; what
// lives behind the cache stays whole.
func.func @f(%n: index, %a: f64, %b: f64, %p: i1) {
  %tape = tape.allocate %n {tape.region = 0 : i64} : !tape.region<[f64, f64, f64, f64, i1], aos>
  %cached = tape.allocate %n {tape.place = "cache"} : !tape.region<[f64, f64, f64], aos>
  tape.push %tape, %a, %b, %b, %a, %p : !tape.region<[f64, f64, f64, f64, i1], aos>
  tape.push %cached, %a, %a, %a : !tape.region<[f64, f64, f64], aos>
  %v, %w, %x, %y, %q = tape.pop %tape : !tape.region<[f64, f64, f64, f64, i1], aos>
  "test.op"(%v, %w, %x, %y, %q) : (f64, f64, f64, f64, i1) -> ()
  func.return
}
// CHECK:      %parts = arith.muli %n, %c2 {tape.size} : index
// CHECK-NEXT: %tape = tape.allocate %parts {tape.region = 0 : i64} : !tape.region<[f64, f64], aos>
// CHECK-NEXT: %tape_1 = tape.allocate %n {tape.region = 0 : i64} : !tape.region<[i1], aos>
// CHECK-NEXT: %cached = tape.allocate %n {tape.place = "cache"} : !tape.region<[f64, f64, f64], aos>
// CHECK-NEXT: tape.push %tape, %a, %b : !tape.region<[f64, f64], aos>
// CHECK-NEXT: tape.push %tape, %b, %a : !tape.region<[f64, f64], aos>
// CHECK-NEXT: tape.push %tape_1, %p : !tape.region<[i1], aos>
// CHECK-NEXT: tape.push %cached
// CHECK-NEXT: %q = tape.pop %tape_1 : !tape.region<[i1], aos>
// CHECK-NEXT: %x, %y = tape.pop %tape : !tape.region<[f64, f64], aos>
// CHECK-NEXT: %v, %w = tape.pop %tape : !tape.region<[f64, f64], aos>
// CHECK-NEXT: "test.op"(%v, %w, %x, %y, %q)

// One record of 40 bytes fits a slot of a line.
// FITS: tape.push %tape, %a, %b, %b, %a, %p

// ZERO: split-records: bytes must be at least 1, not 0
