"""Which tape regions could be one: by types and capacities, and by how they pop.

Regions are one tape if all their pops together mirror all their pushes. Pushes of two
regions may cross: what was pushed first is popped first. Then these are two tapes.

Where one loop moves a record of a region in each iteration, its layer boundaries are in
front of it; with another region's records in the same loop each push and each pop would
need one of its own. And what grows behind the cache is copied, what is bounded is not.
Measured, neither is worth a ring less.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.traits import is_side_effect_free

from tapeflow.analysis.balance.balance import check_balance
from tapeflow.analysis.balance.facts import Pop, Push, TapeFacts, Verdict
from tapeflow.analysis.balance.value_numbering import WholeNumbers
from tapeflow.analysis.ir.control_flow import LOOPS
from tapeflow.dialects.tape import AllocateOp, PopOp, PushOp
from tapeflow.dialects.tape_attributes import TAPE_REGION

Regions: TypeAlias = list[AllocateOp]


def mirrored_groups(function: FuncOp, candidates: Iterable[Regions]) -> list[Regions]:
    """Groups of two regions or more that provably are one tape each.

    Args:
        candidates: disjoint groups of regions of one block, in the order in which they
            are allocated. Each is split as far as needed.
    """
    regions, numbers = _proved_alone(function)
    searches = [
        _Search([region for region in group if region in regions])
        for group in candidates
    ]
    rounds = 2 * max((len(search.trying) for search in searches), default=0)
    for _ in range(rounds):
        trying = [search.trying for search in searches if search.trying]
        if not trying:
            break
        failures = _failures(function, trying, numbers)
        for search in searches:
            if search.trying:
                search.go_on(failures.get(search.trying[0].tape))
    return [group for search in searches for group in search.found]


@dataclass
class _Search:
    """What stands in the way of a group leaves it; all that did are the next group."""

    trying: Regions
    left: Regions = field(default_factory=Regions)
    found: list[Regions] = field(default_factory=list[Regions])

    def go_on(self, failure: Verdict | None) -> None:
        """Go on after it was found whether `trying` is one tape."""
        if failure is not None:
            culprit = _culprit(self.trying, failure)
            self.trying = [region for region in self.trying if region is not culprit]
            self.left.append(culprit)
        elif len(self.trying) > 1:
            self.found.append(self.trying)
            self.trying = []
        if len(self.trying) < 2:
            self.trying, self.left = _in_order(self.left), []


def _in_order(regions: Regions) -> Regions:
    """Regions of one block as they are allocated there."""
    if len(regions) < 2:
        return []
    block = regions[0].parent
    assert block is not None
    return [op for op in block.ops if isinstance(op, AllocateOp) and op in regions]


def _proved_alone(function: FuncOp) -> tuple[set[AllocateOp], WholeNumbers]:
    """The regions whose own pops mirror their pushes, and what these pop."""
    regions = [op for op in function.walk() if isinstance(op, AllocateOp)]
    while True:
        numbers = WholeNumbers(function, {})
        alone = [[region] for region in regions]
        failures = _failures(function, alone, numbers, is_telling=True)
        if not failures:
            return set(regions), numbers
        # Again without what failed: it may have told what it does not pop.
        regions = [region for region in regions if region.tape not in failures]


def _failures(
    function: FuncOp,
    groups: Iterable[Regions],
    numbers: WholeNumbers,
    is_telling: bool = False,
) -> dict[SSAValue, Verdict]:
    """By the first region of each group that is not provably one tape, why not.

    Args:
        is_telling: whether to note among the numbers what is popped.
    """
    facts = TapeFacts()
    for group in groups:
        _look_at(group, facts, is_telling)
    check_balance(function, facts, numbers)
    return facts.failures


def _look_at(group: Sequence[AllocateOp], facts: TapeFacts, is_telling: bool) -> None:
    """Take the regions of a group for one tape, which begins with the first."""
    tape = group[0].tape
    facts.begin(group[0], tape, None)
    for region in group:
        for use in region.tape.uses:
            op = use.operation
            facts.users[op] = tape
            if isinstance(op, PushOp):
                values = dict(enumerate(op.values))
                facts.pushes[op] = Push(tape, values, region.tape)
            elif isinstance(op, PopOp):
                loads: list[tuple[int, SSAValue]] = []
                if is_telling:
                    loads += enumerate(op.values)
                facts.pops[op] = Pop(tape, loads, region.tape)
            else:
                facts.fail(tape, "not provable", f"{op.name} takes the region", op)


def _culprit(group: Regions, failure: Verdict) -> AllocateOp:
    """The region to leave out: the one of the pop that fails, or used where it does."""
    where = failure.where
    assert where is not None
    used = [region for region in group if _is_used(region, where)]
    return used[-1] if used else group[-1]


def _is_used(region: AllocateOp, where: Operation) -> bool:
    return any(where.is_ancestor(use.operation) for use in region.tape.uses)


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
        while holder is not None and not direct and type(holder) not in LOOPS:
            holder = holder.parent_op()
        if holder is not None and type(holder) in LOOPS:
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
