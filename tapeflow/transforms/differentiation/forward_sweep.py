"""What the forward sweep does for the reverse sweep: forward terms, and pushes."""

from typing import TypeAlias, cast

from xdsl.dialects import func
from xdsl.dialects.builtin import FloatAttr, StringAttr, f64
from xdsl.ir import Operation, OpResult, SSAValue, TypeAttribute
from xdsl.rewriter import InsertPoint, Rewriter

from tapeflow.analysis.differentiation.activity import Activity
from tapeflow.analysis.differentiation.recall_plan import RecallPlan
from tapeflow.analysis.differentiation.recall_ways import owner_block
from tapeflow.analysis.differentiation.rule_language import ForwardTerm, Operand, Result
from tapeflow.analysis.differentiation.saving_reasons import SavingReason, SavingReasons
from tapeflow.analysis.differentiation.to_be_recorded import forward_terms
from tapeflow.dialects import tape
from tapeflow.transforms.building.index_builder import IndexBuilder, hint_of
from tapeflow.transforms.differentiation.expression_emitter import ExpressionEmitter

ForwardTerms: TypeAlias = dict[tuple[Operation, ForwardTerm], SSAValue]
"""The values of the forward terms of all rules."""


def compute_forward_terms(
    function: func.FuncOp,
    activity: Activity,
    builder: IndexBuilder,
    known: ForwardTerms,
) -> ForwardTerms:
    """Compute the forward terms of all rules right after their operations."""
    terms = dict(known)
    for op in tuple(function.walk()):
        for owner, term in forward_terms(op, activity):
            if (owner, term) not in terms:
                terms[owner, term] = compute_after(owner, term, builder)
    return terms


def compute_after(op: Operation, term: ForwardTerm, builder: IndexBuilder) -> SSAValue:
    """Compute a forward term right after its operation."""
    block, last = op.parent, op
    assert block is not None

    def insert(new: Operation) -> SSAValue:
        nonlocal last
        new.location = op.location
        block.insert_op_after(new, last)
        last = new
        return new.results[0]

    def primal(leaf: Operand | Result | ForwardTerm) -> SSAValue:
        assert isinstance(leaf, Operand | Result)
        return op.operands[leaf.index] if isinstance(leaf, Operand) else op.results[0]

    emitter = ExpressionEmitter(op, primal, builder.constants.value, insert)
    chosen = emitter.emit(term.expression)
    chosen.name_hint = hint_of(op.results[0], "chose_")
    return chosen


def push_saved(
    plan: RecallPlan, reasons: SavingReasons, builder: IndexBuilder
) -> dict[SSAValue, SSAValue]:
    """Push each saved value at the end of its block; a stack for each.

    The stack says why, and what else could be done at which price (in additions).
    """
    stacks: dict[SSAValue, SSAValue] = {}
    for value in plan.saved:
        stack = tape.StackOp(cast(TypeAttribute, value.type))
        stack.location = builder.location
        Rewriter.insert_op(stack, InsertPoint.at_start(builder.constants.entry))
        _explain(stack, reasons.of(value))
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


def _explain(stack: tape.StackOp, why: SavingReason) -> None:
    stack.attributes["tape.reason"] = StringAttr(why.reason)
    if why.alternative is not None and why.price is not None:
        stack.attributes["tape.alternative"] = StringAttr(why.alternative)
        stack.attributes["tape.alternative_price"] = FloatAttr(why.price, f64)
