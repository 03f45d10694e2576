"""The programs with their sums in another order: right, alike in bits, no more tape."""

import pytest

from hwmodel import preset
from tapeflow.backend.gradient import compile_gradient
from tapeflow.frontend.reader import read_module
from tapeflow.programs import get_program
from tapeflow.tools.pipelines.on_machine import fit_pipeline
from tapeflow.tools.result_row import gradient_sha256, max_relative_error
from tapeflow.universe import full_context
from tests.sizes import sized

MACHINE = preset("fair")
REORDERED = sized(
    ("gravity", "bilateral", "nn"),
    (
        *("logsumexp", "matdescent", "mttkrp", "nn", "lenet", "gravity", "pathfinder"),
        *("somier", "mass_spring", "sddmm", "spmv", "bilateral", "reaction_diffusion"),
        *("gmm", "ba", "lstm"),
    ),
)
IN_FUSED_LOOPS = {"bilateral": 4, "ba": 2}
"""Programs whose tape holds what is on its way in an iteration, and how many of these
are side by side now."""


def run(name: str, pipeline: str):
    program = get_program(name)
    module = read_module(program.source_path, full_context())
    passes = fit_pipeline(pipeline, MACHINE).passes
    compiled = compile_gradient(
        module, program.function, program.wrt, passes, full_context()
    )
    return compiled.run(program.make_inputs("tiny"))


@pytest.mark.parametrize("name", REORDERED)
def test_reordered_gradients(name: str):
    program = get_program(name)
    plain, result = (run(name, f"baseline{of}") for of in ("", "{reorder=true}"))
    value, gradients = program.reference(program.make_inputs("tiny"))
    assert abs(float(result.values[0]) - value) <= 1e-9 * max(1.0, abs(value))
    assert max_relative_error(result.gradients, gradients) <= 1e-9
    assert result.tape_bytes is not None and plain.tape_bytes is not None
    assert result.tape_bytes <= plain.tape_bytes * IN_FUSED_LOOPS.get(name, 1)
    other = run(name, "streams{places=stream reorder=true}")
    assert other.values[0].tobytes() == result.values[0].tobytes()
    assert gradient_sha256(other.gradients) == gradient_sha256(result.gradients)
