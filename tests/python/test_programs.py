"""The measured programs as a user writes them are those in MLIR, at no more cost."""

from types import FunctionType
from typing import Any

import numpy as np
import pytest

import tapeflow as tf
from tapeflow.programs import PROGRAMS
from tapeflow.programs.program import Program
from tests.python.programs import grids, learning, physics
from tests.sizes import sized

WRITTEN: dict[str, FunctionType] = {
    name: thing
    for module in (grids, learning, physics)
    for name, thing in vars(module).items()
    if isinstance(thing, FunctionType)
}
DAILY = ("pathfinder", "logsumexp", "mass_spring", "gravity", "spmv", "ba", "nn")
"""Those that do not take long; the others are compared at night."""
CASES = [program for program in PROGRAMS if program.name in WRITTEN]
CHOSEN = sized([p for p in CASES if p.name in DAILY], CASES)
ROUNDED = ("ba", "gmm", "spmv")
"""Those that add in another order than the text in MLIR, or whose gradient does."""
MORE_CYCLES = 1.02
SIZE = sized("tiny", "small")
PIPELINE = sized("baseline{as-written=true}", "streams")


def arguments_of(program: Program, size: str) -> list[Any]:
    inputs = program.make_inputs(size).values()
    return [array if array.ndim else array[()].item() for array in inputs]


def test_sixteen_programs_are_written_in_python() -> None:
    assert len(CASES) == 16


@pytest.mark.parametrize("program", CHOSEN, ids=lambda program: program.name)
def test_gradients_tape_and_cycles(program: Program) -> None:
    given = arguments_of(program, SIZE)
    written, text = (
        fn.simulate(*given, wrt=program.wrt, pipeline=PIPELINE)
        for fn in (
            tf.function(WRITTEN[program.name]),
            tf.load(program.source_path)[program.name],
        )
    )
    assert written.tape_bytes is not None and text.tape_bytes is not None
    assert written.tape_bytes <= text.tape_bytes
    assert written.counters is not None and text.counters is not None
    assert written.counters.cycles <= MORE_CYCLES * text.counters.cycles
    for position, expected in text.gradients.items():
        found = written.gradients[position]
        if program.name in ROUNDED:
            np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)
        else:
            assert found.tobytes() == expected.tobytes()
