"""Carried values that a loop only adds to: sums whose terms may come in any order."""

from xdsl.dialects import arith, scf
from xdsl.dialects.builtin import AnyFloat
from xdsl.ir import Operation, SSAValue
from xdsl.utils.hints import isa


def carried_sums(loop: scf.ForOp) -> frozenset[int]:
    """Numbers of the carried floats that each iteration adds to, and nothing else."""
    return frozenset(
        number
        for number, argument in enumerate(loop.body.block.args[1:])
        if isa(argument.type, AnyFloat) and _is_sum(loop, number)
    )


def summed_inside(loop: scf.ForOp) -> frozenset[int]:
    """Those of the sums that a loop inside adds to."""
    return frozenset(
        number
        for number in carried_sums(loop)
        if any(
            isinstance(use.operation, scf.ForOp)
            for use in loop.body.block.args[number + 1].uses
        )
    )


def _is_sum(loop: scf.ForOp, number: int) -> bool:
    value: SSAValue = loop.body.block.args[number + 1]
    is_added_to = False
    while True:
        uses = [*value.uses]
        if len(uses) != 1:
            return False
        ((user, index),) = ((use.operation, use.index) for use in uses)
        if user.parent is not loop.body.block:
            return False
        if isinstance(user, scf.YieldOp):
            return is_added_to and index == number
        following = _with_more(user, index)
        if following is None:
            return False
        value, is_added_to = following, True


def _with_more(user: Operation, operand: int) -> SSAValue | None:
    """A sum after an operation that takes it; None if that does not only add."""
    match user:
        case arith.AddfOp():
            return user.result
        case arith.SubfOp() if operand == 0:
            return user.result
        case scf.ForOp() if operand >= 3 and _is_sum(user, operand - 3):
            return user.results[operand - 3]
        case _:
            return None
