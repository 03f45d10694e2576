"""From a Python function to MLIR text with the user's names and lines."""
