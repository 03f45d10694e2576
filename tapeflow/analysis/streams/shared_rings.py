"""Rings that have bytes of the scratchpad in common while both are in use.

A ring is in use from its allocation to the end of its block. So the rings of a function
that is called in between may not begin where it lies, nor may those of any function
that is called there in turn.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from xdsl.dialects.func import CallOp, FuncOp
from xdsl.ir import Operation

from tapeflow.analysis.ir.call_graph import CallGraph
from tapeflow.analysis.ir.walking import operations_in
from tapeflow.dialects.spm import AllocateOp

Extent: TypeAlias = tuple[int, int, str]
"""First byte, the byte behind the last, and the function whose ring begins there."""


@dataclass(frozen=True)
class SharedRing:
    """A ring in use at an operation where another one may take its bytes."""

    ring: AllocateOp
    where: Operation
    """The call, or the allocation of the other ring."""
    reason: str
    is_certain: bool = True
    """Whether it does where the operation runs, and what it calls."""


def shared_by_calls(function: FuncOp, graph: CallGraph) -> list[SharedRing]:
    """The rings of a function that calls in between share bytes with, or may."""
    rings = _rings(function)
    calls = graph.calls(function) if rings else ()
    if not calls:
        return []
    order = _order(function)
    taken = _bytes_taken(function, graph)
    return [
        shared
        for ring in rings
        for call in calls
        if in_use(ring, call, order)
        for shared in _shared_by_call(ring, call, graph.callee(call), taken)
    ]


def shared_inside(function: FuncOp) -> list[SharedRing]:
    """The rings of a function that share bytes with others of it."""
    pairs = list(_pairs(_rings(function)))
    order = _order(function) if pairs else {}
    ordered = (sorted(pair, key=order.__getitem__) for pair in pairs)
    return [
        SharedRing(one, two, f"it lies where another ring lies{_AT}")
        for one, two in ordered
        if in_use(one, two, order)
    ]


def _rings(function: FuncOp) -> list[AllocateOp]:
    return [op for op in operations_in(function) if type(op) is AllocateOp]


def _order(function: FuncOp) -> dict[Operation, int]:
    return {op: number for number, op in enumerate(operations_in(function))}


def in_use(ring: Operation, op: Operation, order: dict[Operation, int]) -> bool:
    """Whether what an operation allocates for its block is in use at another one."""
    assert ring.parent is not None
    top = ring.parent.find_ancestor_op_in_block(op)
    return top is not None and order[top] > order[ring]


def _pairs(rings: list[AllocateOp]) -> Iterable[tuple[AllocateOp, AllocateOp]]:
    """Rings of one function that lie in part at the same bytes."""
    ending: list[AllocateOp] = []
    for ring in sorted(rings, key=lambda op: op.ring.type.base.data):
        begin = ring.ring.type.base.data
        ending = [other for other in ending if _extent(other)[1] > begin]
        yield from ((ring, other) for other in ending)
        ending.append(ring)


def _shared_by_call(
    ring: AllocateOp,
    call: CallOp,
    callee: FuncOp | None,
    taken: dict[FuncOp, list[Extent]],
) -> Iterable[SharedRing]:
    name = call.callee.string_value()
    if callee is None:
        reason = f"@{name} has no body here, so what it does to the ring is not known"
        yield SharedRing(ring, call, reason, is_certain=False)
        return
    begin, end, _ = _extent(ring)
    for first, behind, owner in taken[callee]:
        if first < end and begin < behind:
            through = "" if owner == name else f" through @{name}"
            reason = f"it lies where a ring of @{owner} lies, called{through}{_AT}"
            yield SharedRing(ring, call, reason)
            return


def _bytes_taken(function: FuncOp, graph: CallGraph) -> dict[FuncOp, list[Extent]]:
    """By function that is reached, what it and all that it calls take."""
    taken: dict[FuncOp, list[Extent]] = {}
    for component in graph.components(function):
        extents: list[Extent] = []
        for member in component:
            extents += map(_extent, _rings(member))
            for callee in graph.callees(member):
                extents += taken.get(callee, ())
        merged = _merged(extents)
        taken.update(dict.fromkeys(component, merged))
    return taken


def _merged(extents: list[Extent]) -> list[Extent]:
    """The same bytes without those that are named twice."""
    found: list[Extent] = []
    for begin, end, owner in sorted(extents):
        if found and begin < found[-1][1]:
            first, behind, name = found[-1]
            found[-1] = first, max(behind, end), name
        else:
            found.append((begin, end, owner))
    return found


def _extent(op: AllocateOp) -> Extent:
    type_, holder = op.ring.type, op.parent_op()
    while holder is not None and not isinstance(holder, FuncOp):
        holder = holder.parent_op()
    begin = type_.base.data
    owner = holder.sym_name.data if holder is not None else ""
    return begin, begin + type_.capacity_bytes, owner


_AT = " while this one is in use"
