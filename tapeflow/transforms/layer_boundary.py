"""Replaces layer boundaries by a test and a branch that moves a tile."""

from collections.abc import Callable, Sequence
from typing import cast

from xdsl.dialects import scf
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, Region, SSAValue
from xdsl.rewriter import InsertPoint, Rewriter

from tapeflow.dialects.spm import AdvanceOp, RetreatOp, RingType
from tapeflow.transforms.index_builder import FunctionConstants, IndexBuilder

Crossing = Callable[[IndexBuilder], Sequence[SSAValue]]
"""Emits the transfer of a tile and returns where the cursor is then."""


class LayerBoundary:
    """One `spm.advance` or `spm.retreat` being replaced."""

    def __init__(self, op: AdvanceOp | RetreatOp, constants: FunctionConstants):
        self._op = op
        self.ring = op.ring
        self.limit = op.limit
        self.ring_type = cast(RingType, op.ring.type)
        self.builder = IndexBuilder.before(op, constants)

    def slot_start(self, builder: IndexBuilder) -> SSAValue:
        """Where the slot of the current tile begins."""
        tile_bytes = self.ring_type.tile_bytes
        return builder.value(builder.sub(self.limit, tile_bytes, "slot_start"))

    def is_full(self) -> SSAValue:
        """Whether the current tile has no room for another record."""
        return self.builder.equal(self._op.address, self.limit, "full")

    def is_used_up(self, slot_start: SSAValue) -> SSAValue:
        """Whether the current tile has no record left."""
        return self.builder.equal(self._op.address, slot_start, "used_up")

    def cross_if(self, condition: SSAValue, crossing: Crossing) -> None:
        """Cross where the condition holds.

        The crossing returns the new address and, where slots differ, the new limit.
        """
        crossed, stayed = Block(), Block()
        new = crossing(self.builder.at(InsertPoint.at_end(crossed)))
        old = (self._op.address, self.limit)[: len(new)]
        for block, values in ((crossed, new), (stayed, old)):
            yield_builder = self.builder.at(InsertPoint.at_end(block))
            yield_builder.insert(scf.YieldOp(*values))
        types = [value.type for value in new]
        branch = scf.IfOp(condition, types, Region(crossed), Region(stayed))
        self.builder.insert(branch, "address", "limit")
        self._op.next_address.replace_all_uses_with(branch.results[0])
        self._op.next_limit.replace_all_uses_with((*branch.results, self.limit)[1])


def replace_boundaries(
    module: ModuleOp,
    advance: Callable[[LayerBoundary], None],
    retreat: Callable[[LayerBoundary], None],
) -> None:
    """Replace every `spm.advance` and `spm.retreat` of a module."""
    for function in module.walk():
        if not isinstance(function, FuncOp) or function.is_declaration:
            continue
        constants = FunctionConstants(function)
        for op in tuple(function.walk()):
            if isinstance(op, AdvanceOp | RetreatOp):
                replace = advance if isinstance(op, AdvanceOp) else retreat
                replace(LayerBoundary(op, constants))
                Rewriter.erase_op(op)
