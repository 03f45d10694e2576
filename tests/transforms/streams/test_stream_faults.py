"""No seeded fault of a stream escapes: the text shows it, or the run, or it is none.

`python -m tests.transforms.streams.test_stream_faults` prints the whole table.
"""

import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from itertools import count

import pytest
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.universe import Universe
from xdsl.utils.exceptions import VerifyException

from tapeflow.analysis.streams.check import check_streams
from tapeflow.backend.gradient import CompiledGradient, GradientResult, compile_gradient
from tapeflow.backend.runtime.execution_error import ExecutionError
from tapeflow.frontend.reader import read_module
from tapeflow.programs import get_program
from tapeflow.tools.pipelines.building import build_passes
from tapeflow.transforms import (
    AssignScratchpadPass,
    CheckStreamsPass,
    FormLayersPass,
    FormRegionsPass,
    FormStreamsPass,
    LowerSpmToBlockingPass,
)
from tapeflow.transforms.pipelines import BaselinePipeline
from tapeflow.universe import full_context
from tests.sizes import sized

from .stream_faults import Fault, faults_of

PROGRAMS = ("nn", "matdescent", "lstm", "spmv", "mass_spring")
RINGS = ((256, 1, True), (256, 1, False), (512, 2, False), (768, 3, False))
"""Bytes of scratchpad a region, slots, and whether transfers block."""
EVERY = sized(3, 1)
OUTCOMES = ("refuted", "not provable", "at run time", "equivalent", "escaped")


def compiled(name: str, bytes_: int, slots: int, blocking: bool) -> CompiledGradient:
    """The streams of a program with tiles of few records."""
    program = get_program(name)
    front = ",".join(BaselinePipeline(as_written=True).passes()[:-2])
    passes = build_passes(front, Universe.get_multiverse().all_passes)
    ends = LowerSpmToBlockingPass() if blocking else FormStreamsPass()
    below = (
        FormRegionsPass("aos"),
        FormLayersPass(4 * bytes_, slots),
        AssignScratchpadPass(4 * bytes_, slots),
        ends,
        CheckStreamsPass(),
    )
    return compile_gradient(
        read_module(program.source_path, full_context()),
        program.function,
        program.wrt,
        (*passes, *below),
        full_context(),
    )


def answers(module: ModuleOp) -> set[str]:
    """The answers on all rings of a module."""
    functions = [op for op in module.walk() if isinstance(op, FuncOp)]
    return {verdict.answer for f in functions for verdict in check_streams(f)}


def bits(result: GradientResult) -> list[bytes]:
    arrays = (*result.values, *result.gradients.values())
    return [array.tobytes() for array in arrays]


def outcome(
    fault: Fault, gradient: CompiledGradient, name: str, right: list[bytes]
) -> str:
    """Who catches a fault."""
    mutant = fault.seeded(gradient.module)
    try:
        mutant.verify()
    except VerifyException:
        return "refuted"
    found = answers(mutant)
    for answer in OUTCOMES[:2]:
        if answer in found:
            return answer
    return at_run_time(mutant, gradient, name, right)


def at_run_time(
    mutant: ModuleOp, gradient: CompiledGradient, name: str, right: list[bytes]
) -> str:
    """What a run of a mutant shows: a fault, the right bits, or neither."""
    inputs = get_program(name).make_inputs("tiny")
    try:
        result = replace(gradient, module=mutant).run(inputs, engine="reference")
    except ExecutionError:
        return "at run time"
    return "equivalent" if bits(result) == right else "escaped"


def table(
    name: str, ring: tuple[int, int, bool], every: int = 1
) -> Counter[tuple[str, str]]:
    """How many faults of each name had each outcome, one in so many of each name."""
    gradient = compiled(name, *ring)
    inputs = get_program(name).make_inputs("tiny")
    right = bits(gradient.run(inputs, engine="reference"))
    places = defaultdict[str, Iterator[int]](count)
    return Counter(
        (fault.name, outcome(fault, gradient, name, right))
        for fault in faults_of(gradient.module)
        if next(places[fault.name]) % every == 0
    )


def text_of(counts: Counter[tuple[str, str]]) -> str:
    """The table as text, a fault a line."""
    lines = [f"{'fault':44}" + "".join(f"{name:>14}" for name in OUTCOMES)]
    for fault in sorted({fault for fault, _ in counts}):
        row = "".join(f"{counts[fault, name]:14}" for name in OUTCOMES)
        lines.append(f"{fault:44}{row}")
    total = Counter[str]()
    for (_, name), number in counts.items():
        total[name] += number
    lines.append(f"{'all':44}" + "".join(f"{total[name]:14}" for name in OUTCOMES))
    return "\n".join(lines)


@pytest.mark.parametrize("ring", RINGS)
@pytest.mark.parametrize("name", ("nn", "matdescent", "spmv"))
def test_no_fault_escapes(name, ring):
    counts = table(name, ring, EVERY)
    assert sum(counts.values()) >= 20 / EVERY
    escaped = [fault for fault, how in counts if how == "escaped"]
    assert not escaped, text_of(counts)


if __name__ == "__main__":
    every = Counter[tuple[str, str]]()
    for program_name in sys.argv[1:] or PROGRAMS:
        for rings in RINGS:
            every += table(program_name, rings)
    print(text_of(every))
