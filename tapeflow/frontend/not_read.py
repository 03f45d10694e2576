"""What is not read, and which command or rewriting makes it readable."""

_BUFFERIZE = (
    "turn tensors into buffers first: mlir-opt "
    "--one-shot-bufferize='bufferize-function-boundaries'"
)
_EARLIER = "give the program as it was before it was lowered to this dialect"
_HOST = "put the function into the module itself, and its threads into scf.parallel"

_OPERATIONS = {
    "vector.print": "delete it, and let the function return what is to be seen",
    "affine.dma_start": "write memref.copy of two memref.subview",
    "affine.dma_wait": "delete it; memref.copy has finished when it ends",
    "memref.dma_start": "write memref.copy of two memref.subview",
    "memref.dma_wait": "delete it; memref.copy has finished when it ends",
    "linalg.pack": "take the program as it was before it was packed",
    "linalg.unpack": "take the program as it was before it was packed",
}
"""Operation name to what to do."""

_DIALECTS = {
    "acc": "take the pragmas out: --openacc is not needed to compute the values",
    "amdgpu": _EARLIER,
    "async": "write the operations of its regions one after the other",
    "gpu": _HOST,
    "llvm": _EARLIER,
    "mhlo": "stablehlo-opt --stablehlo-legalize-to-linalg, then " + _BUFFERIZE,
    "nvgpu": _EARLIER,
    "nvvm": _EARLIER,
    "omp": "write its loops as scf.parallel",
    "rocdl": _EARLIER,
    "spirv": _EARLIER,
    "stablehlo": "stablehlo-opt --stablehlo-legalize-to-linalg, then " + _BUFFERIZE,
    "tosa": "mlir-opt --tosa-to-linalg-named --tosa-to-linalg, then " + _BUFFERIZE,
    "torch": "torch-mlir-opt --torch-backend-to-linalg-on-tensors-backend-pipeline, "
    "then " + _BUFFERIZE,
}
"""Dialect to what to do."""


def remedy_for(name: str) -> str | None:
    """What to do about an operation that is never read, None of others."""
    return _OPERATIONS.get(name) or _DIALECTS.get(name.partition(".")[0])
