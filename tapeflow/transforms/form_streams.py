"""Pass `form-streams`: layer boundaries that start transfers and go on computing."""

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass

from tapeflow.dialects.stream import AcquireOp, DequeueOp, EnqueueOp, PrefetchOp
from tapeflow.transforms.index_builder import IndexBuilder
from tapeflow.transforms.layer_boundary import LayerBoundary, replace_boundaries


@dataclass(frozen=True)
class FormStreamsPass(ModulePass):
    """Turn layer boundaries into streams of tiles that move beside the computation.

        %address_1, %limit_1 = spm.advance %ring, %address, %limit : !spm.ring<...>

    becomes

        %full = arith.cmpi eq, %address, %limit : index
        %address_1, %limit_1 = scf.if %full -> (index, index) {
          %slot_start = arith.subi %limit, %c512 : index
          stream.enqueue %ring, %slot_start : !spm.ring<...>
          %next = ... the slot behind this one, or the first
          %slot = stream.acquire %ring, %next : !spm.ring<...>
          %limit_2 = arith.addi %slot, %c512 : index
          scf.yield %slot, %limit_2 : index, index
        } else {
          scf.yield %address, %limit : index, index
        }

    `spm.retreat` starts to prefetch the tile that belongs in the slot it leaves, and
    dequeues the tile in the slot before.
    """

    name = "form-streams"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        replace_boundaries(op, _form_advance, _form_retreat)


def _form_advance(boundary: LayerBoundary) -> None:
    ring = boundary.ring

    def enqueue(builder: IndexBuilder) -> Sequence[SSAValue]:
        start = boundary.slot_start(builder)
        builder.insert(EnqueueOp(ring, start))
        following = _following_slot(start, boundary, builder)
        slot = builder.insert(AcquireOp(ring, following), "slot").slot
        return slot, _limit(slot, boundary, builder)

    boundary.cross_if(boundary.is_full(), enqueue)


def _form_retreat(boundary: LayerBoundary) -> None:
    ring = boundary.ring
    start = boundary.slot_start(boundary.builder)

    def dequeue(builder: IndexBuilder) -> Sequence[SSAValue]:
        builder.insert(PrefetchOp(ring, start))
        previous = _previous_slot(start, boundary, builder)
        slot = builder.insert(DequeueOp(ring, previous), "slot").slot
        limit = _limit(slot, boundary, builder)
        return limit, limit

    boundary.cross_if(boundary.is_used_up(start), dequeue)


def _limit(slot: SSAValue, boundary: LayerBoundary, builder: IndexBuilder) -> SSAValue:
    """The end of a full tile in the slot."""
    tile_bytes = boundary.ring_type.tile_bytes
    return builder.value(builder.add(slot, tile_bytes, "limit"))


def _following_slot(
    start: SSAValue, boundary: LayerBoundary, builder: IndexBuilder
) -> SSAValue:
    """The next slot of the ring, the first after the last."""
    type_ = boundary.ring_type
    if type_.slots.data == 1:
        return start
    base, end = type_.base.data, type_.base.data + type_.capacity_bytes
    behind = builder.add(start, type_.pitch_bytes, "behind")
    wraps = builder.equal(behind, end, "wraps")
    return builder.select(wraps, base, behind, "next")


def _previous_slot(
    start: SSAValue, boundary: LayerBoundary, builder: IndexBuilder
) -> SSAValue:
    """The slot before in the ring, the last before the first."""
    type_ = boundary.ring_type
    if type_.slots.data == 1:
        return start
    base = type_.base.data
    last = base + type_.capacity_bytes - type_.pitch_bytes
    wraps = builder.equal(start, base, "wraps")
    ahead = builder.sub(start, type_.pitch_bytes, "ahead")
    return builder.select(wraps, last, ahead, "previous")
