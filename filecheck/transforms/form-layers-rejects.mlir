// RUN: tapeflow-opt %s --split-input-file --verify-diagnostics -p 'form-layers{capacity-bytes=255 slots=2}' | filecheck %s
// RUN: tapeflow-opt %s --split-input-file --verify-diagnostics -p 'form-layers{slots=0}' | filecheck %s --check-prefix=SLOTS

// SLOTS: form-layers needs at least one slot, not 0

func.func @small(%n: index) {
  %s = tape.allocate %n : !tape.region<[f64], aos>
  %t = tape.allocate %n : !tape.region<[f64, f64, f64, f64, f64, f64, f64, f64, i1], aos>
  func.return
}
// CHECK: scratchpad too small for one record of each tape region in each slot: needs 384 bytes for 2 regions and 2 slots, has 255; raise capacity-bytes or lower slots

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
