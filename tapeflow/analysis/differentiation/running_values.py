"""Carried values that the reverse sweep can tell from a loop's index alone.

A *counter* grows by the same number in each iteration. A *running extremum* changes in
some iterations; all of its adjoint flows to the element that the last change took, and
what arrives at earlier iterations is zero. So the reverse needs to know only which
iteration that was: one index a loop instead of one choice an iteration.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from xdsl.dialects import arith, scf
from xdsl.ir import Block, BlockArgument, Operation, SSAValue

from tapeflow.analysis.ir.constants import constant_of
from tapeflow.analysis.ir.control_flow import (
    induction_variables,
    sources_of,
    yielded,
)

EXTREMA: tuple[type[Operation], ...] = (
    arith.MaximumfOp,
    arith.MinimumfOp,
    arith.MaxnumfOp,
    arith.MinnumfOp,
)


@dataclass(frozen=True)
class RunningExtremum:
    """An operation through which alone a loop changes a value that it carries."""

    op: Operation
    is_first: bool
    """Whether the carried value is the first of the two that it chooses from."""
    choice: SSAValue | None = None
    """Whether it is the first one, where the program computes that itself."""


def running_extrema(loop: scf.ForOp) -> Iterator[RunningExtremum]:
    """The running extrema of a loop that nothing else in it uses.

    Also `select(x > m, x, m)`, whose comparison nothing else uses.
    """
    body = loop.body.block
    for arg, following in zip(body.args[1:], yielded(body), strict=True):
        op = following.owner
        if not isinstance(op, Operation) or op.parent is not body:
            continue
        users = [use.operation for use in (*arg.uses, *following.uses)]
        if isinstance(op, EXTREMA) and users == [op, body.last_op]:
            yield RunningExtremum(op, op.operands.index(arg) == 0)
        elif isinstance(op, arith.SelectOp) and _alone(op, arg, set(users), body):
            yield RunningExtremum(op, op.lhs is arg, op.cond)


def _alone(
    op: arith.SelectOp, arg: SSAValue, users: set[Operation], body: Block
) -> bool:
    """Whether a selection and its comparison are all that use a carried value."""
    compared = op.cond.owner
    return (
        isinstance(compared, arith.CmpfOp)
        and compared.parent is body
        and users == {op, compared, body.last_op}
        and [use.operation for use in op.cond.uses] == [op]
        and (op.lhs is arg) is not (op.rhs is arg)
    )


@dataclass(frozen=True)
class Counter:
    """A carried integer: `start + (index - lower) * factor`."""

    start: SSAValue
    index: SSAValue
    lower: SSAValue
    factor: int


def counter_of(value: SSAValue) -> Counter | None:
    """How a loop's index tells a carried value, None if it does not."""
    if not isinstance(value, BlockArgument) or value.index == 0:
        return None
    loop = value.block.parent_op()
    if not isinstance(loop, scf.ForOp):
        return None
    (index,), (start, following) = induction_variables(loop), sources_of(value)
    addition = following.owner
    if not isinstance(addition, arith.AddiOp) or value.type != index.type:
        return None
    if value not in addition.operands:
        return None
    other = addition.rhs if addition.lhs is value else addition.lhs
    increment, step = constant_of(other), constant_of(loop.step)
    if increment is None or not step or increment % step:
        return None
    return Counter(start, index, loop.lb, increment // step)
