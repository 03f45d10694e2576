"""Loops that run at least once whenever they are reached."""

from xdsl.dialects import scf
from xdsl.ir import SSAValue

from tapeflow.analysis.ir.constants import constant_of
from tapeflow.analysis.memory.aliasing import ancestors
from tapeflow.analysis.scheduling.stages import constant_span


def surely_runs(loop: scf.ForOp) -> bool:
    """Whether the bounds in the text, or those of a loop around it, tell so."""
    span = constant_span(loop)
    if span is not None:
        return span > 0
    around = ancestors(loop)[1:]
    return any(isinstance(op, scf.ForOp) and _implies(op, loop) for op in around)


def _implies(around: scf.ForOp, loop: scf.ForOp) -> bool:
    """Whether a loop runs in each iteration of one around it.

    It ends where that does, and begins no later than that or its iteration.
    """
    if around.ub is not loop.ub:
        return False
    starts = around.lb, around.body.block.args[0]
    return loop.lb in starts or _is_at_most(loop.lb, around.lb)


def _is_at_most(one: SSAValue, other: SSAValue) -> bool:
    low, high = constant_of(one), constant_of(other)
    return low is not None and high is not None and low <= high
