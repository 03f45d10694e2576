// RUN: tapeflow-opt %s -p 'place-tape{machine="ports=1"}' | filecheck %s --check-prefix=AUTO
// RUN: tapeflow-opt %s -p 'place-tape{places=stream slots=4 scratchpad-bytes=512 scratchpad-ports=1}' | filecheck %s --check-prefix=STREAM
// RUN: tapeflow-opt %s -p 'place-tape{places="padded-soa,scratchpad:8"}' | filecheck %s --check-prefix=BOTH
// RUN: tapeflow-opt %s -p 'place-tape{places="stream:2:16,soa" scratchpad-bytes=512 scratchpad-ports=1},form-layers,assign-scratchpad,form-streams,lower-tape-to-memref' | filecheck %s --check-prefix=LOWERED
// RUN: tapeflow-opt %s -p 'place-tape{explain=true sizes="n=1000" machine="sram_bytes=2048 ports=4"}' 2>&1 >/dev/null | filecheck %s --check-prefix=TELLS

func.func @f(%n: index, %v: f64, %b: i8) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %count = arith.maxsi %n, %zero : index
  %values = tape.allocate %count : !tape.region<[f64, f64], aos>
  %bytes = tape.allocate %count : !tape.region<[i8], aos>
  scf.for %i = %zero to %n step %one {
    tape.push %values, %v, %v : !tape.region<[f64, f64], aos>
    tape.push %bytes, %b : !tape.region<[i8], aos>
  }
  scf.for %i = %zero to %n step %one {
    %c = tape.pop %bytes : !tape.region<[i8], aos>
    %x, %y = tape.pop %values : !tape.region<[f64, f64], aos>
  }
  func.return
}

// The one port is the cache's, and so are all bytes; records lie together.
// AUTO:      func.func @f{{.*}}tape.scratchpad_bytes = 0 : i64, tape.scratchpad_ports = 0 : i64, tape.places = "aos,aos"
// AUTO:      tape.allocate %count {tape.place = "cache"} : !tape.region<[f64, f64], aos>
// AUTO-NEXT: tape.allocate %count {tape.place = "cache"} : !tape.region<[i8], aos>

// STREAM:      func.func @f{{.*}}tape.scratchpad_bytes = 512 : i64, tape.scratchpad_ports = 1 : i64
// STREAM:      tape.allocate %count {tape.place = "stream", tape.slots = 4 : i64} : !tape.region<[f64, f64], aos>
// STREAM-NEXT: tape.allocate %count {tape.place = "stream", tape.slots = 4 : i64} : !tape.region<[i8], aos>

// BOTH:      tape.allocate %count {tape.place = "cache"} : !tape.region<[f64, f64], padded-soa>
// BOTH-NEXT: tape.allocate %count {tape.place = "scratchpad", tape.slots = 1 : i64, tape.tile = 8 : i64} : !tape.region<[i8], aos>

// LOWERED:     spm.allocate %count : !spm.ring<[f64, f64], tile 16, slots 2, base 0>
// LOWERED:     memref.alloc(%count) : memref<?xi8>
// LOWERED:     stream.enqueue
// LOWERED-NOT: tape.push

// TELLS:      tape of @f: scores that rank places and plans
// TELLS-NEXT:   (in cycles, lower is better; no prediction of a run, which may take
// TELLS-NEXT:   several times more or less)
// TELLS-NEXT:   region 0: values (line 11), records [f64, f64] of 16 bytes, 1,000 pushed, 16,000 bytes at a time
// TELLS:        * aos
// TELLS:        stream:2
// TELLS:        region 1: bytes (line 12), records [i8] of 1 bytes, 1,000 pushed, 1,000 bytes at a time
// TELLS:        scratchpad:1000
// TELLS:        plans (issue, cache ports, scratchpad ports, DRAM bus, misses, tiles):
// TELLS-NEXT:   chosen
// TELLS-NEXT:   all cached
// TELLS-NEXT:   streams
// TELLS-NEXT:   split:
