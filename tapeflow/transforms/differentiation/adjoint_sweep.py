"""What every part of the reverse sweep shares: recalled values and adjoints.

Adjoints of SSA values are SSA values, carried through reverse loops and branches;
adjoints of memory are shadow buffers.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from xdsl.dialects import arith
from xdsl.dialects.builtin import AnyFloat
from xdsl.ir import Block, Operation, SSAValue

from tapeflow.analysis.differentiation.activity import Activity
from tapeflow.analysis.differentiation.recall_plan import RecallPlan
from tapeflow.analysis.differentiation.recall_ways import Recall
from tapeflow.analysis.differentiation.to_be_recorded import ReverseReads
from tapeflow.transforms.building.index_builder import IndexBuilder, hint_of
from tapeflow.transforms.differentiation.fuse_loops import FusedScope
from tapeflow.transforms.differentiation.shadow_buffers import ShadowBuffers

Adjoints = dict[SSAValue, SSAValue]
"""The adjoint, so far, of each value that has one; no entry means zero."""


@dataclass
class AdjointSweep(ABC):
    """A reverse sweep under construction."""

    facts: ReverseReads
    plan: RecallPlan
    builder: IndexBuilder
    stacks: dict[SSAValue, SSAValue]
    """The tape of each saved value."""
    scopes: Mapping[Block, FusedScope]
    """The scopes with fused loops."""
    strong_zero: bool = False
    """Whether an adjoint of 0 is passed on as 0, whatever it is multiplied by."""
    primal: dict[SSAValue, SSAValue] = field(default_factory=dict[SSAValue, SSAValue])
    """Forward values as they are called in the reverse sweep."""

    def __post_init__(self) -> None:
        self.shadows = ShadowBuffers(self.activity, self.builder, self.recall)

    @abstractmethod
    def reverse_block(self, block: Block, adjoints: Adjoints) -> None:
        """Append the reverse of a block, given the adjoints of what it yields."""

    @abstractmethod
    def reverse_by_rule(self, op: Operation, adjoints: Adjoints) -> None:
        """Pass the adjoint of an operation's result on to its operands."""

    @property
    def activity(self) -> Activity:
        """Which values carry derivatives."""
        return self.facts.activity

    def recall(self, value: SSAValue) -> SSAValue:
        """The reverse sweep's copy of a primal value."""
        if value in self.primal:
            return self.primal[value]
        assert self.plan.recalls[value] is Recall.AVAILABLE
        return value

    def is_swapped_back(self, buffer: SSAValue) -> bool:
        """Whether reverse loops that swap a buffer do it for its contents, too."""
        return self.activity.buffers.of(buffer) in self.plan.carried

    def captured(self, op: Operation) -> tuple[SSAValue, ...]:
        """Active values from outside a loop or branch that are used inside."""
        return self.facts.captured.get(op, ())

    def accumulate(
        self, adjoints: Adjoints, value: SSAValue, contribution: SSAValue
    ) -> None:
        """Add a contribution to the adjoint of a value, if the value is active."""
        if not self.activity.active(value):
            return
        if value in adjoints:
            total = arith.AddfOp(adjoints[value], contribution)
            contribution = self.builder.result(total)
        if contribution.name_hint is None:
            contribution.name_hint = hint_of(value, "d_")
        adjoints[value] = contribution

    def adjoint_or_zero(self, adjoints: Adjoints, value: SSAValue) -> SSAValue:
        """The adjoint of a value as an SSA value."""
        if value in adjoints:
            return adjoints[value]
        return self.builder.zero(cast(AnyFloat, value.type))

    def replace(
        self, adjoints: Adjoints, values: Sequence[SSAValue], new: Sequence[SSAValue]
    ) -> None:
        """Replace the adjoints of values by those that a loop or branch leaves."""
        for value, adjoint in zip(values, new, strict=True):
            adjoint.name_hint = hint_of(value, "d_")
            adjoints[value] = adjoint
