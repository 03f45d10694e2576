"""Which tape regions could be one: by types and capacities, and by how they pop.

Regions are one tape if all their pops together mirror all their pushes. Pushes of two
regions may cross: what was pushed first is popped first. Then these are two tapes.

Where one loop moves a record of a region in each iteration, its layer boundaries are in
front of it; with another region's records in the same loop each push and each pop would
need one of its own. And what grows behind the cache is copied, what is bounded is not.
Measured, neither is worth a ring less.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, Block, Operation, SSAValue

from tapeflow.analysis.balance.balance import check_balance
from tapeflow.analysis.balance.facts import Pop, Push, TapeFacts, Verdict
from tapeflow.analysis.balance.value_numbering import WholeNumbers
from tapeflow.analysis.ir.control_flow import LOOPS
from tapeflow.analysis.ir.side_effects import is_side_effect_free
from tapeflow.dialects.tape import AllocateOp, PopOp, PushOp
from tapeflow.dialects.tape_attributes import TAPE_REGION

Regions: TypeAlias = list[AllocateOp]
Order: TypeAlias = Mapping[Operation, float]
"""Numbers that grow from the first operation of a block to the last."""


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
    block, wanted = regions[0].parent, set(regions)
    assert block is not None
    return [op for op in block.ops if isinstance(op, AllocateOp) and op in wanted]


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
    moves: "_Moves"

    def add(self, region: AllocateOp, place: Operation, moves: "_Moves") -> None:
        """Take in another region."""
        self.regions.append(region)
        self.place = place
        self.moves.direct |= moves.direct
        self.moves.holding |= moves.holding


@dataclass
class _Moves:
    """The loops of the pushes and pops of regions that all grow or all do not."""

    grows: bool
    direct: set[Operation] = field(default_factory=set[Operation])
    """Those that hold one directly."""
    holding: set[Operation] = field(default_factory=set[Operation])
    """The innermost ones."""

    @staticmethod
    def of(region: AllocateOp) -> "_Moves":
        moves = _Moves(region.growing is not None)
        for use in region.tape.uses:
            holder = use.operation.parent_op()
            if type(holder) in LOOPS and holder is not None:
                moves.direct.add(holder)
            while holder is not None and type(holder) not in LOOPS:
                holder = holder.parent_op()
            if holder is not None:
                moves.holding.add(holder)
        return moves

    def loses(self, other: "_Moves") -> bool:
        """Whether regions are better off apart."""
        return self.grows != other.grows or not (
            self.direct.isdisjoint(other.holding)
            and self.holding.isdisjoint(other.direct)
        )


def merge_candidates(
    function: FuncOp, everywhere: bool, order: Order
) -> list[MergeCandidate]:
    """Disjoint groups of two regions or more.

    Args:
        everywhere: whether to join also what gains nothing by it.
    """
    found: dict[tuple[Block | None, Attribute], list[MergeCandidate]] = {}
    for region in function.walk():
        if not isinstance(region, AllocateOp):
            continue
        first = _first_user(region, order)
        if first is None:
            continue
        moves = _Moves.of(region)
        alike = found.setdefault((region.parent, region.tape.type), [])
        for candidate in alike:
            if not everywhere and moves.loses(candidate.moves):
                continue
            place = _place(region, first, candidate, order)
            if place is not None:
                candidate.add(region, place, moves)
                break
        else:
            alike.append(MergeCandidate([region], first, moves))
    several = (one for alike in found.values() for one in alike if len(one.regions) > 1)
    return sorted(several, key=lambda one: order[one.regions[0]])


def _place(
    region: AllocateOp, first: Operation, candidate: MergeCandidate, order: Order
) -> Operation | None:
    """Where a candidate would allocate with another region, None if it cannot."""
    if _said(region) != _said(candidate.regions[0]):
        return None
    # All capacities of the others are known where this one is allocated.
    place = min(first, candidate.place, key=order.__getitem__)
    return None if moved_before(region.capacity, place, order) is None else place


def _said(region: AllocateOp) -> dict[str, Attribute]:
    """What two regions have to have in common beside their type."""
    return {k: v for k, v in region.attributes.items() if k != TAPE_REGION}


def _first_user(region: AllocateOp, order: Order) -> Operation | None:
    """The first op of the region's block that is or holds a use of it."""
    block = region.parent
    assert block is not None
    users = (block.find_ancestor_op_in_block(use.operation) for use in region.tape.uses)
    inside = (user for user in users if user is not None)
    return min(inside, key=order.__getitem__, default=None)


def moved_before(
    value: SSAValue, place: Operation, order: Order
) -> list[Operation] | None:
    """The operations to move before a place of a block so that a value is known there.

    Returns: what it is computed from, in order, or None if that cannot be moved.
    """
    moved: dict[Operation, None] = {}
    return list(moved) if _collect(value, place, order, moved) else None


def _collect(
    value: SSAValue, place: Operation, order: Order, moved: dict[Operation, None]
) -> bool:
    op = value.owner
    if not isinstance(op, Operation) or op.parent is not place.parent:
        return True
    if op in moved or order[op] < order[place]:
        return True
    if op.regions or not is_side_effect_free(op):
        return False
    if not all(_collect(operand, place, order, moved) for operand in op.operands):
        return False
    moved[op] = None
    return True
