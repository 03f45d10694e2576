"""The reverse sweep: adjoint code for a forward sweep, last operation first.

Each forward block has one reverse block, which begins by recalling the primal values
it needs.
"""

from typing import cast

from xdsl.dialects import memref, scf
from xdsl.ir import Block, Operation, OpResult, SSAValue

from tapeflow.analysis.derivative_expressions import Operand, Recorded, Result
from tapeflow.analysis.recording import AGAIN, Recall
from tapeflow.dialects import tape
from tapeflow.transforms.adjoint_sweep import Adjoints, AdjointSweep
from tapeflow.transforms.expression_emitter import ExpressionEmitter
from tapeflow.transforms.reverse_control import reverse_for, reverse_if, reverse_while
from tapeflow.transforms.reverse_fused import reverse_fused
from tapeflow.transforms.reverse_memory import reverse_copy, reverse_load, reverse_store


class ReverseSweep(AdjointSweep):
    """Emits the reverse of a block and all it contains."""

    def reverse_block(self, block: Block, adjoints: Adjoints) -> None:
        """Append the reverse of a block, given the adjoints of what it yields."""
        forward = tuple(block.ops)
        done, allocated = reverse_fused(self, block, adjoints)
        self._recall_needed(block)
        allocated += self.shadows.define_all(forward)
        for op in reversed(forward):
            if op in self.facts.relevant and op not in done:
                self.builder.location = op.location
                self._reverse(op, adjoints)
        for shadow in allocated:
            self.builder.add(memref.DeallocOp.get(shadow))

    def _recall_needed(self, block: Block) -> None:
        needed = self.recording.needed.get(block, ())
        for value in needed:
            if self.recording.recalls[value] is Recall.SAVE:
                popped = self.builder.value(
                    tape.PopOp(self.stacks[value]), value.name_hint
                )
                self.primal[value] = popped
        for value in needed:
            if self.recording.recalls[value] in AGAIN:
                self._compute_again(cast(OpResult, value))

    def _compute_again(self, value: OpResult) -> None:
        operands = {operand: self.recall(operand) for operand in value.op.operands}
        self.builder.location = value.op.location
        again = self.builder.add(value.op.clone(operands))
        for old, new in zip(value.op.results, again.results, strict=True):
            self.primal[old] = new

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

        def primal(leaf: Operand | Result | Recorded) -> SSAValue:
            return self.recall(self.facts.primal(op, leaf))

        emitter = ExpressionEmitter(
            op,
            primal,
            self.builder.constant,
            self.builder.value,
            adjoints.pop(op.results[0]),
        )
        for operand, partial in self.facts.partials(op):
            self.accumulate(adjoints, operand, emitter.emit(partial))
