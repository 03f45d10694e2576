// RUN: tapeflow-opt %s -p 'keep-provable{explain=true}' 2>&1 >/dev/null | filecheck %s --check-prefix=WHY
// RUN: tapeflow-opt %s -p 'keep-provable' 2>/dev/null | filecheck %s
// RUN: tapeflow-opt %s -p 'keep-provable,form-layers,assign-scratchpad,lower-spm-to-blocking,lower-tape-to-memref,check-streams{explain=true}' 2>&1 >/dev/null | filecheck %s --check-prefix=PROVED

// The pops of %t run as often as memory says that has changed since the pushes.
func.func @partly(%n: index, %m: memref<1xindex>, %a: f64) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %count = arith.maxsi %n, %c0 : index
  %s = tape.allocate %count : !tape.region<[f64], aos>
  %t = tape.allocate %n growing : !tape.region<[f64], aos>
  %trips = memref.load %m[%c0] : memref<1xindex>
  scf.for %i = %c0 to %n step %c1 {
    tape.push %s, %a : !tape.region<[f64], aos>
  }
  scf.for %j = %c0 to %trips step %c1 {
    tape.push %t, %a : !tape.region<[f64], aos>
  }
  memref.store %n, %m[%c0] : memref<1xindex>
  %again = memref.load %m[%c0] : memref<1xindex>
  scf.for %k = %c0 to %again step %c1 {
    %x = tape.pop %t : !tape.region<[f64], aos>
  }
  scf.for %l = %c0 to %n step %c1 {
    %y = tape.pop %s : !tape.region<[f64], aos>
  }
  func.return
}
// WHY: tape of @partly, region 1: stays behind the cache, its stream is not provable: the trip count of the loop that pops is not the one of the loop that pushed
// CHECK:      %s = tape.allocate %count : !tape.region<[f64], aos>
// CHECK-NEXT: %t = tape.allocate %n growing {tape.place = "cache"} : !tape.region<[f64], aos>
// PROVED: @partly: ring %ring !spm.ring<[f64], tile 128, slots 1, base 0>: proved
