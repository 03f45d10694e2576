"""Machine code from the Python that `compiled.emit` writes, through LLVM.

The input is a small, statically typed part of Python: functions over integers, floats,
truth values and one-dimensional arrays, with `for`, `while`, `if` and calls. It knows
nothing of MLIR. LLVM compiles it in milliseconds, and no fast-math flag is ever set, so
every result has the bits that plain Python computes from the same source.
"""
