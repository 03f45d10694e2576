"""Runs a program at every level below the abstract tape."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from hwmodel import PRESETS
from tapeflow.analysis.verification.dominance import verify_dominance
from tapeflow.backend.execute import Execution, execute
from tapeflow.dialects.tape_types import LAYOUTS
from tapeflow.frontend.reader import parse_module
from tapeflow.transforms import (
    AssignScratchpadPass,
    FormLayersPass,
    FormRegionsPass,
    FormStreamsPass,
    LowerSpmToBlockingPass,
    LowerTapeToMemrefPass,
    ShrinkTapePass,
    SplitRecordsPass,
)
from tapeflow.universe import full_context

Compare = Callable[..., None]


MACHINE = replace(
    PRESETS["fair"],
    scratchpad=replace(PRESETS["fair"].scratchpad, capacity_bytes=4096),
)
"""With a scratchpad for the largest rings that are tried."""


def _memory_pipelines() -> list[list[ModulePass]]:
    layouts: list[list[ModulePass]] = [
        [FormRegionsPass(layout), LowerTapeToMemrefPass()] for layout in LAYOUTS
    ]
    return [*layouts, [ShrinkTapePass(), *layouts[-1]]]


def _scratchpad_pipelines(capacity_bytes: int, slots: int) -> list[list[ModulePass]]:
    front: list[ModulePass] = [
        FormRegionsPass("aos"),
        FormLayersPass(capacity_bytes, slots),
        AssignScratchpadPass(capacity_bytes, slots),
    ]
    larger = 4 * capacity_bytes  # parts of one record may need a slot each
    parts: list[ModulePass] = [
        FormRegionsPass("aos"),
        SplitRecordsPass(bytes=12),
        FormLayersPass(larger, slots),
        AssignScratchpadPass(larger, slots),
        FormStreamsPass(),
    ]
    blocking = [[*front, LowerSpmToBlockingPass()]] if slots == 1 else []
    streams = [[*front, FormStreamsPass(reuse)] for reuse in (True, False)]
    return [*blocking, *streams, parts]


def _run(
    module: ModuleOp, arguments: Sequence[object]
) -> tuple[tuple[object, ...], list[np.ndarray]]:
    copies = [a.copy() if isinstance(a, np.ndarray) else a for a in arguments]
    results = execute(module, "f", copies).results
    return results, [copy for copy in copies if isinstance(copy, np.ndarray)]


def _compare_levels(
    text: str,
    *arguments: object,
    scratchpads: Sequence[tuple[int, int]] = ((1024, 1), (1024, 2)),
) -> None:
    """Run @f on the abstract tape and after every pass below; all must agree in bits.

    Args:
        scratchpads: capacity in bytes and number of slots, each tried.
    """
    context = full_context()
    source = parse_module(text, "program.mlir", context)
    source.verify()
    expected = _run(source, arguments)
    pipelines = _memory_pipelines()
    for capacity_bytes, slots in scratchpads:
        pipelines += _scratchpad_pipelines(capacity_bytes, slots)
    for pipeline in pipelines:
        module = source.clone()
        for pass_ in pipeline:
            pass_.apply(context, module)
            module.verify()
            verify_dominance(module)
            results, buffers = _run(module, arguments)
            assert results == expected[0], f"results change in {pass_}"
            for buffer, known in zip(buffers, expected[1], strict=True):
                assert buffer.tobytes() == known.tobytes(), f"change in {pass_}"


def _compare_engines(
    text: str,
    *arguments: object,
    scratchpads: Sequence[tuple[int, int]] = ((128, 1), (256, 2)),
) -> None:
    """Run @f after every pass on both engines, at the end also on the machine.

    All that an execution tells must agree: results, counters, energy and addresses.
    """
    context = full_context()
    source = parse_module(text, "program.mlir", context)
    pipelines = _memory_pipelines()
    for capacity_bytes, slots in scratchpads:
        pipelines += _scratchpad_pipelines(capacity_bytes, slots)
    for pipeline in pipelines:
        module = source.clone()
        for pass_ in pipeline:
            pass_.apply(context, module)
            is_last = pass_ is pipeline[-1]
            for machine in (None, MACHINE) if is_last else (None,):
                reference, compiled = (
                    execute(module, "f", arguments, machine, engine)
                    for engine in ("reference", "compiled")
                )
                assert _told(compiled) == _told(reference), f"after {pass_}"


def _told(execution: Execution) -> tuple[object, ...]:
    return (
        execution.results,
        execution.counters,
        execution.energy,
        execution.addresses,
        execution.tape_bytes,
    )


@pytest.fixture(scope="session")
def compare_levels() -> Compare:
    return _compare_levels


@pytest.fixture(scope="session")
def compare_engines() -> Compare:
    return _compare_engines
