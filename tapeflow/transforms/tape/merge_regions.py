"""Pass `merge-regions`: tape regions that mirror each other's records become one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint, Rewriter

from tapeflow.analysis.balance.region_merging import (
    merge_candidates,
    mirrored_groups,
    moved_before,
)
from tapeflow.analysis.ir.levels import Level
from tapeflow.analysis.ir.program_order import ProgramOrder
from tapeflow.dialects.tape import AllocateOp
from tapeflow.transforms.building.index_builder import (
    FunctionConstants,
    Index,
    IndexBuilder,
)
from tapeflow.transforms.building.refusal import require_level
from tapeflow.transforms.building.rewriting import is_structured
from tapeflow.transforms.tape.set_layout import number_regions


@dataclass(frozen=True)
class MergeRegionsPass(ModulePass):
    """Save equal records of different blocks on one tape.

        %s = tape.allocate %n : !tape.region<[f64], aos>
        %t = tape.allocate %m : !tape.region<[f64], aos>
        scf.for %i = %c0 to %n step %c1 {
          tape.push %s, %a : !tape.region<[f64], aos>
        }
        scf.for %i = %c0 to %m step %c1 {
          tape.push %t, %b : !tape.region<[f64], aos>
        }
        ... pops of %t, then those of %s

    becomes

        %pushes = arith.addi %n, %m : index
        %tape = tape.allocate %pushes : !tape.region<[f64], aos>
        scf.for %i = %c0 to %n step %c1 {
          tape.push %tape, %a : !tape.region<[f64], aos>
        }
        scf.for %i = %c0 to %m step %c1 {
          tape.push %tape, %b : !tape.region<[f64], aos>
        }

    with one stack pointer, and one ring where it streams. Regions of one type merge
    if they are allocated in the same block, their capacities are known before any of
    them is used, and it is proved that each pop then meets a record of its own region.

    Regions stay apart where merging costs more than it gains: where one loop pushes to
    both without a loop between, which would cost a layer boundary a record, and where
    one of them grows and the other does not.
    """

    name = "merge-regions"

    everywhere: bool = False
    """Merge also where it costs more than it gains; what merges grows if one does."""

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        require_level(op, self.name, Level.REGIONS, Level.CACHED)
        for function in op.walk():
            if is_structured(function):
                _merge_regions(function, self.everywhere)
                number_regions(function)


def _merge_regions(function: FuncOp, everywhere: bool) -> None:
    order: dict[Operation, float] = {**ProgramOrder(function).of_op}
    candidates = merge_candidates(function, everywhere, order)
    if not candidates:
        return
    constants = FunctionConstants(function)
    places = {region: one.place for one in candidates for region in one.regions}
    for group in mirrored_groups(function, [c.regions for c in candidates]):
        _merge(group, places[group[0]], constants, order)


def _merge(
    group: Sequence[AllocateOp],
    place: Operation,
    constants: FunctionConstants,
    order: dict[Operation, float],
) -> None:
    """Allocate one region before a place, where all capacities are or can be known."""
    builder = IndexBuilder.before(place, constants)
    builder.location = group[0].location
    capacity: Index = 0
    for region in group:
        for op in moved_before(region.capacity, place, order) or ():
            op.detach()
            Rewriter.insert_op(op, InsertPoint.before(place))
            order[op] = order[place] - 0.5
        capacity = builder.add(capacity, region.capacity, "pushes", is_size=True)
    is_growing = any(region.growing is not None for region in group)
    merged = AllocateOp(builder.value(capacity), group[0].tape.type, is_growing)
    merged.attributes |= group[0].attributes
    tape = builder.insert(merged, _name(region.tape for region in group)).tape
    for region in group:
        region.tape.replace_all_uses_with(tape)
        Rewriter.erase_op(region)


def _name(tapes: Iterable[SSAValue]) -> str:
    """The name that all have, or none."""
    first, *others = {tape.name_hint for tape in tapes}
    return "tape" if others or first is None else first
