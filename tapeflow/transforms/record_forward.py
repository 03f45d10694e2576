"""What the forward sweep does for the reverse sweep: recorded terms, and pushes."""

from typing import cast

from xdsl.dialects import func
from xdsl.ir import Operation, OpResult, SSAValue, TypeAttribute

from tapeflow.analysis.activity import Activity
from tapeflow.analysis.derivative_expressions import Operand, Recorded, Result
from tapeflow.analysis.recall_ways import owner_block
from tapeflow.analysis.recording import Recording
from tapeflow.analysis.reverse_reads import recorded_terms
from tapeflow.dialects import tape
from tapeflow.transforms.adjoint_builder import AdjointBuilder, hint_of
from tapeflow.transforms.expression_emitter import ExpressionEmitter


def compute_recorded_terms(
    function: func.FuncOp, activity: Activity, builder: AdjointBuilder
) -> dict[tuple[Operation, Recorded], SSAValue]:
    """Compute the recorded terms of all rules right after their operations."""
    terms: dict[tuple[Operation, Recorded], SSAValue] = {}
    for op in tuple(function.walk()):
        for owner, recorded in recorded_terms(op, activity):
            if (owner, recorded) not in terms:
                terms[owner, recorded] = _compute_after(owner, recorded, builder)
    return terms


def _compute_after(
    op: Operation, recorded: Recorded, builder: AdjointBuilder
) -> SSAValue:
    block, last = op.parent, op
    assert block is not None

    def insert(new: Operation) -> SSAValue:
        nonlocal last
        new.location = op.location
        block.insert_op_after(new, last)
        last = new
        return new.results[0]

    def primal(leaf: Operand | Result | Recorded) -> SSAValue:
        assert isinstance(leaf, Operand | Result)
        return op.operands[leaf.index] if isinstance(leaf, Operand) else op.results[0]

    emitter = ExpressionEmitter(op, primal, builder.constant, insert)
    term = emitter.emit(recorded.term)
    term.name_hint = hint_of(op.results[0], "chose_")
    return term


def push_saved(
    recording: Recording, builder: AdjointBuilder
) -> dict[SSAValue, SSAValue]:
    """Push each saved value at the end of its block; a stack for each."""
    stacks: dict[SSAValue, SSAValue] = {}
    for value in recording.saved:
        stack = tape.StackOp(cast(TypeAttribute, value.type))
        stack.location = builder.location
        builder.prepend(stack)
        stack.tape.name_hint = hint_of(value, "tape_")
        push = tape.PushOp(stack.tape, value)
        push.location = (
            value.op.location if isinstance(value, OpResult) else builder.location
        )
        block = owner_block(value)
        assert block.last_op is not None
        block.insert_op_before(push, block.last_op)
        stacks[value] = stack.tape
    return stacks
