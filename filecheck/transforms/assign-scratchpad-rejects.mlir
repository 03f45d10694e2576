// RUN: tapeflow-opt %s --split-input-file --verify-diagnostics -p 'assign-scratchpad{capacity-bytes=256 slots=2}' | filecheck %s
// RUN: tapeflow-opt %s --split-input-file --verify-diagnostics -p 'assign-scratchpad{slots=0}' | filecheck %s --check-prefix=SLOTS

// SLOTS: assign-scratchpad needs at least one slot, not 0

func.func @small(%n: index) {
  %s = tape.allocate %n : !tape.region<[f64], aos, tile 8>
  %t = tape.allocate %n : !tape.region<[f64], aos, tile 9>
  func.return
}
// CHECK: scratchpad too small: the slots of all regions take 384 bytes (s 2 x 64 bytes, t 2 x 128 bytes), there are 256; give form-layers the same capacity-bytes and slots
