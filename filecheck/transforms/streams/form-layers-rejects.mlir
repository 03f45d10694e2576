// RUN: tapeflow-opt %s --split-input-file --verify-diagnostics -p 'form-layers{capacity-bytes=255 slots=2}' | filecheck %s
// RUN: tapeflow-opt %s --split-input-file --verify-diagnostics -p 'form-layers{slots=0}' | filecheck %s --check-prefix=SLOTS

// RUN: tapeflow-opt %s --split-input-file --verify-diagnostics -p 'form-layers{sizes="n"}' | filecheck %s --check-prefix=SIZES
// RUN: tapeflow-opt %s --split-input-file --verify-diagnostics -p 'form-layers{machine="ports=x"}' | filecheck %s --check-prefix=MACHINE

// SIZES: form-layers: 'n' is not name=whole number
// MACHINE: form-layers: 'x' is no number for ports
// SLOTS: form-layers needs at least one slot, not 0

func.func @small(%n: index) {
  %s = tape.allocate %n : !tape.region<[f64], aos>
  %t = tape.allocate %n : !tape.region<[f64, f64, f64, f64, f64, f64, f64, f64, i1], aos>
  func.return
}
// CHECK: scratchpad too small for one record of each tape region in each slot, and for the tiles asked for: needs 384 bytes (s 2 x 64 bytes, t 2 x 128 bytes), has 255; raise capacity-bytes (scratchpad-bytes of streams), lower slots, or leave regions in the cache

// -----

func.func @long(%n: index) {
  %s = tape.allocate %n {tape.tile = 32 : i64} : !tape.region<[f64], aos>
  func.return
}
// CHECK: needs 512 bytes (s 2 x 256 bytes), has 255

// -----

func.func @place(%n: index) {
  %s = tape.allocate %n {tape.place = "register"} : !tape.region<[f64], aos>
  func.return
}
// CHECK: unknown tape.place "register"; known: cache, scratchpad, stream

// -----

func.func @slots(%n: index) {
  %s = tape.allocate %n {tape.slots = 0 : i64} : !tape.region<[f64], aos>
  func.return
}
// CHECK: tape.slots must be an integer of at least 1, not 0 : i64

// -----

func.func @soa(%n: index) {
  %s = tape.allocate %n : !tape.region<[f64], soa>
  func.return
}
// CHECK: a region of layout soa cannot be cut into tiles, its records do not lie together; use form-regions{layout=aos}

// -----

func.func @again(%n: index) {
  %s = tape.allocate %n : !tape.region<[f64], aos, tile 4>
  func.return
}
// CHECK: the region is already cut into tiles
