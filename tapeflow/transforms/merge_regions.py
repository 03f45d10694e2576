"""Pass `merge-regions`: tape regions that mirror each other's records become one."""

from collections.abc import Iterable
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import Rewriter

from tapeflow.analysis.region_mirrors import Regions, mirrored_groups
from tapeflow.dialects.tape import AllocateOp
from tapeflow.transforms.index_builder import FunctionConstants, Index, IndexBuilder
from tapeflow.transforms.set_layout import number_regions


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

    with one stack pointer, and one ring where it streams. Regions of the same type merge
    if they are allocated in the same block, each before any of them is used, and if it
    is proved that each pop then meets the record that it met before. What merges grows
    if one of the regions does.
    """

    name = "merge-regions"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for function in op.walk():
            if isinstance(function, FuncOp) and not function.is_declaration:
                constants = FunctionConstants(function)
                for group in mirrored_groups(function, _candidates(function)):
                    _merge(group, constants)
                number_regions(function)


def _candidates(function: FuncOp) -> list[Regions]:
    """Regions that can be one tape, if their pops agree."""
    groups: list[Regions] = []
    for op in function.walk():
        if not isinstance(op, AllocateOp):
            continue
        together = (group for group in groups if _is_alike(group[0], op))
        group = next(together, None)
        if group is None:
            groups.append([op])
        else:
            group.append(op)
    return [group for group in groups if len(group) > 1]


def _is_alike(region: AllocateOp, other: AllocateOp) -> bool:
    """Whether two regions can be allocated as one, where the first is used first."""
    if region.tape.type != other.tape.type or region.parent is not other.parent:
        return False
    if region.attributes.keys() - {"tape.region"} or False:
        return False
    first = _first_user(region)
    return first is None or _is_before(other, first)


def _first_user(region: AllocateOp) -> Operation | None:
    """The first operation of the region's block that is or holds a use of it."""
    block = region.parent
    assert block is not None
    users = {block.find_ancestor_op_in_block(use.operation) for use in region.tape.uses}
    op = region.next_op
    while op is not None and op not in users:
        op = op.next_op
    return op


def _is_before(op: Operation, other: Operation) -> bool:
    while op.next_op is not None and op.next_op is not other:
        op = op.next_op
    return op.next_op is other


def _merge(group: Regions, constants: FunctionConstants) -> None:
    """Allocate one region in place of the last of a group."""
    last = group[-1]
    builder = IndexBuilder.before(last, constants)
    capacity: Index = 0
    for region in group:
        capacity = builder.add(capacity, region.capacity, "pushes")
    is_growing = any(region.growing is not None for region in group)
    merged = AllocateOp(builder.value(capacity), last.tape.type, is_growing)
    tape = builder.insert(merged, _name(region.tape for region in group)).tape
    for region in group:
        region.tape.replace_all_uses_with(tape)
        Rewriter.erase_op(region)


def _name(tapes: Iterable[SSAValue]) -> str:
    """The name that all have, or none."""
    names = {tape.name_hint for tape in tapes}
    return names.pop() or "tape" if len(names) == 1 else "tape"
