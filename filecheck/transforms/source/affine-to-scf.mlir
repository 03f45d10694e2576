// RUN: tapeflow-opt %s --split-input-file -p affine-to-scf | filecheck %s

// Operands of a map are its dimensions, then its symbols; subscripts may be either.
func.func @access(%x: memref<?x8xf64>, %i: index, %n: index) -> f64 {
  %v = affine.load %x[2 * %i - %n + 3, 7 - %i] : memref<?x8xf64>
  %w = "affine.load"(%x, %i, %n) <{map = affine_map<(d0)[s0] -> (s0, d0)>}> : (memref<?x8xf64>, index, index) -> f64
  affine.store %w, %x[%i + symbol(%n), 0] : memref<?x8xf64>
  func.return %v : f64
}
// CHECK-LABEL: func.func @access(%x: memref<?x8xf64>, %i: index, %n: index) -> f64 {
// CHECK-NEXT:    %c2 = arith.constant 2 : index
// CHECK-NEXT:    %c3 = arith.constant 3 : index
// CHECK-NEXT:    %c7 = arith.constant 7 : index
// CHECK-NEXT:    %c0 = arith.constant 0 : index
// CHECK-NEXT:    %index = arith.muli %i, %c2 : index
// CHECK-NEXT:    %index_1 = arith.subi %index, %n : index
// CHECK-NEXT:    %index_2 = arith.addi %index_1, %c3 : index
// CHECK-NEXT:    %index_3 = arith.subi %c7, %i : index
// CHECK-NEXT:    %v = memref.load %x[%index_2, %index_3] : memref<?x8xf64>
// CHECK-NEXT:    %w = memref.load %x[%n, %i] : memref<?x8xf64>
// CHECK-NEXT:    %index_4 = arith.addi %i, %n : index
// CHECK-NEXT:    memref.store %w, %x[%index_4, %c0] : memref<?x8xf64>
// CHECK-NEXT:    func.return %v : f64

// -----

// floordiv rounds down, ceildiv up, mod has the sign of the divisor.
func.func @divisions(%i: index) -> (index, index, index) {
  %f = affine.apply affine_map<(d0) -> ((d0 - 1) floordiv 4)>(%i)
  %c = affine.apply affine_map<()[s0] -> (s0 ceildiv 4)>()[%i]
  %m = affine.apply affine_map<(d0) -> (d0 mod 4 + 1)>(%i)
  func.return %f, %c, %m : index, index, index
}
// CHECK-LABEL: func.func @divisions(%i: index) -> (index, index, index) {
// CHECK-NEXT:    %c1 = arith.constant 1 : index
// CHECK-NEXT:    %c4 = arith.constant 4 : index
// CHECK-NEXT:    %c0 = arith.constant 0 : index
// CHECK-NEXT:    %f = arith.subi %i, %c1 : index
// CHECK-NEXT:    %f_1 = arith.floordivsi %f, %c4 : index
// CHECK-NEXT:    %c = arith.ceildivsi %i, %c4 : index
// CHECK-NEXT:    %remainder = arith.remsi %i, %c4 : index
// CHECK-NEXT:    %negative = arith.cmpi slt, %remainder, %c0 : index
// CHECK-NEXT:    %shifted = arith.addi %remainder, %c4 : index
// CHECK-NEXT:    %m = arith.select %negative, %shifted, %remainder : index
// CHECK-NEXT:    %m_1 = arith.addi %m, %c1 : index
// CHECK-NEXT:    func.return %f_1, %c, %m_1 : index, index, index

// -----

func.func @least_and_most(%i: index, %n: index) -> (index, index) {
  %least = affine.min affine_map<(d0)[s0] -> (d0 + 4, s0, 100)>(%i)[%n]
  %most = affine.max affine_map<(d0)[s0] -> (d0, s0 - 1)>(%i)[%n]
  func.return %least, %most : index, index
}
// CHECK-LABEL: func.func @least_and_most(%i: index, %n: index) -> (index, index) {
// CHECK-NEXT:    %c4 = arith.constant 4 : index
// CHECK-NEXT:    %c100 = arith.constant 100 : index
// CHECK-NEXT:    %c1 = arith.constant 1 : index
// CHECK-NEXT:    %least = arith.addi %i, %c4 : index
// CHECK-NEXT:    %least_1 = arith.minsi %least, %n : index
// CHECK-NEXT:    %least_2 = arith.minsi %least_1, %c100 : index
// CHECK-NEXT:    %most = arith.subi %n, %c1 : index
// CHECK-NEXT:    %most_1 = arith.maxsi %i, %most : index
// CHECK-NEXT:    func.return %least_2, %most_1 : index, index

