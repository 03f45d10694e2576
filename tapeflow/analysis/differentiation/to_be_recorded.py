"""Which operations have a reverse, and which primal values that reverse reads."""

from collections.abc import Iterator
from dataclasses import dataclass

from xdsl.dialects import func, memref, scf
from xdsl.ir import Block, Operation, SSAValue

from tapeflow.analysis.differentiation.activity import Activity
from tapeflow.analysis.differentiation.derivative_rules import rule_of
from tapeflow.analysis.differentiation.recall_ways import owner_block
from tapeflow.analysis.differentiation.rule_language import (
    Expression,
    ForwardTerm,
    Operand,
    Result,
    leaves,
)
from tapeflow.analysis.ir.control_flow import CONTROL_FLOW, passed
from tapeflow.analysis.memory.effects import is_memref
from tapeflow.analysis.memory.views import VIEWS
from tapeflow.dialects.ad import is_float


@dataclass(frozen=True)
class ReverseReads:
    """Facts about a function that the plan of recalls and the sweep share."""

    activity: Activity
    terms: dict[tuple[Operation, ForwardTerm], SSAValue]
    """The values of the forward terms of all rules."""
    relevant: frozenset[Operation]
    """Operations whose reverse does something, with all operations around them."""
    captured: dict[Operation, tuple[SSAValue, ...]]
    """Per loop or branch: active values from outside that are used inside."""

    def partials(self, op: Operation) -> Iterator[tuple[SSAValue, Expression]]:
        """The active operands of an operation with what flows back to each."""
        yield from _partials(op, self.activity)

    def primal(self, op: Operation, leaf: Operand | Result | ForwardTerm) -> SSAValue:
        """The primal value a leaf of a rule stands for."""
        match leaf:
            case Operand():
                return op.operands[leaf.index]
            case Result():
                return op.results[0]
            case ForwardTerm():
                return self.terms[op, leaf]

    def reads(self, op: Operation) -> Iterator[SSAValue]:
        """The primal values that the reverse of an operation reads."""
        if op not in self.relevant:
            return
        match op:
            case memref.LoadOp() | memref.StoreOp():
                yield from op.indices
            case scf.ForOp():
                yield from (op.lb, op.ub, op.step)
            case scf.WhileOp():
                yield op.results[-1]
            case scf.IfOp():
                yield op.cond
            case memref.AllocOp() | memref.AllocaOp():
                yield from op.dynamic_sizes
            case _ if isinstance(op, VIEWS):
                yield from op.operands[1:]
            case _:
                for _, partial in self.partials(op):
                    for leaf in leaves(partial):
                        yield self.primal(op, leaf)


def _partials(
    op: Operation, activity: Activity
) -> Iterator[tuple[SSAValue, Expression]]:
    rule = rule_of(op)
    if rule is None or not activity.active(op.results[0]):
        return
    for operand, partial in zip(op.operands, rule, strict=True):
        if partial is not None and activity.active(operand):
            yield operand, partial


def forward_terms(
    op: Operation, activity: Activity
) -> Iterator[tuple[Operation, ForwardTerm]]:
    """The terms of an operation's rule that the forward sweep computes."""
    for _, partial in _partials(op, activity):
        for leaf in leaves(partial):
            if isinstance(leaf, ForwardTerm):
                yield op, leaf


def _has_reverse(op: Operation, activity: Activity) -> bool:
    match op:
        case memref.StoreOp():
            return activity.active(op.memref)
        case memref.CopyOp():
            return activity.active(op.destination)
        case _:
            return any(activity.active(result) for result in op.results)


def _around(op: Operation) -> Iterator[Operation]:
    parent = op.parent_op()
    while parent is not None and not isinstance(parent, func.FuncOp):
        yield parent
        parent = parent.parent_op()


def _passes_adjoint(op: Operation, activity: Activity) -> Iterator[SSAValue]:
    """The operands whose adjoints the reverse of an operation adds to."""
    match op:
        case memref.StoreOp():
            if activity.active(op.memref):
                yield op.value
        case _ if type(op) in CONTROL_FLOW:
            yield from passed(op)
        case _:
            yield from (operand for operand, _ in _partials(op, activity))


def find_reverse_reads(
    function: func.FuncOp,
    activity: Activity,
    terms: dict[tuple[Operation, ForwardTerm], SSAValue],
) -> ReverseReads:
    """Collect the facts in one walk of the function."""
    relevant: set[Operation] = set()
    captured: dict[Operation, dict[SSAValue, None]] = {}
    for op in function.walk():
        if _has_reverse(op, activity):
            relevant.add(op)
            for parent in _around(op):
                if parent in relevant:
                    break
                relevant.add(parent)
        for value in _passes_adjoint(op, activity):
            if is_memref(value) or not is_float(value.type):
                continue
            if activity.active(value):
                _capture(op, value, captured)
    return ReverseReads(
        activity,
        terms,
        frozenset(relevant),
        {op: tuple(values) for op, values in captured.items()},
    )


def _capture(
    op: Operation, value: SSAValue, captured: dict[Operation, dict[SSAValue, None]]
) -> None:
    home: Block = owner_block(value)
    current = op
    while current.parent is not home:
        parent = current.parent_op()
        assert parent is not None
        captured.setdefault(parent, {})[value] = None
        current = parent
