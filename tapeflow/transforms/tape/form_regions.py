"""Pass `form-regions`: tape regions from abstract stacks that move together."""

from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from xdsl.context import Context
from xdsl.dialects import scf
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint, Rewriter

from tapeflow.analysis.ir.call_graph import CallGraph
from tapeflow.analysis.ir.levels import Level
from tapeflow.analysis.memory.aliasing import Buffers, ancestors, find_buffers
from tapeflow.analysis.tape.push_count import PushCount, count_pushes
from tapeflow.analysis.tape.region_layouts import RegionLayout
from tapeflow.analysis.tape.region_options import parse_region_options
from tapeflow.analysis.tape.stack_groups import (
    StackGroup,
    group_stacks,
    misused_stacks,
)
from tapeflow.dialects.ad import FUSED
from tapeflow.dialects.record import LINE_BYTES
from tapeflow.dialects.tape import AllocateOp, PopOp, PushOp, StackOp
from tapeflow.dialects.tape_types import (
    BLOCK_RECORDS,
    CONDITIONALS,
    LAYOUTS,
    Conditional,
    Layout,
    TapeRegionType,
    is_block_size,
)
from tapeflow.near_names import require_one_of
from tapeflow.transforms.building.index_builder import (
    FunctionConstants,
    Index,
    IndexBuilder,
)
from tapeflow.transforms.building.refusal import refuse, require_level
from tapeflow.transforms.tape.emit_push_count import PushCountEmitter
from tapeflow.transforms.tape.set_layout import number_regions, set_stated_layouts

OperationT = TypeVar("OperationT", bound=Operation)


@dataclass(frozen=True)
class FormRegionsPass(ModulePass):
    """Gather the values each block saves into the records of one tape region.

        %s = tape.stack : !tape.stack<i8>
        %t = tape.stack : !tape.stack<f64>
        scf.for %i = %c0 to %n step %c1 {
          tape.push %s, %a : !tape.stack<i8>
          tape.push %t, %b : !tape.stack<f64>
        }

    becomes

        %trips = arith.maxsi %n, %c0 : index
        %tape = tape.allocate %trips : !tape.region<[f64, i8], aos>
        scf.for %i = %c0 to %n step %c1 {
          tape.push %tape, %b, %a : !tape.region<[f64, i8], aos>
        }

    and the allocation tells the region's number, `{tape.region = 0 : i64}`, by which
    `layouts` and `place-tape` name it.

    Fields are sorted by alignment, so that records have no avoidable padding. The
    capacity is an upper bound on the pushes, computed in front of the nest; of pushes
    inside a fused loop, which reverses each iteration at once, those of one iteration
    count. Where that would need the nest itself to run, as for pushes in an scf.while,
    and where a branch decides whether a loop pushes, the region grows:

        %tape = tape.allocate %c4 growing : !tape.region<[f64, i8], aos>
    """

    name = "form-regions"

    layout: Layout = "soa"
    """`soa`: one array a field; `padded-soa`: such arrays with starts that do not
    alias in a cache; `aos`: one array of records; `aosoa`: one array of blocks, in
    which the values of each field lie together."""
    block: int = BLOCK_RECORDS
    """Records in a block of `aosoa`, a power of two."""
    conditional: Conditional = "growing"
    """Regions of saves in branches inside loops: `growing`, so that what is not taken
    needs no memory, or `bounded` by what all loops save if it is always taken."""
    layouts: str = ""
    """Layouts of single functions or regions, as in `main=soa,main:2=aosoa:8`."""

    def __post_init__(self) -> None:
        require_one_of("layout", self.layout, LAYOUTS)
        require_one_of("conditional", self.conditional, CONDITIONALS)

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        require_level(op, self.name, Level.ABSTRACT, Level.REGIONS, Level.CACHED)
        if not is_block_size(self.block):
            refuse(
                op, f"{self.name}: a block has a power of two records, not {self.block}"
            )
        graph = CallGraph(op)
        for function in op.walk():
            if isinstance(function, FuncOp) and not function.is_declaration:
                _RegionBuilder(
                    function, self.layout, self.block, self.conditional == "growing"
                ).build(graph)
                number_regions(function)
        try:
            parse = partial(RegionLayout.parse, block=self.block)
            set_stated_layouts(
                op,
                parse_region_options(self.layouts, "layout", parse, has_default=False),
            )
        except ValueError as error:
            refuse(op, f"{self.name}: {error}")


