// RUN: tapeflow-opt %s --split-input-file --verify-diagnostics -p 'form-streams,check-streams{explain=true}' 2>&1 | filecheck %s


// Which ring is meant depends on data.
func.func @selected(%a: f64, %which: i1) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %one = spm.allocate %c1 : !spm.ring<[f64], tile 8, slots 1, base 0>
  %two = spm.allocate %c1 : !spm.ring<[f64], tile 8, slots 1, base 0>
  %ring = arith.select %which, %one, %two : !spm.ring<[f64], tile 8, slots 1, base 0>
  %x = spm.load %ring[%c0] field 0 : !spm.ring<[f64], tile 8, slots 1, base 0>
  func.return
}
// CHECK: the use of this ring is not provably right: arith.select takes the ring where it is not looked for; write it as form-streams does

// -----

func.func @overlapping(%a: f64) {
  %c1 = arith.constant 1 : index
  %one = spm.allocate %c1 : !spm.ring<[f64], tile 8, slots 2, base 0>
  %two = spm.allocate %c1 : !spm.ring<[f64], tile 8, slots 1, base 64>
  func.return
}
// CHECK: this ring is used wrongly: its slots begin at byte 64, those of another ring end at 128

// -----

// An address that wraps around in a narrow type is another address.
func.func @wrapped(%a: f64) {
  %c256 = arith.constant 256 : index
  %c1 = arith.constant 1 : index
  %ring = spm.allocate %c1 : !spm.ring<[f64], tile 8, slots 1, base 256>
  %narrow = arith.index_cast %c256 : index to i8
  %at = arith.index_cast %narrow : i8 to index
  spm.store %a, %ring[%at] field 0 : !spm.ring<[f64], tile 8, slots 1, base 256>
  %x = spm.load %ring[%at] field 0 : !spm.ring<[f64], tile 8, slots 1, base 256>
  func.return
}
// CHECK: the use of this ring is not provably right: the address of the store does not follow from the ring's cursor

// -----

// A ring that begins where nothing is looked at: its first store is in no slot.
func.func @hidden(%a: f64) {
  %c64 = arith.constant 64 : index
  %c1 = arith.constant 1 : index
  "scf.execute_region"() ({
    %ring = spm.allocate %c1 : !spm.ring<[f64], tile 8, slots 1, base 0>
    spm.store %a, %ring[%c64] field 0 : !spm.ring<[f64], tile 8, slots 1, base 0>
    scf.yield
  }) : () -> ()
  func.return
}
// CHECK: the use of this ring is not provably right: scf.execute_region is not looked into