// -----

// Several lower bounds mean the largest, several upper bounds the smallest.
func.func @loops(%x: memref<?xf64>, %n: index, %start: f64) -> f64 {
  %sum = affine.for %i = 0 to affine_map<()[s0] -> (s0 ceildiv 8)>()[%n] iter_args(%a = %start) -> (f64) {
    %part = affine.for %j = max affine_map<(d0) -> (d0 * 8, 1)>(%i) to min affine_map<(d0)[s0] -> (d0 * 8 + 8, s0)>(%i)[%n] step 2 iter_args(%b = %a) -> (f64) {
      %v = affine.load %x[%j] : memref<?xf64>
      %c = arith.addf %b, %v : f64
      affine.yield %c : f64
    }
    affine.yield %part : f64
  }
  affine.for %i = 0 to %n {
    affine.store %sum, %x[%i] : memref<?xf64>
  }
  func.return %sum : f64
}
// CHECK-LABEL: func.func @loops(%x: memref<?xf64>, %n: index, %start: f64) -> f64 {
// CHECK-NEXT:    %c8 = arith.constant 8 : index
// CHECK-NEXT:    %c0 = arith.constant 0 : index
// CHECK-NEXT:    %c1 = arith.constant 1 : index
// CHECK-NEXT:    %c2 = arith.constant 2 : index
// CHECK-NEXT:    %upper = arith.ceildivsi %n, %c8 : index
// CHECK-NEXT:    %sum = scf.for %i = %c0 to %upper step %c1 iter_args(%a = %start) -> (f64) {
// CHECK-NEXT:      %lower = arith.muli %i, %c8 : index
// CHECK-NEXT:      %upper_1 = arith.muli %i, %c8 : index
// CHECK-NEXT:      %upper_2 = arith.addi %upper_1, %c8 : index
// CHECK-NEXT:      %lower_1 = arith.maxsi %lower, %c1 : index
// CHECK-NEXT:      %upper_3 = arith.minsi %upper_2, %n : index
// CHECK-NEXT:      %part = scf.for %j = %lower_1 to %upper_3 step %c2 iter_args(%b = %a) -> (f64) {
// CHECK-NEXT:        %v = memref.load %x[%j] : memref<?xf64>
// CHECK-NEXT:        %c = arith.addf %b, %v : f64
// CHECK-NEXT:        scf.yield %c : f64
// CHECK-NEXT:      }
// CHECK-NEXT:      scf.yield %part : f64
// CHECK-NEXT:    }
// CHECK-NEXT:    scf.for %i_1 = %c0 to %n step %c1 {
// CHECK-NEXT:      memref.store %sum, %x[%i_1] : memref<?xf64>
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %sum : f64

// -----

#set = affine_set<(d0)[s0] : (d0 - 1 >= 0, s0 - d0 >= 2, d0 mod 2 == 0)>
func.func @conditions(%x: memref<?xf64>, %i: index, %n: index, %v: f64) -> f64 {
  %r = affine.if #set(%i)[%n] -> f64 {
    %w = arith.negf %v : f64
    affine.yield %w : f64
  } else {
    affine.yield %v : f64
  }
  affine.if affine_set<(d0) : (d0 == 0)>(%i) {
    affine.store %r, %x[%i] : memref<?xf64>
  }
  func.return %r : f64
}
// CHECK-LABEL: func.func @conditions(%x: memref<?xf64>, %i: index, %n: index, %v: f64) -> f64 {
// CHECK-NEXT:    %c1 = arith.constant 1 : index
// CHECK-NEXT:    %c2 = arith.constant 2 : index
// CHECK-NEXT:    %c0 = arith.constant 0 : index
// CHECK-NEXT:    %inside = arith.cmpi sge, %i, %c1 : index
// CHECK-NEXT:    %index = arith.subi %n, %i : index
// CHECK-NEXT:    %inside_1 = arith.cmpi sge, %index, %c2 : index
// CHECK-NEXT:    %inside_2 = arith.andi %inside, %inside_1 : i1
// CHECK-NEXT:    %remainder = arith.remsi %i, %c2 : index
// CHECK-NEXT:    %negative = arith.cmpi slt, %remainder, %c0 : index
// CHECK-NEXT:    %shifted = arith.addi %remainder, %c2 : index
// CHECK-NEXT:    %index_1 = arith.select %negative, %shifted, %remainder : index
// CHECK-NEXT:    %inside_3 = arith.cmpi eq, %index_1, %c0 : index
// CHECK-NEXT:    %inside_4 = arith.andi %inside_2, %inside_3 : i1
// CHECK-NEXT:    %r = scf.if %inside_4 -> (f64) {
// CHECK-NEXT:      %w = arith.negf %v : f64
// CHECK-NEXT:      scf.yield %w : f64
// CHECK-NEXT:    } else {
// CHECK-NEXT:      scf.yield %v : f64
// CHECK-NEXT:    }
// CHECK-NEXT:    %inside_5 = arith.cmpi eq, %i, %c0 : index
// CHECK-NEXT:    scf.if %inside_5 {
// CHECK-NEXT:      memref.store %r, %x[%i] : memref<?xf64>
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %r : f64

