"""Index values as another value plus a number, and which of them surely differ."""

from xdsl.dialects import arith, scf
from xdsl.ir import BlockArgument, SSAValue

from tapeflow.analysis.ir.constants import constant_of

_DEEPEST = 4
"""Sums of sums that are looked into."""
_WRAP = 1 << 64
"""Indices are equal that differ by this."""


def with_offset(value: SSAValue) -> tuple[SSAValue | None, int]:
    """A value as a sum of another one, if it is no number itself, and a number."""
    offset = 0
    for _ in range(_DEEPEST):
        match value.owner:
            case arith.AddiOp() as op if (number := constant_of(op.rhs)) is not None:
                value, offset = op.lhs, offset + number
            case arith.AddiOp() as op if (number := constant_of(op.lhs)) is not None:
                value, offset = op.rhs, offset + number
            case arith.SubiOp() as op if (number := constant_of(op.rhs)) is not None:
                value, offset = op.lhs, offset - number
            case _:
                break
    number = constant_of(value)
    return (value, offset) if number is None else (None, number + offset)


def differ(one: SSAValue, other: SSAValue) -> bool:
    """Whether two values of one time have a constant distance, and it is not 0."""
    if one is other:
        return False
    base, number = with_offset(one)
    other_base, other_number = with_offset(other)
    return base is other_base and (number - other_number) % _WRAP != 0


def differ_from_loop_to_loop(one: SSAValue, other: SSAValue) -> bool:
    """Whether what one loop counts by strips ends where another loop begins."""
    base, number = with_offset(one)
    other_base, other_number = with_offset(other)
    first, second = counting(base), counting(other_base)
    if first is None or second is None:
        return False
    return _is_before(first, number, second, other_number) or _is_before(
        second, other_number, first, number
    )


def differ_in_other_iterations(one: SSAValue, other: SSAValue, loop: scf.ForOp) -> bool:
    """Whether a value in one iteration of a loop is never the other one in another."""
    base, number = with_offset(one)
    other_base, other_number = with_offset(other)
    if base is not other_base or base is not loop.body.block.args[0]:
        return False
    step = constant_of(loop.step)
    return number == other_number or (
        step is not None and abs(number - other_number) < step
    )


def counting(value: SSAValue | None) -> scf.ForOp | None:
    """The loop that counts a value."""
    if not isinstance(value, BlockArgument) or value.index:
        return None
    loop = value.block.parent_op()
    return loop if isinstance(loop, scf.ForOp) else None


def _is_before(main: scf.ForOp, number: int, rest: scf.ForOp, other: int) -> bool:
    """Whether strips stay below where the loop behind them begins."""
    step = constant_of(main.step)
    if step is None or step < 1 or not _is_at_least(rest.lb, main.ub):
        return False
    return 0 <= number < step and other >= 0 and _has_whole_strips(main, step)


def _is_at_least(value: SSAValue, least: SSAValue) -> bool:
    """Whether a value is another one, or that plus a part of what is left behind it."""
    for _ in range(_DEEPEST):
        if value is least:
            return True
        owner = value.owner
        if not isinstance(owner, arith.AddiOp) or not _is_part_of_rest(
            owner.rhs, owner.lhs
        ):
            return False
        value = owner.lhs
    return False


def _is_part_of_rest(part: SSAValue, start: SSAValue) -> bool:
    """Whether a value is that of `max(_, start) - start` with some bits cut off."""
    cut = part.owner
    span = cut.lhs.owner if isinstance(cut, arith.AndIOp) else None
    if not isinstance(span, arith.SubiOp) or span.rhs is not start:
        return False
    end = span.lhs.owner
    return isinstance(end, arith.MaxSIOp) and start in end.operands


def _has_whole_strips(loop: scf.ForOp, step: int) -> bool:
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


def _is_multiple(value: SSAValue, step: int) -> bool:
    """Whether the low bits of a value are cut off so that it is one."""
    owner = value.owner
    if step & (step - 1) or not isinstance(owner, arith.AndIOp):
        return False
    masks = constant_of(owner.lhs), constant_of(owner.rhs)
    return any(mask is not None and mask % step == 0 for mask in masks)
