"""Pass `lower-spm-to-blocking`: layer boundaries that wait for whole transfers."""

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass

from tapeflow.analysis.ir.levels import Level
from tapeflow.dialects.spm import AllocateOp, DrainOp, FillOp
from tapeflow.transforms.building.refusal import refuse, require_level
from tapeflow.transforms.streams.layer_boundary import LayerBoundary, replace_boundaries


@dataclass(frozen=True)
class LowerSpmToBlockingPass(ModulePass):
    """Turn layer boundaries into transfers between scratchpad and DRAM that block.

        %address_1, %limit_1, %room = spm.advance %ring, %address, %limit
            : !spm.ring<[f64], tile 64, slots 1, base 0>

    becomes

        %full = arith.cmpi eq, %address, %limit : index
        %address_1, %room = scf.if %full -> (index, index) {
          %slot_start = arith.subi %limit, %c512 : index
          spm.drain %ring, %slot_start : !spm.ring<...>
          scf.yield %slot_start, %c64 : index, index
        } else {
          %bytes = arith.subi %limit, %address : index
          %records = arith.shrui %bytes, %c3 : index
          scf.yield %address, %records : index, index
        }

    and `spm.retreat` likewise fills the slot once its tile is used up. There is one
    slot, so the limit never changes. Where nobody asks for room, none is computed.
    """

    name = "lower-spm-to-blocking"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        require_level(op, self.name, Level.SCRATCHPAD, Level.CACHED, Level.MEMORY)
        for ring in op.walk():
            if isinstance(ring, AllocateOp) and ring.ring.type.slots.data != 1:
                message = (
                    f"blocking transfers use one slot, this ring has "
                    f"{ring.ring.type.slots.data}; use form-streams, or slots=1 in "
                    "form-layers and assign-scratchpad"
                )
                refuse(ring, message)
        replace_boundaries(op, _lower_advance, _lower_retreat)


def _lower_advance(boundary: LayerBoundary) -> None:
    def drain() -> Sequence[SSAValue]:
        start = boundary.slot_start()
        boundary.builder.insert(DrainOp(boundary.ring, start))
        return (start,)

    boundary.cross_if_full(drain)


def _lower_retreat(boundary: LayerBoundary) -> None:
    start = boundary.slot_start()

    def fill() -> Sequence[SSAValue]:
        boundary.builder.insert(FillOp(boundary.ring, start))
        return (boundary.limit,)

    boundary.cross_if_used_up(start, fill)
