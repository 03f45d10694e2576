"""What is known of the tapes of a function: where they are used, and verdicts on them.

A tape is anything that takes records and gives them back: the ring of a scratchpad, or
tape regions that are looked at as one.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from xdsl.dialects import scf
from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, Operation, SSAValue

Answer: TypeAlias = Literal["proved", "refuted", "not provable"]


@dataclass(frozen=True)
class Verdict:
    """The answer for one tape, and where and why it is not `proved`."""

    tape: SSAValue
    answer: Answer
    reason: str = ""
    where: Operation | None = None
    remedy: str = ""
    """What can be done, where that does not follow from the answer."""


@dataclass(frozen=True)
class Push:
    """A record is complete: the values of its fields."""

    tape: SSAValue
    values: Mapping[int, SSAValue]
    origin: SSAValue | None = None
    """Where several regions are looked at as one tape, the one of this record."""


@dataclass(frozen=True)
class Pop:
    """A record is taken: the values that come from its fields."""

    tape: SSAValue
    loads: list[tuple[int, SSAValue]]
    origin: SSAValue | None = None
    """The region of which the record has to be."""


@dataclass(frozen=True)
class Chunks:
    """An scf.while whose chunks `inner` runs: together from `lower` to `upper`."""

    inner: scf.ForOp
    lower: SSAValue
    upper: SSAValue


@dataclass(frozen=True)
class Staged:
    """A loop from `lower` on, of which `kernel` runs all iterations but half of the
    first and half of the last; these stand around it in `branch`."""

    branch: scf.IfOp
    kernel: scf.ForOp
    lower: SSAValue

    def halves(self) -> tuple[list[Operation], list[Operation]]:
        """What stands in front of the kernel, and all else in the branch."""
        block = self.branch.true_region.block
        place = [*block.ops].index(self.kernel)
        before, behind = [*block.ops][:place], [*block.ops][place + 1 :]
        others = [op for one in self.branch.false_region.blocks for op in one.ops]
        return before, [*behind, *others]


@dataclass
class TapeFacts:
    """Facts about one function, by the operation where they happen."""

    failures: dict[SSAValue, Verdict] = field(default_factory=dict[SSAValue, Verdict])
    """By tape, the first thing that is wrong with it."""
    begins: dict[Operation, SSAValue] = field(default_factory=dict[Operation, SSAValue])
    """By the operation that creates it, an empty tape."""
    rooms: dict[SSAValue, SSAValue] = field(default_factory=dict[SSAValue, SSAValue])
    """By tape of which that is asked, how many records it has room for."""
    users: dict[Operation, SSAValue] = field(default_factory=dict[Operation, SSAValue])
    """By operation that uses one, the tape."""
    fetches: dict[Operation, SSAValue] = field(
        default_factory=dict[Operation, SSAValue]
    )
    """By operation that fetches records which were popped next, the tape."""
    pushes: dict[Operation, Push] = field(default_factory=dict[Operation, Push])
    """By the operation that completes the record."""
    pops: dict[Operation, Pop] = field(default_factory=dict[Operation, Pop])
    """By the first operation that reads the record."""
    chunks: dict[scf.WhileOp, Chunks] = field(default_factory=dict[scf.WhileOp, Chunks])
    staged: dict[scf.ForOp, Staged] = field(default_factory=dict[scf.ForOp, Staged])
    dead: set[Block] = field(default_factory=set[Block])
    """Branches that are never taken."""

    def begin(self, op: Operation, tape: SSAValue, room: SSAValue | None) -> None:
        """Note where an empty tape begins, and its room where that is asked for."""
        self.begins[op] = tape
        if room is not None:
            self.rooms[tape] = room

    def fail(
        self, tape: SSAValue, answer: Answer, reason: str, where: Operation
    ) -> None:
        """Note what is wrong with a tape; only the first counts."""
        if tape not in self.failures:
            self.failures[tape] = Verdict(tape, answer, reason, where)


def tapes_inside(
    users: Mapping[Operation, SSAValue],
) -> dict[Operation, list[SSAValue]]:
    """By operation with regions, the tapes that are used inside.

    Args:
        users: by operation of one function that uses a tape, the tape.
    """
    inside: dict[Operation, dict[SSAValue, None]] = defaultdict(dict)
    for op, tape in users.items():
        holder = op.parent_op()
        while holder is not None and not isinstance(holder, FuncOp):
            if tape in inside[holder]:
                break
            inside[holder][tape] = None
            holder = holder.parent_op()
    return {op: list(tapes) for op, tapes in inside.items()}
