"""What `place-tape` does with a tape whose streams cannot be proved."""

import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.transforms.canonicalize import CanonicalizePass
from xdsl.utils.exceptions import DiagnosticException

from tapeflow.backend.gradient import CompiledGradient, compile_gradient
from tapeflow.backend.signature import find_function
from tapeflow.dialects.spm import AllocateOp
from tapeflow.dialects.tape_marks import TAPE_PLACES
from tapeflow.frontend.reader import parse_module
from tapeflow.transforms import (
    AssignScratchpadPass,
    CheckStreamsPass,
    DifferentiatePass,
    FormLayersPass,
    FormRegionsPass,
    FormStreamsPass,
    LowerTapeToMemrefPass,
    PlaceTapePass,
    SimplifyAdjointsPass,
)
from tapeflow.universe import full_context

from ..random_programs.generate import FUNCTION, generate

SEED = 12
"""A program one of whose trip counts is computed anew from memory that has changed."""


def placed(place_tape: PlaceTapePass) -> tuple[CompiledGradient, Context]:
    case, context = generate(SEED), full_context()
    passes = (
        DifferentiatePass("save-all"),
        SimplifyAdjointsPass(),
        CanonicalizePass(),
        FormRegionsPass("aos"),
        place_tape,
        FormLayersPass(),
        AssignScratchpadPass(),
        FormStreamsPass(),
        LowerTapeToMemrefPass(),
    )
    module = parse_module(case.text, "program.mlir", context)
    compiled = compile_gradient(
        module, FUNCTION, case.wrt, passes, context, seeded=case.seeded
    )
    return compiled, context


def rings(module: ModuleOp) -> int:
    return sum(isinstance(op, AllocateOp) for op in module.walk())


def test_forced_streams_are_refused() -> None:
    compiled, context = placed(PlaceTapePass("stream", "sram_bytes=65536"))
    with pytest.raises(DiagnosticException, match="not provably right"):
        CheckStreamsPass().apply(context, compiled.module)
    CheckStreamsPass(dynamic_only=True).apply(context, compiled.module)


def test_a_free_choice_stays_behind_the_cache(capsys) -> None:
    """The second best plan has the whole tape on chip."""
    choice = PlaceTapePass(machine="sram_bytes=65536", rank=1, explain=True)
    compiled, context = placed(choice)
    CheckStreamsPass().apply(context, compiled.module)
    assert rings(compiled.module) == 0
    assert "are not provable, so it stays behind the cache" in capsys.readouterr().err
    function = find_function(compiled.module, compiled.function)
    assert "stream" not in str(function.attributes[TAPE_PLACES])


def test_who_asks_for_the_dynamic_check_alone_keeps_the_choice() -> None:
    choice = PlaceTapePass(machine="sram_bytes=65536", rank=1, dynamic_only=True)
    compiled, _ = placed(choice)
    assert rings(compiled.module) > 0
