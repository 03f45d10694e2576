"""`tapeflow-opt`: passes on MLIR text."""
