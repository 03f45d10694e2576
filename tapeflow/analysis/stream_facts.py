"""What the check of streams finds: verdicts, pushes, pops and loops over chunks."""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from xdsl.dialects import scf
from xdsl.ir import Block, Operation, SSAValue

from tapeflow.dialects.spm import AllocateOp

Answer: TypeAlias = Literal["proved", "refuted", "not provable"]


@dataclass(frozen=True)
class Verdict:
    """The answer for one ring, and where and why it is not `proved`."""

    ring: AllocateOp
    answer: Answer
    reason: str = ""
    where: Operation | None = None


@dataclass(frozen=True)
class Push:
    """A record is complete: the values of its fields."""

    ring: SSAValue
    values: dict[int, SSAValue]


@dataclass(frozen=True)
class Pop:
    """A record is taken: the results of the loads of its fields."""

    ring: SSAValue
    loads: list[tuple[int, SSAValue]]


@dataclass(frozen=True)
class Chunks:
    """An scf.while whose chunks `inner` runs: together from `lower` to `upper`."""

    inner: scf.ForOp
    lower: SSAValue
    upper: SSAValue


@dataclass
class StreamFacts:
    """Facts about one function, by the operation where they happen."""

    failures: dict[SSAValue, Verdict] = field(default_factory=dict[SSAValue, Verdict])
    """By ring, the first thing that is wrong with it."""
    pushes: dict[Operation, Push] = field(default_factory=dict[Operation, Push])
    """By the store that completes the record."""
    pops: dict[Operation, Pop] = field(default_factory=dict[Operation, Pop])
    """By the first load of the record."""
    chunks: dict[scf.WhileOp, Chunks] = field(default_factory=dict[scf.WhileOp, Chunks])
    dead: set[Block] = field(default_factory=set[Block])
    """Branches that are never taken."""

    def fail(
        self, ring: SSAValue, answer: Answer, reason: str, where: Operation
    ) -> None:
        """Note what is wrong with a ring; only the first counts."""
        allocate = ring.owner
        assert isinstance(allocate, AllocateOp)
        if ring not in self.failures:
            self.failures[ring] = Verdict(allocate, answer, reason, where)