class _RegionBuilder:
    """Rewrites one function."""

    def __init__(
        self, function: FuncOp, layout: Layout, block: int, grow_conditional: bool
    ):
        self._function = function
        self._layout: Layout = layout
        self._block = block
        self._grow = grow_conditional
        self._constants = FunctionConstants(function)
        self._emitters: dict[Operation, PushCountEmitter] = {}

    def build(self, graph: CallGraph) -> None:
        for op in tuple(self._function.walk()):
            if isinstance(op, StackOp) and op.tape.first_use is None:
                Rewriter.erase_op(op)
        for problem in misused_stacks(self._function):
            refuse(*problem)
        groups = group_stacks(self._function)
        if not groups:
            return
        buffers = find_buffers(self._function, graph)
        # All counts first: they look at loops that still hold the old pushes.
        tapes = [self._allocate(group, buffers) for group in groups]
        for group, tape in zip(groups, tapes, strict=True):
            self._replace_uses(group, tape, buffers.order)

    def _allocate(self, group: StackGroup, buffers: Buffers) -> SSAValue:
        fields = tuple(member.stack.tape.type.element for member in group.members)
        type_ = TapeRegionType.of(fields, self._layout, block=self._block)
        anchor, pushes = self._pushes(group, buffers)
        capacity = _records_per_line(type_) if pushes is None else pushes
        builder = IndexBuilder.before(anchor, self._constants)
        stack = group.members[0].stack
        builder.location = stack.location
        name = stack.tape.name_hint if len(group.members) == 1 else None
        allocate = AllocateOp(builder.value(capacity), type_, pushes is None)
        return builder.insert(allocate, name or "tape").tape

    def _pushes(
        self, group: StackGroup, buffers: Buffers
    ) -> tuple[Operation, Index | None]:
        """The op before which to allocate; the number of records if known there."""
        block = group.members[0].stack.parent_block()
        assert block is not None
        tops = {_top(op, block) for member in group.members for op in member.uses}
        anchor = min(tops, key=buffers.order.__getitem__)
        emptied = _emptied_between(group, block)
        counts: list[PushCount] = []
        for push in group.members[0].pushes:
            nest = _from_to(anchor, _top(push, block))
            count = count_pushes(push, block, nest, buffers, emptied)
            if count is None or (self._grow and _is_conditional(push, block, count)):
                return anchor, None
            counts.append(count)
        if anchor not in self._emitters:
            self._emitters[anchor] = PushCountEmitter(anchor, self._constants)
        emitter = self._emitters[anchor]
        pushes: Index = 0
        for count in counts:
            pushes = emitter.add(pushes, emitter.emit(count))
        return anchor, pushes

    @staticmethod
    def _replace_uses(
        group: StackGroup, tape: SSAValue, order: dict[Operation, int]
    ) -> None:
        for pushes in group.push_sites:
            values = [push.values[0] for push in pushes]
            _insert(PushOp(tape, *values), max(pushes, key=order.__getitem__))
        for pops in group.pop_sites:
            record = _insert(PopOp(tape), min(pops, key=order.__getitem__))
            for pop, value in zip(pops, record.results, strict=True):
                value.name_hint = pop.values[0].name_hint
                pop.values[0].replace_all_uses_with(value)
        for member in group.members:
            for op in (*member.uses, member.stack):
                Rewriter.erase_op(op)


def _records_per_line(type_: TapeRegionType) -> int:
    """Records that a line holds, at least one: the first capacity of what grows."""
    return max(1, LINE_BYTES // type_.record_layout.stride_bytes)


def _is_conditional(push: Operation, block: Block, count: PushCount) -> bool:
    """Whether a push that loops repeat runs only where a branch inside a block goes."""
    branches = (
        holder
        for holder in ancestors(push)
        if isinstance(holder, scf.IfOp)
        and block.find_ancestor_op_in_block(holder) is not None
    )
    return bool(count.loops) and any(branches)


def _emptied_between(group: StackGroup, block: Block) -> scf.ForOp | None:
    """The innermost fused loop in a block that holds all uses of some stacks."""
    uses = [op for member in group.members for op in member.uses]
    loops = [
        holder
        for holder in ancestors(uses[0])
        if isinstance(holder, scf.ForOp)
        and FUSED in holder.attributes
        and block.find_ancestor_op_in_block(holder) is not None
    ]
    return next((loop for loop in loops if all(map(loop.is_ancestor, uses))), None)


def _top(op: Operation, block: Block) -> Operation:
    """The op of the block that is or holds `op`."""
    top = block.find_ancestor_op_in_block(op)
    if top is None:
        message = (
            f"{op.name} lies outside of the block that creates its tape.stack; loops "
            "and branches around tape operations must be scf operations"
        )
        refuse(op, message)
    return top


def _from_to(first: Operation, last: Operation) -> list[Operation]:
    """The ops of a block from one to another, both included."""
    ops = [first]
    while ops[-1] is not last:
        following = ops[-1].next_op
        assert following is not None, "the allocation precedes every push"
        ops.append(following)
    return ops


def _insert(op: OperationT, place: Operation) -> OperationT:
    op.location = place.location
    Rewriter.insert_op(op, InsertPoint.before(place))
    return op
