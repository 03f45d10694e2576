"""Prepare loops to be reversed iteration by iteration: slots for the adjoints.

A fused loop also carries the adjoints of what it reads from outside:

%r = scf.for ... iter_args(%s = %x)   ==>   %r, %d_a = scf.for ... iter_args(%s = %x,
                                              %d = %zero) {ad.fused}
The reverse sweep puts the reverse of the body at its end and what it adds to the
adjoints into the slots.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from xdsl.dialects import scf
from xdsl.dialects.builtin import AnyFloat, UnitAttr
from xdsl.ir import Block, BlockArgument, Operation, SSAValue

from tapeflow.analysis.differentiation.loop_fusion import ScopeFusion, accumulated
from tapeflow.analysis.differentiation.to_be_recorded import ReverseReads
from tapeflow.dialects.ad import FUSED
from tapeflow.transforms.building.carrying import hand_on, take, with_carried
from tapeflow.transforms.building.index_builder import IndexBuilder, hint_of


@dataclass(frozen=True)
class FusedLoop:
    """A loop with slots."""

    op: scf.ForOp
    captured: tuple[SSAValue, ...]
    """The values whose adjoints have a slot, in the order of the slots."""
    accumulators: tuple[int, ...]
    """Positions of the carried values that the loop adds to."""

    @property
    def slots(self) -> tuple[BlockArgument, ...]:
        """The adjoints as an iteration receives them."""
        args = self.op.body.block.args
        return tuple(args[len(args) - len(self.captured) :])

    @property
    def adjoints(self) -> tuple[SSAValue, ...]:
        """The adjoints as the loop leaves them."""
        results = self.op.results
        return tuple(results[len(results) - len(self.captured) :])


@dataclass(frozen=True)
class FusedScope:
    """What is fused in one scope, after the loops have got their slots."""

    loops: tuple[FusedLoop, ...]
    early: frozenset[Operation]
    """Operations whose reverse comes before the first of the loops."""


def fuse_loops(
    scopes: Mapping[Block, ScopeFusion], facts: ReverseReads, builder: IndexBuilder
) -> dict[Block, FusedScope]:
    """Give each fused loop its slots, and move up what must be known before them."""
    fused: dict[Block, FusedScope] = {}
    for scope, fusion in scopes.items():
        for op in fusion.hoisted:
            op.detach()
            scope.insert_op_before(op, fusion.loops[0])
        loops = tuple(_with_slots(loop, facts, builder) for loop in fusion.loops)
        fused[scope] = FusedScope(loops, fusion.early)
    return fused


def _with_slots(
    loop: scf.ForOp, facts: ReverseReads, builder: IndexBuilder
) -> FusedLoop:
    captured = facts.captured.get(loop, ())
    accumulators = accumulated(loop, facts)
    body = loop.body.block
    names = [hint_of(value, "d_") for value in captured]
    hand_on(body, take(body, [value.type for value in captured], names))
    zeros = [builder.zero(cast(AnyFloat, value.type)) for value in captured]
    fused = with_carried(loop, zeros, names)
    fused.attributes[FUSED] = UnitAttr()
    return FusedLoop(fused, captured, accumulators)