// -----

// A reduction begins with its neutral element.
func.func @parallel(%x: memref<?x?xf64>, %n: index, %m: index) -> (f64, f64) {
  %sum, %most = affine.parallel (%i, %j) = (0, max(%n, 1)) to (%n, min(%m, 10)) step (1, 2) reduce ("addf", "maximumf") -> (f64, f64) {
    %v = affine.load %x[%i, %j] : memref<?x?xf64>
    affine.yield %v, %v : f64, f64
  }
  affine.parallel (%i) = (0) to (%n) {
    affine.store %sum, %x[%i, 0] : memref<?x?xf64>
  }
  func.return %sum, %most : f64, f64
}
// CHECK-LABEL: func.func @parallel(%x: memref<?x?xf64>, %n: index, %m: index) -> (f64, f64) {
// CHECK-NEXT:    %c0 = arith.constant 0 : index
// CHECK-NEXT:    %c1 = arith.constant 1 : index
// CHECK-NEXT:    %c10 = arith.constant 10 : index
// CHECK-NEXT:    %c2 = arith.constant 2 : index
// CHECK-NEXT:    %neutral = arith.constant 0.000000e+00 : f64
// CHECK-NEXT:    %neutral_1 = arith.constant 0xfff0000000000000 : f64
// CHECK-NEXT:    %lower = arith.maxsi %n, %c1 : index
// CHECK-NEXT:    %upper = arith.minsi %m, %c10 : index
// CHECK-NEXT:    %sum, %most = "scf.parallel"(%c0, %lower, %n, %upper, %c1, %c2, %neutral, %neutral_1) <{operandSegmentSizes = array<i32: 2, 2, 2, 2>}> ({
// CHECK-NEXT:    ^bb0(%i: index, %j: index):
// CHECK-NEXT:      %v = memref.load %x[%i, %j] : memref<?x?xf64>
// CHECK-NEXT:      scf.reduce(%v, %v : f64, f64) {
// CHECK-NEXT:      ^bb0(%so_far: f64, %next: f64):
// CHECK-NEXT:        %reduced = arith.addf %so_far, %next : f64
// CHECK-NEXT:        scf.reduce.return %reduced : f64
// CHECK-NEXT:      }{{,?}} {
// CHECK-NEXT:      ^bb0(%so_far_1: f64, %next_1: f64):
// CHECK-NEXT:        %reduced_1 = arith.maximumf %so_far_1, %next_1 : f64
// CHECK-NEXT:        scf.reduce.return %reduced_1 : f64
// CHECK-NEXT:      }
// CHECK-NEXT:    }) : (index, index, index, index, index, index, f64, f64) -> (f64, f64)
// CHECK-NEXT:    "scf.parallel"(%c0, %n, %c1) <{operandSegmentSizes = array<i32: 1, 1, 1, 0>}> ({
// CHECK-NEXT:    ^bb0(%i_1: index):
// CHECK-NEXT:      memref.store %sum, %x[%i_1, %c0] : memref<?x?xf64>
// CHECK-NEXT:      scf.reduce
// CHECK-NEXT:    }) : (index, index, index) -> ()
// CHECK-NEXT:    func.return %sum, %most : f64, f64

// -----

// Nothing to do.
func.func @plain(%x: memref<4xf64>, %i: index) -> f64 {
  %v = memref.load %x[%i] : memref<4xf64>
  func.return %v : f64
}
// CHECK-LABEL: func.func @plain(%x: memref<4xf64>, %i: index) -> f64 {
// CHECK-NEXT:    %v = memref.load %x[%i] : memref<4xf64>
// CHECK-NEXT:    func.return %v : f64
