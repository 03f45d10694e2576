"""Pass `form-layers`: cut the tape into tiles and the loops into layers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint, Rewriter

from tapeflow.analysis.integers.estimates import IndexEstimates, parse_sizes
from tapeflow.analysis.ir.call_graph import CallGraph
from tapeflow.analysis.ir.levels import Level
from tapeflow.analysis.placement.memory_system import MemorySystem
from tapeflow.analysis.placement.tile_sizes import (
    ScratchpadTooSmall,
    TapeDemand,
    tile_sizes,
)
from tapeflow.analysis.streams.layer_loops import find_layers
from tapeflow.analysis.tape.region_uses import RegionUse, region_uses
from tapeflow.dialects.tape import AdvanceOp, AllocateOp, PushOp, ReserveOp, RetreatOp
from tapeflow.dialects.tape_types import TapeRegionType
from tapeflow.transforms.building.index_builder import FunctionConstants
from tapeflow.transforms.building.place_attributes import Placement, scratchpad_bytes
from tapeflow.transforms.building.refusal import refuse, require_level
from tapeflow.transforms.building.rewriting import is_structured
from tapeflow.transforms.streams.strip_mine import strip_mine
from tapeflow.transforms.tape.reserve_records import expect_records


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
    in a loop has its boundary directly before it. In front of loops whose pushes to a
    growing region can be counted, a `tape.expect` says how many come.

    A region that lives in the cache (`tape.place = "cache"`) is left alone. One that
    lives in the scratchpad has one slot, and a tile for all its records where their
    number is known. What an allocation says by `tape.tile` and `tape.slots` counts
    before capacity and options. The others share the scratchpad by what tiles cost
    (`analysis/placement/tile_sizes.py`).
    """

    name = "form-layers"

    capacity_bytes: int = 1024
    """Bytes of the scratchpad that all regions of a function share, where the function
    does not say so itself (`tape.scratchpad_bytes`)."""
    slots: int = 1
    """Tiles of each region that the scratchpad holds at a time."""

    machine: str = ""
    """Latencies of the machine as words `name=number`; by default those of `fair`."""
    sizes: str = ""
    """Sizes of the program as `name=number`, separated by semicolons."""
    assumed_trips: int = 64
    """Iterations assumed of a loop of which nothing is known."""

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        require_level(op, self.name, Level.REGIONS, Level.CACHED, Level.LAYERS)
        if self.slots < 1:
            refuse(op, f"{self.name} needs at least one slot, not {self.slots}")
        graph = CallGraph(op)
        for function in op.walk():
            if is_structured(function):
                self._cut_regions(function)
                _form_layers(function, graph)

    def _cut_regions(self, function: FuncOp) -> None:
        """Give every region of a function that is not the cache's its tile length."""
        try:
            memory, sizes = MemorySystem.parse(self.machine), parse_sizes(self.sizes)
        except ValueError as error:
            refuse(function, f"{self.name}: {error}")
        estimates = IndexEstimates(function, sizes, self.assumed_trips)
        uses = [
            use
            for use in region_uses(function, estimates)
            if Placement.of(use.allocate).place != "cache"
        ]
        for use in uses:
            _check_uncut(use.allocate)
        demands = [_demand(use, self.slots) for use in uses]
        capacity_bytes = scratchpad_bytes(function, self.capacity_bytes)
        try:
            tiles = tile_sizes(demands, capacity_bytes, memory)
        except ScratchpadTooSmall as error:
            _refuse_to_cut(uses, demands, error.needed_bytes, capacity_bytes)
        for use, tile in zip(uses, tiles, strict=True):
            _cut(use.allocate, tile)


def _demand(use: RegionUse, slots: int) -> TapeDemand:
    placement = Placement.of(use.allocate)
    return TapeDemand.of(
        use,
        placement.slots(slots),
        placement.tile_records,
        is_whole=placement.place == "scratchpad",
    )


def _cut(region: AllocateOp, tile: int) -> None:
    for use in tuple(region.tape.uses):
        if isinstance(use.operation, ReserveOp):  # tiles make room one by one
            Rewriter.erase_op(use.operation)
    type_ = TapeRegionType.of(region.tape.type.fields, "aos", tile)
    cut = AllocateOp(region.capacity, type_, region.growing is not None)
    cut.attributes |= region.attributes
    cut.location = region.location
    cut.tape.name_hint = region.tape.name_hint
    Rewriter.replace_op(region, cut)


def _refuse_to_cut(
    uses: Sequence[RegionUse],
    demands: Sequence[TapeDemand],
    needed_bytes: int,
    capacity_bytes: int,
) -> NoReturn:
    needs = (
        f"{use.allocate.tape.name_hint or 'unnamed'} {demand.slots} x "
        f"{demand.ring_bytes(1) // demand.slots} bytes"
        for use, demand in zip(uses, demands, strict=True)
    )
    refuse(
        uses[0].allocate,
        "scratchpad too small for one record of each tape region in each slot, and for "
        f"the tiles asked for: needs {needed_bytes} bytes "
        f"({', '.join(needs)}), has {capacity_bytes}; raise capacity-bytes "
        "(scratchpad-bytes of streams), lower slots, or leave regions in the cache",
    )


def _check_uncut(region: AllocateOp) -> None:
    type_ = region.tape.type
    if type_.layout.data != "aos":
        refuse(
            region,
            f"a region of layout {type_.layout.data} cannot be cut into tiles, its "
            "records do not lie together; use form-regions{layout=aos}",
        )
    if type_.tile_records is not None:
        refuse(region, "the region is already cut into tiles")


def _form_layers(function: FuncOp, graph: CallGraph) -> None:
    layers = find_layers(function)
    for move in layers.alone:
        is_push = isinstance(move, PushOp)
        op = AdvanceOp(move.tape) if is_push else RetreatOp(move.tape)
        op.records.name_hint = "room" if is_push else "ready"
        op.location = move.location
        Rewriter.insert_op(op, InsertPoint.before(move))
    constants = FunctionConstants(function)
    expect_records(function, constants, graph)
    for layer_loop in layers.loops:
        strip_mine(layer_loop, constants)
