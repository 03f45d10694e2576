"""Pass `form-streams`: layer boundaries that start transfers and go on computing."""

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass

from tapeflow.analysis.ir.levels import Level
from tapeflow.dialects.stream import AcquireOp, DequeueOp, EnqueueOp, PrefetchOp
from tapeflow.transforms.building.refusal import require_level
from tapeflow.transforms.building.rewriting import is_structured
from tapeflow.transforms.streams.layer_boundary import LayerBoundary, replace_boundaries
from tapeflow.transforms.streams.reload_tiles import reload_at_turns


@dataclass(frozen=True)
class FormStreamsPass(ModulePass):
    """Turn layer boundaries into streams of tiles that move beside the computation.

        %address_1, %limit_1, %room = spm.advance %ring, %address, %limit
            : !spm.ring<[f64], tile 64, slots 2, base 0>

    becomes

        %full = arith.cmpi eq, %address, %limit : index
        %address_1, %limit_1, %room = scf.if %full -> (index, index, index) {
          %slot_start = arith.subi %limit, %c512 : index
          stream.enqueue %ring, %slot_start : !spm.ring<...>
          %next = ... the slot behind this one, or the first
          %slot = stream.acquire %ring, %next : !spm.ring<...>
          %limit_2 = arith.addi %next, %c512 : index
          scf.yield %slot, %limit_2, %c64 : index, index, index
        } else {
          %bytes = arith.subi %limit, %address : index
          %records = arith.shrui %bytes, %c3 : index
          scf.yield %address, %limit, %records : index, index, index
        }

    `spm.retreat` starts to prefetch the tile that belongs in the slot it leaves, and
    dequeues the tile in the slot before. Only addresses wait for a transfer: the room
    of a tile that begins is known, and where nobody asks for it, it is not computed.

    Where the sweep turns from forward to reverse, what is on chip is used as it is. To
    measure what that gains, `turn-around-reuse=false` gives it up: the current tile
    goes to DRAM, and all tiles on chip are fetched again.

        stream.reload %ring, %address : !spm.ring<...>
        %slot = stream.dequeue %ring, %slot_start : !spm.ring<...>
        %address_1 = ... as far behind %slot as %address is behind %slot_start
    """

    name = "form-streams"

    turn_around_reuse: bool = True
    """Whether the tiles on chip are used where the sweep turns, not fetched again."""

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        require_level(op, self.name, Level.SCRATCHPAD, Level.CACHED, Level.MEMORY)
        if not self.turn_around_reuse:
            for function in op.walk():
                if is_structured(function):
                    reload_at_turns(function)
        replace_boundaries(op, _form_advance, _form_retreat)


def _form_advance(boundary: LayerBoundary) -> None:
    ring = boundary.ring

    def enqueue() -> Sequence[SSAValue]:
        start = boundary.slot_start()
        boundary.builder.insert(EnqueueOp(ring, start))
        if boundary.ring_type.slots.data == 1:
            return (boundary.builder.insert(AcquireOp(ring, start), "slot").slot,)
        following = _following_slot(start, boundary)
        slot = boundary.builder.insert(AcquireOp(ring, following), "slot").slot
        return slot, _limit(following, boundary)

    boundary.cross_if_full(enqueue)


def _form_retreat(boundary: LayerBoundary) -> None:
    ring = boundary.ring
    start = boundary.slot_start()

    def dequeue() -> Sequence[SSAValue]:
        boundary.builder.insert(PrefetchOp(ring, start))
        if boundary.ring_type.slots.data == 1:
            slot = boundary.builder.insert(DequeueOp(ring, start), "slot").slot
            return (_limit(slot, boundary),)
        previous = _previous_slot(start, boundary)
        slot = boundary.builder.insert(DequeueOp(ring, previous), "slot").slot
        limit = _limit(slot, boundary)
        return limit, limit

    boundary.cross_if_used_up(start, dequeue)


def _limit(slot: SSAValue, boundary: LayerBoundary) -> SSAValue:
    """The end of a full tile in the slot."""
    tile_bytes = boundary.ring_type.tile_bytes
    return boundary.builder.value(boundary.builder.add(slot, tile_bytes, "limit"))


def _following_slot(start: SSAValue, boundary: LayerBoundary) -> SSAValue:
    """The next slot of the ring, the first after the last."""
    type_ = boundary.ring_type
    if type_.slots.data == 2:
        return _other_slot(start, boundary)
    base, end = type_.base.data, type_.base.data + type_.capacity_bytes
    behind = boundary.builder.add(start, type_.pitch_bytes, "behind")
    wraps = boundary.builder.equal(behind, end, "wraps")
    return boundary.builder.select(wraps, base, behind, "next")


def _previous_slot(start: SSAValue, boundary: LayerBoundary) -> SSAValue:
    """The slot before in the ring, the last before the first."""
    type_ = boundary.ring_type
    if type_.slots.data == 2:
        return _other_slot(start, boundary)
    base = type_.base.data
    last = base + type_.capacity_bytes - type_.pitch_bytes
    wraps = boundary.builder.equal(start, base, "wraps")
    ahead = boundary.builder.sub(start, type_.pitch_bytes, "ahead")
    return boundary.builder.select(wraps, last, ahead, "previous")


def _other_slot(start: SSAValue, boundary: LayerBoundary) -> SSAValue:
    """Of two slots the other: their starts have a known sum."""
    type_ = boundary.ring_type
    both = 2 * type_.base.data + type_.pitch_bytes
    return boundary.builder.value(boundary.builder.sub(both, start, "other"))
