"""Replaces layer boundaries by a test and a branch that moves a tile."""

from collections.abc import Callable, Sequence
from typing import cast

from xdsl.dialects import scf
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, Region, SSAValue
from xdsl.rewriter import InsertPoint, Rewriter

from tapeflow.dialects.spm import AdvanceOp, RetreatOp, RingType
from tapeflow.transforms.building.index_builder import FunctionConstants, IndexBuilder

Crossing = Callable[[IndexBuilder], Sequence[SSAValue]]
"""Emits the transfer of a tile and returns where the cursor is then: the address and,
of several slots, the limit."""


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

    def cross_if_full(self, crossing: Crossing) -> None:
        """Cross where the current tile has no room for another record."""
        full = self.builder.equal(self._op.address, self.limit, "full")
        self._cross_if(full, crossing, self._op.address, self.limit)

    def cross_if_used_up(self, slot_start: SSAValue, crossing: Crossing) -> None:
        """Cross where the current tile has no record left."""
        used_up = self.builder.equal(self._op.address, slot_start, "used_up")
        self._cross_if(used_up, crossing, slot_start, self._op.address)

    def _cross_if(
        self, condition: SSAValue, crossing: Crossing, first: SSAValue, last: SSAValue
    ) -> None:
        """Branch; where it stays, records from byte `first` to `last` are counted."""
        crossed, stayed = Block(), Block()
        there = self.builder.at(InsertPoint.at_end(crossed))
        here = self.builder.at(InsertPoint.at_end(stayed))
        op, new = self._op, crossing(there)
        if len(new) == 1:
            op.next_limit.replace_all_uses_with(self.limit)
        results, old = (op.next_address, op.next_limit), (op.address, self.limit)
        rows = list(zip(results, new, old, strict=False))
        if op.records.first_use is not None:
            room = there.value(self.ring_type.tile.data)
            rows.append((op.records, room, self._count(first, last, here)))
        there.insert(scf.YieldOp(*(row[1] for row in rows)))
        here.insert(scf.YieldOp(*(row[2] for row in rows)))
        types = [result.type for result, *_ in rows]
        branch = scf.IfOp(condition, types, Region(crossed), Region(stayed))
        self.builder.insert(branch)
        for (result, *_), joined in zip(rows, branch.results, strict=True):
            joined.name_hint = result.name_hint
            result.replace_all_uses_with(joined)

    def _count(
        self, first: SSAValue, last: SSAValue, builder: IndexBuilder
    ) -> SSAValue:
        """Records from byte `first` to byte `last`."""
        stride = self.ring_type.record_layout.stride_bytes
        size = builder.sub(last, first, "bytes")
        return builder.value(builder.divide_down(size, stride, "records"))


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
