"""Which tape regions could be one by their types and capacities, and gain by it.

Where one loop moves a record of a region in each iteration, its layer boundaries are in
front of it. With another region's records in the same loop each push and each pop would
need one of its own. And what grows behind the cache is copied, what is bounded is not.
Measured, neither is worth a ring less.
"""

from dataclasses import dataclass

from xdsl.dialects import scf
from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.traits import is_side_effect_free

from tapeflow.dialects.tape import AllocateOp
from tapeflow.dialects.tape_attributes import TAPE_REGION

_LOOPS = (scf.ForOp, scf.WhileOp)


@dataclass
class MergeCandidate:
    """Regions of one block and one type, in the order in which they are allocated."""

    regions: list[AllocateOp]
    place: Operation
    """The first op of the block that uses one: all capacities are known before it, or
    can be computed there."""


def merge_candidates(function: FuncOp, everywhere: bool) -> list[MergeCandidate]:
    """Disjoint groups of two regions or more.

    Args:
        everywhere: whether to join also what gains nothing by it.
    """
    found: list[MergeCandidate] = []
    for op in function.walk():
        if not isinstance(op, AllocateOp):
            continue
        first = _first_user(op)
        if first is None:
            continue
        for candidate in found:
            if _joins(op, first, candidate, everywhere):
                break
        else:
            found.append(MergeCandidate([op], first))
    return [candidate for candidate in found if len(candidate.regions) > 1]


def _joins(
    region: AllocateOp, first: Operation, candidate: MergeCandidate, everywhere: bool
) -> bool:
    """Add a region to a candidate, if it can be."""
    other = candidate.regions[0]
    if region.parent is not other.parent or _what(region) != _what(other):
        return False
    if not everywhere and any(_loses(region, one) for one in candidate.regions):
        return False
    # All capacities of the others are known where this one is allocated.
    place = first if first.is_before_in_block(candidate.place) else candidate.place
    if moved_before(region.capacity, place) is None:
        return False
    candidate.regions.append(region)
    candidate.place = place
    return True


def _what(region: AllocateOp) -> tuple[object, ...]:
    """What two regions have to have in common."""
    said = {k: v for k, v in region.attributes.items() if k != TAPE_REGION}
    return region.tape.type, said


def _loses(one: AllocateOp, other: AllocateOp) -> bool:
    """Whether two regions are better off apart."""
    if (one.growing is None) != (other.growing is None):
        return True
    return bool(
        _loops_of_moves(one, direct=True) & _loops_of_moves(other, direct=False)
        or _loops_of_moves(other, direct=True) & _loops_of_moves(one, direct=False)
    )


def _loops_of_moves(region: AllocateOp, direct: bool) -> set[Operation]:
    """The innermost loops around pushes and pops, or those that hold them directly."""
    found: set[Operation] = set()
    for use in region.tape.uses:
        holder = use.operation.parent_op()
        while holder is not None and not direct and not isinstance(holder, _LOOPS):
            holder = holder.parent_op()
        if isinstance(holder, _LOOPS):
            found.add(holder)
    return found


def _first_user(region: AllocateOp) -> Operation | None:
    """The first op of the region's block that is or holds a use of it."""
    block = region.parent
    assert block is not None
    users = {block.find_ancestor_op_in_block(use.operation) for use in region.tape.uses}
    op = region.next_op
    while op is not None and op not in users:
        op = op.next_op
    return op


def moved_before(value: SSAValue, place: Operation) -> list[Operation] | None:
    """The operations to move before a place of a block so that a value is known there.

    Returns: what it is computed from, in order, or None if that cannot be moved.
    """
    block = place.parent
    assert block is not None
    moved: list[Operation] = []
    return moved if _collect(value, place, block, moved) else None


def _collect(
    value: SSAValue, place: Operation, block: Block, moved: list[Operation]
) -> bool:
    op = value.owner
    if not isinstance(op, Operation) or op.parent is not block:
        return True
    if op in moved or op.is_before_in_block(place):
        return True
    if op.regions or not is_side_effect_free(op):
        return False
    if not all(_collect(operand, place, block, moved) for operand in op.operands):
        return False
    moved.append(op)
    return True
