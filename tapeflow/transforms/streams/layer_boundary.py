"""Replaces layer boundaries by a test and a branch that moves a tile."""

from collections.abc import Callable, Sequence
from typing import cast

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue
from xdsl.rewriter import Rewriter

from tapeflow.dialects.spm import AdvanceOp, RetreatOp, RingType
from tapeflow.transforms.building.index_builder import FunctionConstants, IndexBuilder
from tapeflow.transforms.building.rewriting import is_structured

Crossing = Callable[[], Sequence[SSAValue]]
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

    def slot_start(self) -> SSAValue:
        """Where the slot of the current tile begins."""
        tile_bytes = self.ring_type.tile_bytes
        start = self.builder.sub(self.limit, tile_bytes, "slot_start")
        return self.builder.value(start)

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
        op, is_counted = self._op, self._op.records.first_use is not None
        results, stay = [op.next_address], [op.address]
        if self.ring_type.slots.data == 1:
            op.next_limit.replace_all_uses_with(self.limit)
        else:
            results.append(op.next_limit)
            stay.append(self.limit)
        if is_counted:
            results.append(op.records)

        def cross() -> Sequence[SSAValue]:
            new = crossing()
            if not is_counted:
                return new
            return [*new, self.builder.value(self.ring_type.tile.data)]

        def keep() -> Sequence[SSAValue]:
            return [*stay, self._count(first, last)] if is_counted else stay

        joined_values = self.builder.branch(condition, cross, keep)
        for result, joined in zip(results, joined_values, strict=True):
            joined.name_hint = result.name_hint
            result.replace_all_uses_with(joined)

    def _count(self, first: SSAValue, last: SSAValue) -> SSAValue:
        """Records from byte `first` to byte `last`."""
        stride = self.ring_type.record_layout.stride_bytes
        size = self.builder.sub(last, first, "bytes")
        return self.builder.value(self.builder.divide_down(size, stride, "records"))


def replace_boundaries(
    module: ModuleOp,
    advance: Callable[[LayerBoundary], None],
    retreat: Callable[[LayerBoundary], None],
) -> None:
    """Replace every `spm.advance` and `spm.retreat` of a module."""
    for function in module.walk():
        if not is_structured(function):
            continue
        constants = FunctionConstants(function)
        for op in tuple(function.walk()):
            if isinstance(op, AdvanceOp | RetreatOp):
                replace = advance if isinstance(op, AdvanceOp) else retreat
                replace(LayerBoundary(op, constants))
                Rewriter.erase_op(op)
