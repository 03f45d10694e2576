"""Which tape regions pop as if they were one tape: each pop meets a record of its own.

Regions are one tape if all their pops together mirror all their pushes. Pushes of two
regions may cross: what was pushed first is popped first. Then these are two tapes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation, SSAValue

from tapeflow.analysis.balance.balance import check_balance
from tapeflow.analysis.balance.facts import Pop, Push, TapeFacts, Verdict
from tapeflow.analysis.balance.value_numbering import WholeNumbers
from tapeflow.dialects.tape import AllocateOp, PopOp, PushOp

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
