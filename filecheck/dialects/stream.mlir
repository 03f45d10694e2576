// RUN: TAPEFLOW_ROUNDTRIP
// RUN: TAPEFLOW_GENERIC_ROUNDTRIP

func.func @f(%n: index, %s: index) {
  %r = spm.allocate %n : !spm.ring<[f64], tile 8, slots 2, base 0>
  stream.enqueue %r, %s : !spm.ring<[f64], tile 8, slots 2, base 0>
  %a = stream.acquire %r, %s : !spm.ring<[f64], tile 8, slots 2, base 0>
  stream.prefetch %r, %a : !spm.ring<[f64], tile 8, slots 2, base 0>
  %d = stream.dequeue %r, %a : !spm.ring<[f64], tile 8, slots 2, base 0>
  stream.reload %r, %d : !spm.ring<[f64], tile 8, slots 2, base 0>
  func.return
}
// CHECK:      stream.enqueue %r, %s : !spm.ring<[f64], tile 8, slots 2, base 0>
// CHECK-NEXT: %a = stream.acquire %r, %s : !spm.ring<[f64], tile 8, slots 2, base 0>
// CHECK-NEXT: stream.prefetch %r, %a : !spm.ring<[f64], tile 8, slots 2, base 0>
// CHECK-NEXT: %d = stream.dequeue %r, %a : !spm.ring<[f64], tile 8, slots 2, base 0>
// CHECK-NEXT: stream.reload %r, %d : !spm.ring<[f64], tile 8, slots 2, base 0>
// GENERIC:      "stream.enqueue"(%r, %s) : (!spm.ring<[f64], tile 8, slots 2, base 0>, index) -> ()
// GENERIC-NEXT: %a = "stream.acquire"(%r, %s) : (!spm.ring<[f64], tile 8, slots 2, base 0>, index) -> index
// GENERIC-NEXT: "stream.prefetch"(%r, %a) : (!spm.ring<[f64], tile 8, slots 2, base 0>, index) -> ()
// GENERIC-NEXT: %d = "stream.dequeue"(%r, %a) : (!spm.ring<[f64], tile 8, slots 2, base 0>, index) -> index
// GENERIC-NEXT: "stream.reload"(%r, %d) : (!spm.ring<[f64], tile 8, slots 2, base 0>, index) -> ()
