// RUN: tapeflow-opt %s -p lower-linalg-to-loops --split-input-file --verify-diagnostics | filecheck %s

func.func @tensors(%a: tensor<2x2xf64>, %c: tensor<2x2xf64>) -> tensor<2x2xf64> {
  %d = linalg.matmul ins(%a, %a : tensor<2x2xf64>, tensor<2x2xf64>) outs(%c : tensor<2x2xf64>) -> tensor<2x2xf64>
  %e = linalg.add ins(%a, %d : tensor<2x2xf64>, tensor<2x2xf64>) outs(%c : tensor<2x2xf64>) -> tensor<2x2xf64>
  func.return %e : tensor<2x2xf64>
}
// CHECK: 'linalg.matmul' on tensors; tapeflow takes buffers, so bufferize the program first (mlir-opt --one-shot-bufferize) or write it with memrefs
// CHECK: :5:8: also: 'linalg.add' on tensors

// -----

func.func @complex(%a: memref<2x2xcomplex<f32>>) {
  linalg.matmul ins(%a, %a : memref<2x2xcomplex<f32>>, memref<2x2xcomplex<f32>>) outs(%a : memref<2x2xcomplex<f32>>)
  func.return
}
// CHECK: 'linalg.matmul' on elements of type complex<f32>; write it with f32, f64 or integers (a complex number as two of them)

// -----

func.func @no_such_loop(%a: memref<4xf64>) {
  linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]} outs(%a : memref<4xf64>) {
  ^bb0(%out: f64):
    %i = linalg.index 1 : index
    linalg.yield %out : f64
  }
  func.return
}
// CHECK: there is no loop 1; there are 1

// -----

func.func @rank(%x: memref<4x4xf64>, %y: memref<f64>) {
  linalg.dot ins(%x, %x : memref<4x4xf64>, memref<4x4xf64>) outs(%y : memref<f64>)
  func.return
}
// CHECK: 'linalg.dot' takes an operand of 1 dimensions where memref<4x4xf64> stands
