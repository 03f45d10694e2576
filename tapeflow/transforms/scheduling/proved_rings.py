"""Loops that a pass leaves alone, since `check-streams` could not follow it there.

What was proved of a ring before a pass is proved behind it as well. So a pass is tried
on a copy of the function first, and does nothing to the loops of a ring that it would
take out of reach of the proof, nor to those that compute how many records it takes. If
that does not do, it leaves the function as it is.
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
    left = _left_alone(function, change)
    if left is not None:
        change(function, graph, left)


def uses_any(op: Operation, rings: Rings) -> bool:
    """Whether an operation, or what is inside, uses one of some rings, or computes how
    many records it takes."""
    if not rings:
        return False
    counting = _counting(rings)
    return any(ring_of(inner) in rings or inner in counting for inner in op.walk())


def _counting(rings: Rings) -> set[Operation]:
    """What the capacities of rings are computed by, as far as it holds others."""
    owners = (ring.owner for ring in rings)
    pending = [op.capacity for op in owners if isinstance(op, AllocateOp)]
    found = set[Operation]()
    seen = set[SSAValue]()
    while pending:
        value = pending.pop()
        op = value.owner
        if value in seen or not isinstance(op, Operation):
            continue
        seen.add(value)
        pending += op.operands
        found.update(inner for inner in op.walk() if inner.regions)
    return found


def uses_rings(op: Operation) -> bool:
    """Whether something inside an operation uses a ring."""
    return any(ring_of(inner) is not None for inner in op.walk())


def _left_alone(function: FuncOp, change: LoopChange) -> Rings | None:
    """The rings whose loops are to be left alone; None where all loops are."""
    rings = [*_rings(function)]
    proved = _proved(function, function) if rings else set[int]()
    if not proved:
        return ()
    left = set[int]()
    for attempt in range(_MOST_ROUNDS + 1):
        copied, module = copy_with_callees(function)
        kept = {ring for n, ring in enumerate(_rings(copied)) if n in left}
        change(copied, CallGraph(module), kept)
        lost = proved - _proved(copied, function)
        if not lost:
            return {rings[number] for number in left}
        left = left | lost if attempt < _MOST_ROUNDS - 1 else set(range(len(rings)))
    return None


def _rings(function: FuncOp) -> Iterator[SSAValue]:
    return (op.ring for op in function.walk() if isinstance(op, AllocateOp))


def _proved(function: FuncOp, original: FuncOp) -> set[int]:
    """The numbers of the rings that are proved, in the order of their allocations."""
    verdicts = enumerate(check_streams(function, original))
    return {number for number, one in verdicts if one.answer == "proved"}
