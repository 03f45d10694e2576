"""Which abstract stacks can share one tape region: those that move together.

Stacks pushed in the same blocks and popped in the same blocks hold one record per run
of the block. Their pushes may gather at the last of them and their pops at the first,
if nothing in between touches any of them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, Operation, SSAValue

from tapeflow.dialects.record import field_bytes
from tapeflow.dialects.tape import PopOp, PushOp, StackOp


@dataclass(frozen=True)
class StackUses:
    """One stack and its pushes and pops in program order."""

    stack: StackOp
    pushes: tuple[PushOp, ...]
    pops: tuple[PopOp, ...]

    @property
    def uses(self) -> tuple[PushOp | PopOp, ...]:
        """Pushes, then pops."""
        return (*self.pushes, *self.pops)


@dataclass(frozen=True)
class StackGroup:
    """Stacks that become one tape region, in the order of the record's fields."""

    members: tuple[StackUses, ...]

    @property
    def push_sites(self) -> tuple[tuple[PushOp, ...], ...]:
        """For each push of the region, the pushes it replaces, field by field."""
        pushes = (member.pushes for member in self.members)
        return tuple(zip(*pushes, strict=True))

    @property
    def pop_sites(self) -> tuple[tuple[PopOp, ...], ...]:
        """For each pop of the region, the pops it replaces, field by field."""
        pops = (member.pops for member in self.members)
        return tuple(zip(*pops, strict=True))


_Key: TypeAlias = tuple[
    Block | None, tuple[Block | None, ...], tuple[Block | None, ...]
]


def group_stacks(function: FuncOp) -> tuple[StackGroup, ...]:
    """Partition the stacks of a function, in the order of their first push."""
    order = {op: position for position, op in enumerate(function.walk())}
    return partition_stacks(find_stacks(function), order)


def find_stacks(function: FuncOp) -> tuple[StackUses, ...]:
    """The stacks of a function that nothing but pushes and pops use."""
    pushes: dict[SSAValue, list[PushOp]] = {}
    pops: dict[SSAValue, list[PopOp]] = {}
    for op in function.walk():
        if isinstance(op, StackOp):
            if _other_use(op) is None:
                pushes[op.tape], pops[op.tape] = [], []
        elif isinstance(op, PushOp) and op.tape in pushes:
            pushes[op.tape].append(op)
        elif isinstance(op, PopOp) and op.tape in pops:
            pops[op.tape].append(op)
    return tuple(
        StackUses(stack.owner, tuple(pushes[stack]), tuple(pops[stack]))
        for stack in pushes
        if isinstance(stack.owner, StackOp)
    )


def _other_use(stack: StackOp) -> Operation | None:
    for use in stack.tape.uses:
        if not isinstance(use.operation, PushOp | PopOp):
            return use.operation
    return None


def misused_stacks(function: FuncOp) -> Iterator[tuple[Operation, str]]:
    """What uses a stack other than as push and pop do, and what is wrong with that."""
    for op in function.walk():
        if isinstance(op, StackOp) and (user := _other_use(op)) is not None:
            yield (
                user,
                f"{user.name} takes a tape.stack, but a stack becomes a tape "
                "region only if nothing but tape.push and tape.pop uses it",
            )


def partition_stacks(
    stacks: Sequence[StackUses], order: dict[Operation, int]
) -> tuple[StackGroup, ...]:
    """Partition stacks of a function, in the order of their first push.

    Args:
        order: position of each operation in a walk of the function.
    """
    members = sorted(
        stacks, key=lambda member: min((order[op] for op in member.uses), default=0)
    )
    together: dict[_Key | StackUses, list[StackUses]] = {}
    for member in members:
        key = _blocks_of(member)
        together.setdefault(member if key is None else key, []).append(member)
    groups: list[StackGroup] = []
    for candidates in together.values():
        group = StackGroup(tuple(sorted(candidates, key=_alignment, reverse=True)))
        if _can_gather(group, order):
            groups.append(group)
        else:
            groups.extend(StackGroup((member,)) for member in candidates)
    return tuple(groups)


def _blocks_of(member: StackUses) -> _Key | None:
    """The blocks that hold the stack and its uses; None if one holds two alike."""
    pushed = tuple(op.parent for op in member.pushes)
    popped = tuple(op.parent for op in member.pops)
    if len(set(pushed)) < len(pushed) or len(set(popped)) < len(popped):
        return None
    return member.stack.parent, pushed, popped


def _alignment(member: StackUses) -> int:
    return field_bytes(member.stack.tape.type.fields[0])


def _can_gather(group: StackGroup, order: dict[Operation, int]) -> bool:
    """Whether no other use of these stacks lies between those that gather."""
    if len(group.members) == 1:
        return True
    uses = [op for member in group.members for op in member.uses]
    sites = (*group.push_sites, *group.pop_sites)
    return not any(_is_interrupted(site, uses, order) for site in sites)


def _is_interrupted(
    site: Sequence[Operation], uses: Sequence[Operation], order: dict[Operation, int]
) -> bool:
    places = [order[op] for op in site]
    first, last = min(places), max(places)
    return sum(first <= order[op] <= last for op in uses) > len(site)
