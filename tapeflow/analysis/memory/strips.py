"""Loops by strips: several iterations at a time, and what is left of them."""

from xdsl.dialects import arith, scf
from xdsl.ir import SSAValue

from tapeflow.analysis.ir.constants import constant_of


def has_whole_strips(loop: scf.ForOp, step: int) -> bool:
    """Whether a loop ends at a multiple of its step, counted from its beginning."""
    if step == 1:
        return True
    if constant_of(loop.lb) == 0:
        return _is_multiple(loop.ub, step)
    owner = loop.ub.owner
    if not isinstance(owner, arith.AddiOp):
        return False
    return (owner.lhs is loop.lb and _is_multiple(owner.rhs, step)) or (
        owner.rhs is loop.lb and _is_multiple(owner.lhs, step)
    )


def is_part_of_rest(value: SSAValue) -> bool:
    """Whether a value is that of `max(_, start) - start` with some bits cut off."""
    cut = value.owner
    span = cut.lhs.owner if isinstance(cut, arith.AndIOp) else None
    if not isinstance(span, arith.SubiOp):
        return False
    end = span.lhs.owner
    return isinstance(end, arith.MaxSIOp) and span.rhs in end.operands


def is_end_of_strips(value: SSAValue) -> bool:
    """Whether a value is a start and such a part of the rest: it does not wrap."""
    owner = value.owner
    if not isinstance(owner, arith.AddiOp) or not is_part_of_rest(owner.rhs):
        return False
    cut = owner.rhs.owner
    span = cut.lhs.owner if isinstance(cut, arith.AndIOp) else None
    return isinstance(span, arith.SubiOp) and span.rhs is owner.lhs


def _is_multiple(value: SSAValue, step: int) -> bool:
    """Whether the low bits of a value are cut off so that it is one."""
    owner = value.owner
    if step & (step - 1) or not isinstance(owner, arith.AndIOp):
        return False
    masks = constant_of(owner.lhs), constant_of(owner.rhs)
    return any(mask is not None and mask % step == 0 for mask in masks)
