"""Check a differentiated program after every pass of every pipeline."""

import random
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.passes import ModulePass
from xdsl.transforms.common_subexpression_elimination import (
    CommonSubexpressionElimination,
)
from xdsl.utils.exceptions import DiagnosticException

from tapeflow.analysis.streams.check import check_streams
from tapeflow.analysis.verification.dominance import verify_dominance
from tapeflow.dialects.tape_types import Layout
from tapeflow.transforms import (
    AssignScratchpadPass,
    ExposeAddressesPass,
    FormLayersPass,
    FormRegionsPass,
    FormStreamsPass,
    HoistInvariantsPass,
    JamLoopsPass,
    LowerSpmToBlockingPass,
    LowerTapeToMemrefPass,
    MergeRegionsPass,
    PipelineLoopsPass,
    PlaceTapePass,
    ShrinkTapePass,
    SimplifyAdjointsPass,
    UnrollLoopsPass,
)
from tapeflow.transforms.source.exact_canonicalize import ExactCanonicalizePass
from tapeflow.universe import full_context

from .places import RandomPlacesPass

CONTEXT = full_context()
FRONT: tuple[ModulePass, ...] = (
    SimplifyAdjointsPass(),
    ExactCanonicalizePass(),
    CommonSubexpressionElimination(),
    ShrinkTapePass(),
)


class Mismatch(AssertionError):
    """The product is wrong about a program."""


@dataclass(frozen=True)
class RingVerdict:
    """What the text of a pipeline proves of one ring."""

    pipeline: str
    answer: str
    reason: str = ""


def check_levels(
    seed: int,
    module: ModuleOp,
    run: Callable[[ModuleOp], list[bytes]],
    pipelines: Collection[str] | None = None,
) -> tuple[tuple[str, ...], tuple[RingVerdict, ...]]:
    """Every pass keeps every bit of what `run` gives.

    Args:
        pipelines: the names of those to run, behind the passes in front of all; None
            for every one.

    Returns why pipelines refused the program, and the verdicts on all rings.

    Raises:
        Mismatch: a pass changed bits, or a ring is refuted.
    """
    expected = run(module)

    def check(module: ModuleOp, passes: Sequence[ModulePass]) -> None:
        for pass_ in passes:
            pass_.apply(CONTEXT, module)
            module.verify()
            verify_dominance(module)
            if run(module) != expected:
                raise Mismatch(f"{pass_} changes bits")

    scheduled = _scheduling(seed)
    reasons: list[str] = []
    rings: list[RingVerdict] = []
    front = module.clone()
    check(front, FRONT)
    tape_values = sum(op.name == "tape.stack" for op in front.walk())
    for name, passes in _pipelines(seed, tape_values):
        if pipelines is not None and name not in pipelines:
            continue
        level = front.clone()
        try:
            check(level, passes)
        except DiagnosticException as error:
            reasons.append(f"{name}: {reason_of(error)}")
            continue
        rings += verdicts(name, level)
        check(level, scheduled)
    return tuple(reasons), tuple(rings)


def reason_of(error: DiagnosticException) -> str:
    """The line of a diagnostic that says why."""
    lines = [line.strip(" ^|-\t") for line in str(error).splitlines()]
    named = [line for line in lines if "error" in line or "cannot" in line]
    return (named or [line for line in lines if line] or ["?"])[-1][:160]


def _pipelines(
    seed: int, tape_values: int
) -> Iterator[tuple[str, tuple[ModulePass, ...]]]:
    """The passes after the front, scratchpads of a few lines a region.

    Regions merge in about two pipelines of three.
    """
    choose = random.Random(seed)
    merging = random.Random(seed)

    def regions(layout: Layout) -> tuple[ModulePass, ...]:
        merge = merging.choice(((), (MergeRegionsPass(),), (MergeRegionsPass(True),)))
        return (FormRegionsPass(layout), *merge)

    slots = choose.randint(1, 4)
    for layout in ("soa", "aos", "aosoa"):
        yield layout, (*regions(layout), LowerTapeToMemrefPass())
    for name, count in (("layers", 1), ("streams", slots)):
        capacity_bytes = 64 * count * max(1, tape_values) * choose.randint(1, 4)
        front = (
            *regions("aos"),
            FormLayersPass(capacity_bytes, count),
            AssignScratchpadPass(capacity_bytes, count),
        )
        if name == "layers":
            yield name, (*front, LowerSpmToBlockingPass())
        else:
            yield name, (*front, FormStreamsPass())
            yield "streams without reuse", (*front, FormStreamsPass(False))
    mixed = _mixed_places(seed, 4096 * max(1, tape_values))
    yield "mixed places", (*regions("aos"), *mixed)

    machine = f"sram_bytes={choose.choice((1024, 2048, 8192))} ports=4"
    rank = choose.randrange(8)
    yield (
        "placed",
        (
            *regions("aos"),
            PlaceTapePass(machine=machine, slots=slots, rank=rank),
            FormLayersPass(),
            AssignScratchpadPass(),
            FormStreamsPass(),
            LowerTapeToMemrefPass(),
        ),
    )


def _scheduling(seed: int) -> tuple[ModulePass, ...]:
    """What orders the operations of loops anew, at the end of each pipeline."""
    choose = random.Random(seed)
    return (
        UnrollLoopsPass(choose.choice((3, 8))),
        JamLoopsPass(choose.choice((2, 2, 4, "auto"))),
        HoistInvariantsPass(),
        ExposeAddressesPass(),
        PipelineLoopsPass(choose.choice((1, 2, 4))),
    )


def _mixed_places(seed: int, capacity_bytes: int) -> tuple[ModulePass, ...]:
    """Regions side by side; what is behind the cache is lowered at any time."""
    passes: list[ModulePass] = [
        FormLayersPass(capacity_bytes, 2),
        AssignScratchpadPass(capacity_bytes, 2),
        FormStreamsPass(),
    ]
    passes.insert(1 + seed % 3, LowerTapeToMemrefPass())
    return (RandomPlacesPass(seed), *passes)


def verdicts(name: str, module: ModuleOp) -> Iterator[RingVerdict]:
    """What the text proves of each ring; the compiler's own is never refuted.

    Raises:
        Mismatch: a ring is refuted.
    """
    for op in module.walk():
        if not isinstance(op, FuncOp):
            continue
        for verdict in check_streams(op):
            if verdict.answer == "refuted":
                raise Mismatch(f"{name}: a ring is refuted: {verdict.reason}")
            yield RingVerdict(name, verdict.answer, verdict.reason)
