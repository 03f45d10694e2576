"""The reverse sweep: adjoint code for a forward sweep, last operation first.

Each forward block has one reverse block, which begins by recalling the primal values
it needs. Loads, stores and copies accumulate in shadow buffers.
"""

from collections.abc import Sequence
from typing import cast

from xdsl.dialects import arith, memref, scf
from xdsl.dialects.builtin import AnyFloat, MemRefType
from xdsl.ir import Block, Operation, SSAValue

from tapeflow.analysis.differentiation.recall_ways import AGAIN, Recall
from tapeflow.analysis.differentiation.rule_language import (
    ForwardTerm,
    Operand,
    Result,
    multiplies,
)
from tapeflow.dialects import tape
from tapeflow.transforms.building.buffer_loops import (
    dynamic_sizes,
    extents_of,
    for_each_index,
    for_each_index_backwards,
)
from tapeflow.transforms.differentiation.adjoint_sweep import Adjoints, AdjointSweep
from tapeflow.transforms.differentiation.expression_emitter import ExpressionEmitter
from tapeflow.transforms.differentiation.recall_values import (
    copy_final_contents,
    get_back,
)
from tapeflow.transforms.differentiation.reverse_control import (
    reverse_for,
    reverse_if,
    reverse_while,
)
from tapeflow.transforms.differentiation.reverse_fused import reverse_fused


class ReverseSweep(AdjointSweep):
    """Emits the reverse of a block and all it contains."""

    def reverse_block(self, block: Block, adjoints: Adjoints) -> None:
        """Append the reverse of a block, given the adjoints of what it yields."""
        forward = tuple(block.ops)
        fused = reverse_fused(self, block, adjoints)
        allocated = [*fused.shadows]
        if block is self.builder.constants.entry:
            allocated += self._copy_arguments()
        waiting = self._recall_needed(block)
        allocated += self.shadows.define_all(forward[fused.defined :])
        for op in reversed(forward):
            if op in self.facts.relevant and op not in fused.reversed:
                self.builder.location = op.location
                self._reverse(op, adjoints)
            for value in waiting.get(op, ()):
                self._get_back(value)
        for shadow in allocated:
            self.builder.insert(memref.DeallocOp.get(shadow))

    def _recall_needed(self, block: Block) -> dict[Operation, list[SSAValue]]:
        """Recall what a block needs; by operation what has to wait for its reverse."""
        needed = self.plan.needed.get(block, ())
        for value in needed:
            if self.plan.recalls[value] is Recall.SAVE:
                popped = self.builder.result(
                    tape.PopOp(self.stacks[value]), value.name_hint
                )
                self.primal[value] = popped
        waiting: dict[Operation, list[SSAValue]] = {}
        for value in needed:
            if value in self.plan.due:
                waiting.setdefault(self.plan.due[value], []).append(value)
            elif self.plan.recalls[value] in AGAIN:
                self._get_back(value)
        return waiting

    def _copy_arguments(self) -> list[SSAValue]:
        """Put copies in the place of arguments whose writes are undone."""
        for argument in self.plan.copied:
            self.primal[argument] = copy_final_contents(argument, self.builder)
        return [self.primal[argument] for argument in self.plan.copied]

    def _get_back(self, value: SSAValue) -> None:
        way = self.plan.ways[value]
        self.builder.location = way.op.location
        self.primal[value] = get_back(value, way, self.recall, self.builder)

    def _reverse(self, op: Operation, adjoints: Adjoints) -> None:
        match op:
            case memref.LoadOp():
                reverse_load(self, op, adjoints)
            case memref.StoreOp():
                reverse_store(self, op, adjoints)
            case memref.CopyOp():
                reverse_copy(self, op)
            case scf.ForOp():
                reverse_for(self, op, adjoints)
            case scf.WhileOp():
                reverse_while(self, op, adjoints)
            case scf.IfOp():
                reverse_if(self, op, adjoints)
            case _:
                self.reverse_by_rule(op, adjoints)

    def reverse_by_rule(self, op: Operation, adjoints: Adjoints) -> None:
        """Pass the adjoint of an operation's result on to its operands."""
        if not op.results or op.results[0] not in adjoints:
            return

        def primal(leaf: Operand | Result | ForwardTerm) -> SSAValue:
            return self.recall(self.facts.primal(op, leaf))

        adjoint = adjoints.pop(op.results[0])
        emitter = ExpressionEmitter(
            op, primal, self.builder.constants.value, self.builder.result, adjoint
        )
        partials = [*self.facts.partials(op)]
        is_zero = None
        if self.strong_zero and any(multiplies(term) for _, term in partials):
            zero = self.builder.zero(cast(AnyFloat, adjoint.type))
            is_zero = self.builder.result(arith.CmpfOp(adjoint, zero, "oeq"), "none")
        for operand, partial in partials:
            value = emitter.emit(partial)
            if is_zero is not None and multiplies(partial):
                zero = self.builder.zero(cast(AnyFloat, value.type))
                value = self.builder.result(arith.SelectOp(is_zero, zero, value))
            self.accumulate(adjoints, operand, value)


