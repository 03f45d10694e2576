// RUN: tapeflow-opt %s -p 'compress-tape{codec=f32}' | filecheck %s --check-prefix=F32
// RUN: tapeflow-opt %s -p 'compress-tape{codec="bf16,f:0=fixed-rate:16"}' | filecheck %s --check-prefix=BLOCK
// RUN: tapeflow-opt %s -p compress-tape | filecheck %s --check-prefix=NONE

func.func @f(%n: index, %x: f64, %k: i8) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %tape = tape.allocate %n {tape.region = 0 : i64} : !tape.region<[f64, f64, i8], aos>
  %exact = tape.allocate %n {tape.region = 1 : i64, tape.compress = "none"} : !tape.region<[f64], aos>
  scf.for %i = %c0 to %n step %c1 {
    tape.push %tape, %x, %x, %k : !tape.region<[f64, f64, i8], aos>
    tape.push %exact, %x : !tape.region<[f64], aos>
  }
  scf.for %i = %c0 to %n step %c1 {
    %e = tape.pop %exact : !tape.region<[f64], aos>
    %a, %b, %c = tape.pop %tape : !tape.region<[f64, f64, i8], aos>
    "test.op"(%a, %b, %c, %e) : (f64, f64, i8, f64) -> ()
  }
  func.return
}

// F32:      tape.allocate %n {tape.region = 0 : i64, tape.compressed = "f32"} : !tape.region<[f32, f32, i8], aos>
// F32:      tape.allocate %n {tape.region = 1 : i64} : !tape.region<[f64], aos>
// F32:      math.absf %x : f64
// F32-NEXT: arith.minimumf
// F32-NEXT: math.copysign
// F32-NEXT: arith.cmpf oeq
// F32-NEXT: arith.select
// F32-NEXT: arith.truncf {{.*}} : f64 to f32
// F32:      tape.push %tape, {{.*}}, {{.*}}, %k : !tape.region<[f32, f32, i8], aos>
// F32:      [[A:%.+]], [[B:%.+]], %c = tape.pop %tape : !tape.region<[f32, f32, i8], aos>
// F32-NEXT: %a = arith.extf [[A]] : f32 to f64
// F32-NEXT: %b = arith.extf [[B]] : f32 to f64

// BLOCK: tape.compressed = "fixed-rate:16"} : !tape.region<[i16, i16, i16, i8], aos>
// BLOCK: arith.maxsi
// BLOCK: math.roundeven
// BLOCK: arith.fptosi {{.*}} : f64 to i16
// BLOCK: arith.sitofp {{.*}} : i16 to f64

// NONE:     tape.allocate %n {tape.region = 0 : i64} : !tape.region<[f64, f64, i8], aos>
// NONE-NOT: tape.compressed
