"""Ways into the compiler: reading MLIR text with source locations."""
