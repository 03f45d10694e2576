"""Compile time of the compiled engine over the length of a program.

`python benchmarks/engine_compile_speed.py [OPERATIONS ...]`: synthetic programs of each
length, nothing kept from before, with the timing model of the preset `fair`.
"""

import os
import sys
import tempfile

import numpy as np
from rich.console import Console
from rich.table import Table
from synthetic_modules import SHAPES

from hwmodel import preset
from tapeflow.backend.execute import execute
from tapeflow.frontend.reader import parse_module
from tapeflow.universe import full_context

LENGTHS = (500, 1000, 2000, 4000, 8000)
ONE_FUNCTION = ("long-loop-body", "sibling-loops")


def compile_seconds(shape: str, operations: int) -> float:
    """Seconds from IR to machine code for one program."""
    module = parse_module(SHAPES[shape](operations), f"{shape}.mlir", full_context())
    arguments = [np.ones(4), np.ones(4)]
    run = execute(module, "f", arguments, preset("fair"), "compiled")
    return run.compile_seconds


def main() -> None:
    """Print seconds, and seconds for 500 operations, by shape and length."""
    lengths = tuple(map(int, sys.argv[1:])) or LENGTHS
    table = Table("shape", "operations", "seconds", "seconds per 500 operations")
    with tempfile.TemporaryDirectory() as directory:
        os.environ["TAPEFLOW_CACHE_DIR"] = directory
        for shape in ONE_FUNCTION:
            for operations in lengths:
                seconds = compile_seconds(shape, operations)
                each = f"{seconds * 500 / operations:.2f}"
                table.add_row(shape, f"{operations:,}", f"{seconds:.2f}", each)
    Console().print(table)


if __name__ == "__main__":
    main()
