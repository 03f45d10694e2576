// RUN: tapeflow-opt %s --split-input-file --verify-diagnostics -p 'assign-scratchpad{capacity-bytes=256 slots=2}' | filecheck %s
// RUN: tapeflow-opt %s --split-input-file --verify-diagnostics -p 'assign-scratchpad{slots=0}' | filecheck %s --check-prefix=SLOTS

// SLOTS: assign-scratchpad needs at least one slot, not 0

func.func @small(%n: index) {
  %s = tape.allocate %n : !tape.region<[f64], aos, tile 8>
  %t = tape.allocate %n : !tape.region<[f64], aos, tile 9>
  func.return
}
// CHECK: scratchpad too small: the slots of all regions take 384 bytes (s 2 x 64 bytes, t 2 x 128 bytes), there are 256; give form-layers the same capacity-bytes and slots

// -----

func.func @callee(%n: index) {
  %s = tape.allocate %n : !tape.region<[f64], aos, tile 8>
  func.return
}
func.func @caller(%n: index) {
  %t = tape.allocate %n : !tape.region<[f64], aos, tile 16>
  func.call @callee(%n) : (index) -> ()
  func.return
}
// CHECK: scratchpad too small: the slots of all regions behind 256 bytes of callers take 128 bytes (s 2 x 64 bytes), there are 0; give form-layers fewer capacity-bytes, of which callers and callees have room side by side, or leave regions in the cache (tape.place = "cache")

// -----

func.func @again(%n: index) {
  %s = tape.allocate %n : !tape.region<[f64], aos, tile 8>
  func.call @other(%n) : (index) -> ()
  func.return
}
func.func @other(%n: index) {
  func.call @again(%n) : (index) -> ()
  func.return
}
// CHECK: @again calls itself while its tape is in the scratchpad, where each ring has one place; leave the tape behind the cache, with tape.place = "cache" on its allocations
