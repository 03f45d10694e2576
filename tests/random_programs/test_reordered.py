"""Random programs whose sums are added up in another order.

The new program's gradients are forward mode's, its levels keep their bits, and its
values are those of the old one but for rounding.
"""

import numpy as np
import pytest
from numpy.typing import NDArray
from xdsl.dialects.builtin import ModuleOp

from tapeflow.backend.execute import execute
from tapeflow.backend.outputs import first_beyond_rounding
from tapeflow.frontend.reader import parse_module
from tapeflow.transforms import LowerSourcePass, ReorderLoopsPass
from tests.sizes import sized

from .compare import compare
from .generate import FUNCTION, Case, generate
from .levels import CONTEXT

SEEDS = sized(range(3000, 3006), range(3000, 3300))
GROUP = 3


def outputs(module: ModuleOp, case: Case) -> dict[str, NDArray[np.float64]]:
    arguments = [array.copy() for array in case.inputs.values()]
    results = execute(module, FUNCTION, arguments).results
    return {
        **{f"result {k}": np.asarray(value) for k, value in enumerate(results)},
        **{f"argument {k}": array for k, array in enumerate(arguments)},
    }


@pytest.mark.parametrize("first", SEEDS[::GROUP])
def test_values_differ_by_rounding(first: int) -> None:
    for seed in range(first, first + GROUP):
        case = generate(seed)
        module = parse_module(case.text, "program.mlir", CONTEXT)
        LowerSourcePass().apply(CONTEXT, module)
        before = outputs(module, case)
        ReorderLoopsPass(factor=(2, 4)[seed % 2]).apply(CONTEXT, module)
        module.verify()
        assert first_beyond_rounding(before, outputs(module, case)) is None, seed


@pytest.mark.parametrize("first", SEEDS[::GROUP])
def test_gradients_are_those_of_the_new_program(first: int) -> None:
    for seed in range(first, first + GROUP):
        factor = (2, 4)[seed % 2]
        outcome = compare(generate(seed), rewrite=ReorderLoopsPass(factor=factor))
        assert outcome.status in ("passed", "refused")
