"""Loops that a pass leaves alone, since `check-streams` could not follow it there.

What was proved of a ring before a pass is proved behind it as well. So a pass is tried
on a copy of the function first, and does nothing to the loops of a ring that it would
take out of reach of the proof.
"""

from collections.abc import Callable, Collection, Iterator
from typing import TypeAlias

from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation, SSAValue

from tapeflow.analysis.ir.call_graph import CallGraph
from tapeflow.analysis.streams.check import check_streams
from tapeflow.analysis.streams.steps import ring_of
from tapeflow.dialects.spm import AllocateOp
from tapeflow.transforms.building.copies import copy_with_callees

Rings: TypeAlias = Collection[SSAValue]
LoopChange: TypeAlias = Callable[[FuncOp, CallGraph, Rings], None]
"""Changes the loops of a function but those that use one of some rings."""

_MOST_ROUNDS = 3
"""How often single rings are left alone before all are."""


def change_loops(function: FuncOp, graph: CallGraph, change: LoopChange) -> None:
    """Change the loops of a function as far as the proofs on its rings allow it."""
    change(function, graph, _left_alone(function, change))


def uses_any(op: Operation, rings: Rings) -> bool:
    """Whether something inside an operation uses one of some rings."""
    return bool(rings) and any(ring_of(inner) in rings for inner in op.walk())


def uses_rings(op: Operation) -> bool:
    """Whether something inside an operation uses a ring."""
    return any(ring_of(inner) is not None for inner in op.walk())


def _left_alone(function: FuncOp, change: LoopChange) -> Rings:
    rings = [*_rings(function)]
    left = set[int]()
    proved = _proved(function, function) if rings else set[int]()
    for _ in range(_MOST_ROUNDS if proved else 0):
        copied, module = copy_with_callees(function)
        numbered = enumerate(_rings(copied))
        change(copied, CallGraph(module), {ring for n, ring in numbered if n in left})
        lost = proved - _proved(copied, function)
        if not lost:
            return {rings[number] for number in left}
        left |= lost
    return set(rings) if proved else ()


def _rings(function: FuncOp) -> Iterator[SSAValue]:
    return (op.ring for op in function.walk() if isinstance(op, AllocateOp))


def _proved(function: FuncOp, original: FuncOp) -> set[int]:
    """The numbers of the rings that are proved, in the order of their allocations."""
    verdicts = enumerate(check_streams(function, original))
    return {number for number, one in verdicts if one.answer == "proved"}
