"""Runs a program at every level below the abstract tape."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from hwmodel import PRESETS
from tapeflow.analysis.verification.dominance import verify_dominance
from tapeflow.backend.execute import Execution, Runnable
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


Scratchpads = tuple[tuple[int, int], ...]
"""Capacity in bytes and number of slots, each tried."""


@lru_cache(maxsize=4)
def _levels(
    text: str, scratchpads: Scratchpads
) -> tuple[Runnable, dict[tuple[ModulePass, ...], Runnable]]:
    """@f on the abstract tape, and behind each beginning of each pipeline.

    They are verified, and made once for all arguments that a test tries.
    """
    context = full_context()
    source = parse_module(text, "program.mlir", context)
    source.verify()
    modules: dict[tuple[ModulePass, ...], ModuleOp] = {(): source}
    for beginning in _beginnings(scratchpads):
        if beginning not in modules:
            modules[beginning] = module = modules[beginning[:-1]].clone()
            beginning[-1].apply(context, module)
            module.verify()
            verify_dominance(module)
    runnables = {key: Runnable(module, "f") for key, module in modules.items()}
    return runnables.pop(()), runnables


def _beginnings(scratchpads: Scratchpads) -> Iterator[tuple[ModulePass, ...]]:
    pipelines = _memory_pipelines()
    for capacity_bytes, slots in scratchpads:
        pipelines += _scratchpad_pipelines(capacity_bytes, slots)
    for pipeline in pipelines:
        for count in range(1, len(pipeline) + 1):
            yield tuple(pipeline[:count])


def _run(
    program: Runnable, arguments: Sequence[object]
) -> tuple[tuple[object, ...], list[np.ndarray]]:
    copies = [a.copy() if isinstance(a, np.ndarray) else a for a in arguments]
    results = program.run(copies).results
    return results, [copy for copy in copies if isinstance(copy, np.ndarray)]


def _compare_levels(
    text: str,
    *arguments: object,
    scratchpads: Scratchpads = ((1024, 1), (1024, 2)),
) -> None:
    """Run @f on the abstract tape and after every pass below: the same bits."""
    source, levels = _levels(text, scratchpads)
    expected = _run(source, arguments)
    for passes, level in levels.items():
        results, buffers = _run(level, arguments)
        assert results == expected[0], f"results change in {passes[-1]}"
        for buffer, known in zip(buffers, expected[1], strict=True):
            assert buffer.tobytes() == known.tobytes(), f"change in {passes[-1]}"


def _compare_engines(
    text: str,
    *arguments: object,
    scratchpads: Scratchpads = ((128, 1), (256, 2)),
) -> None:
    """Run @f after every pass on both engines, at the end also on the machine.

    All that an execution tells must agree: results, counters, energy and addresses.
    """
    _, levels = _levels(text, scratchpads)
    begun = {passes[:-1] for passes in levels}
    for passes, level in levels.items():
        is_last = passes not in begun
        for machine in (None, MACHINE) if is_last else (None,):
            reference, compiled = (
                level.run(arguments, machine, engine)
                for engine in ("reference", "compiled")
            )
            assert _told(compiled) == _told(reference), f"after {passes[-1]}"


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