def reverse_load(sweep: AdjointSweep, op: memref.LoadOp, adjoints: Adjoints) -> None:
    """The shadow of what was loaded grows by the adjoint of the result."""
    if op.res not in adjoints:
        return
    shadow, indices = sweep.shadows.of(op.memref), [*map(sweep.recall, op.indices)]
    _add(sweep, adjoints.pop(op.res), shadow, indices)


def reverse_store(sweep: AdjointSweep, op: memref.StoreOp, adjoints: Adjoints) -> None:
    """The shadow goes to the stored value; what was overwritten has none.

    If loads are to be repeated, what was overwritten is put back.
    """
    shadow, indices = sweep.shadows.of(op.memref), [*map(sweep.recall, op.indices)]
    if sweep.activity.active(op.value):
        adjoint = sweep.builder.result(memref.LoadOp.get(shadow, indices))
        sweep.accumulate(adjoints, op.value, adjoint)
    zero = sweep.builder.zero(cast(AnyFloat, op.value.type))
    sweep.builder.insert(memref.StoreOp.get(zero, shadow, indices))
    overwritten = sweep.plan.overwritten.get(op)
    if overwritten is not None:
        buffer, old = sweep.recall(op.memref), sweep.recall(overwritten)
        sweep.builder.insert(memref.StoreOp.get(old, buffer, indices))


def reverse_copy(sweep: AdjointSweep, op: memref.CopyOp) -> None:
    """The shadow of the source grows by that of the target, which becomes zero.

    A copy reads everything before it writes. So where both may be parts of one buffer
    all adjoints are taken out of the target first; and of an element that has several
    indices in the target the last one in row-major order has left its value there.
    """
    buffers = sweep.activity.buffers
    target = sweep.shadows.of(op.destination)
    source = sweep.shadows.shadows.get(op.source)
    type_ = cast(MemRefType, target.type)
    extents = extents_of(sweep.builder, type_, dynamic_sizes(sweep.builder, target))
    visit_all = for_each_index
    if buffers.overlaps_itself(op.destination):
        visit_all = for_each_index_backwards
    taken = None
    if source is not None and buffers.same(op.source, op.destination):
        taken = sweep.shadows.allocate_like(target, "taken")

    def take(indices: Sequence[SSAValue]) -> None:
        adjoint = sweep.builder.result(memref.LoadOp.get(target, indices))
        zero = sweep.builder.zero(cast(AnyFloat, adjoint.type))
        sweep.builder.insert(memref.StoreOp.get(zero, target, indices))
        if taken is not None:
            sweep.builder.insert(memref.StoreOp.get(adjoint, taken, indices))
        elif source is not None:
            _add(sweep, adjoint, source, indices)

    visit_all(sweep.builder, extents, take)
    if taken is not None and source is not None:

        def give(indices: Sequence[SSAValue]) -> None:
            adjoint = sweep.builder.result(memref.LoadOp.get(taken, indices))
            _add(sweep, adjoint, source, indices)

        for_each_index(sweep.builder, extents, give)
        sweep.builder.insert(memref.DeallocOp.get(taken))


def _add(
    sweep: AdjointSweep,
    adjoint: SSAValue,
    shadow: SSAValue,
    indices: Sequence[SSAValue],
) -> None:
    before = sweep.builder.result(memref.LoadOp.get(shadow, indices))
    after = sweep.builder.result(arith.AddfOp(before, adjoint))
    sweep.builder.insert(memref.StoreOp.get(after, shadow, indices))
