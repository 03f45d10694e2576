// RUN: tapeflow-opt %s -p lower-linalg-to-loops --split-input-file --verify-diagnostics | filecheck %s

func.func @tensors(%a: tensor<2x2xf64>, %c: tensor<2x2xf64>) -> tensor<2x2xf64> {
  %d = linalg.matmul ins(%a, %a : tensor<2x2xf64>, tensor<2x2xf64>) outs(%c : tensor<2x2xf64>) -> tensor<2x2xf64>
  %e = linalg.add ins(%a, %d : tensor<2x2xf64>, tensor<2x2xf64>) outs(%c : tensor<2x2xf64>) -> tensor<2x2xf64>
  func.return %e : tensor<2x2xf64>
}
// CHECK: 'linalg.matmul' on tensors; tapeflow takes buffers, so bufferize the program first (mlir-opt --one-shot-bufferize) or write it with memrefs
// CHECK: :5:8: also: 'linalg.add' on tensors

// -----

func.func @conversion(%v: f32, %a: memref<4xf64>) {
  linalg.fill ins(%v : f32) outs(%a : memref<4xf64>)
  func.return
}
// CHECK: a value of type f32 for a buffer of f64; convert it in a linalg.generic

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

func.func @pooling(%x: memref<1x1x4x4xf64>, %w: memref<2x2xf64>, %y: memref<1x1x3x3xf64>) {
  linalg.pooling_nchw_max {strides = dense<1> : tensor<2xi64>, dilations = dense<1> : tensor<2xi64>} ins(%x, %w : memref<1x1x4x4xf64>, memref<2x2xf64>) outs(%y : memref<1x1x3x3xf64>)
  func.return
}
// CHECK: 'linalg.pooling_nchw_max' without its running value; write it as linalg.generic
