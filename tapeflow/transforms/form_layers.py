"""Pass `form-layers`: cut the tape into tiles and the loops into layers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn, TypeGuard

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint, Rewriter
from xdsl.utils.exceptions import PassFailedException

from tapeflow.analysis.layer_loops import find_layers
from tapeflow.analysis.tile_sizes import ScratchpadTooSmall, TapeDemand, tile_sizes
from tapeflow.dialects.tape import AdvanceOp, AllocateOp, PushOp, ReserveOp, RetreatOp
from tapeflow.dialects.tape_types import TapeRegionType
from tapeflow.transforms.index_builder import FunctionConstants, known
from tapeflow.transforms.strip_mine import strip_mine
from tapeflow.transforms.tape_placement import Placement, scratchpad_bytes


@dataclass(frozen=True)
class FormLayersPass(ModulePass):
    """Cut tape regions into tiles that fit the scratchpad and strip-mine their loops.

        scf.for %i = %c0 to %n step %c1 {
          tape.push %tape, %v : !tape.region<[f64], aos>
        }

    becomes

        scf.while (%start = %c0) : (index) -> index {
          %more = arith.cmpi slt, %start, %n : index
          scf.condition(%more) %start : index
        } do {
        ^bb0(%start_1 : index):
          %room = tape.advance %tape : !tape.region<[f64], aos, tile 128>
          %end = ... the smaller of %start_1 + %room and %n
          scf.for %i = %start_1 to %end step %c1 {
            tape.push %tape, %v : !tape.region<[f64], aos, tile 128>
          }
          scf.yield %end : index
        }

    Reverse loops retreat, which tells what is ready. A push or pop that is not directly
    in a loop has its boundary directly before it.

    A region that lives in the cache (`tape.place = "cache"`) is left alone. One that
    lives in the scratchpad has one slot, and a tile for all its records where their
    number is known. What an allocation says by `tape.tile` and `tape.slots` counts
    before capacity and options.
    """

    name = "form-layers"

    capacity_bytes: int = 1024
    """Bytes of the scratchpad that all regions of a function share, where the function
    does not say so itself (`tape.scratchpad_bytes`)."""
    slots: int = 1
    """Tiles of each region that the scratchpad holds at a time."""

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        if self.slots < 1:
            _refuse(op, f"{self.name} needs at least one slot, not {self.slots}")
        for function in op.walk():
            if isinstance(function, FuncOp) and not function.is_declaration:
                self._cut_regions(function)
                _form_layers(function)

    def _cut_regions(self, function: FuncOp) -> None:
        """Give every region of a function that is not the cache's its tile length."""
        regions = [op for op in function.walk() if _is_cut(op)]
        if not regions:
            return
        for region in regions:
            _check_uncut(region)
        capacity_bytes = scratchpad_bytes(function, self.capacity_bytes)
        tiles = self._tile_sizes(regions, capacity_bytes)
        for region, tile in zip(regions, tiles, strict=True):
            for use in tuple(region.tape.uses):
                if isinstance(use.operation, ReserveOp):  # tiles make room one by one
                    Rewriter.erase_op(use.operation)
            type_ = TapeRegionType.of(region.tape.type.fields, "aos", tile)
            cut = AllocateOp(region.capacity, type_, region.growing is not None)
            cut.attributes |= region.attributes
            cut.location = region.location
            cut.tape.name_hint = region.tape.name_hint
            Rewriter.replace_op(region, cut)

    def _tile_sizes(
        self, regions: Sequence[AllocateOp], capacity_bytes: int
    ) -> tuple[int, ...]:
        demands = [_demand(region, self.slots) for region in regions]
        try:
            return tile_sizes(demands, capacity_bytes)
        except ScratchpadTooSmall as error:
            slots = sum(demand.slots for demand in demands)
            _refuse(
                regions[0],
                "scratchpad too small for one record of each tape region in each slot, "
                f"and for the tiles asked for: needs {error.needed_bytes} bytes for "
                f"{len(regions)} regions of {slots} slots together, has "
                f"{capacity_bytes}; raise capacity-bytes, lower slots, or leave "
                "regions in the cache",
            )


def _is_cut(op: Operation) -> TypeGuard[AllocateOp]:
    return isinstance(op, AllocateOp) and Placement.of(op).place != "cache"


def _demand(region: AllocateOp, slots: int) -> TapeDemand:
    placement = Placement.of(region)
    capacity = None if region.growing is not None else known(region.capacity)
    records = capacity if isinstance(capacity, int) else None
    tile = placement.tile_records
    if tile is None and placement.place == "scratchpad" and records is not None:
        tile = max(1, records)
    stride = region.tape.type.record_layout.stride_bytes
    return TapeDemand(stride, records, placement.slots(slots), tile)


def _check_uncut(region: AllocateOp) -> None:
    type_ = region.tape.type
    if type_.layout.data != "aos":
        _refuse(
            region,
            f"a region of layout {type_.layout.data} cannot be cut into tiles, its "
            "records do not lie together; use form-regions{layout=aos}",
        )
    if type_.tile_records is not None:
        _refuse(region, "the region is already cut into tiles")


def _form_layers(function: FuncOp) -> None:
    layers = find_layers(function)
    for move in layers.alone:
        is_push = isinstance(move, PushOp)
        op = AdvanceOp(move.tape) if is_push else RetreatOp(move.tape)
        op.records.name_hint = "room" if is_push else "ready"
        op.location = move.location
        Rewriter.insert_op(op, InsertPoint.before(move))
    constants = FunctionConstants(function)
    for layer_loop in layers.loops:
        strip_mine(layer_loop, constants)


def _refuse(op: Operation, message: str) -> NoReturn:
    op.emit_error(message, PassFailedException(message))
