"""What the stacks of a function hold: nothing that is read, one value, few bits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, cast

from xdsl.dialects import arith
from xdsl.dialects.builtin import (
    Float32Type,
    FloatAttr,
    IndexType,
    IntegerAttr,
    IntegerType,
)
from xdsl.ir import (
    Block,
    BlockArgument,
    Operation,
    OpResult,
    SSAValue,
    TypeAttribute,
)

from tapeflow.analysis.integers.intervals import (
    Interval,
    integer_width,
    signed_interval,
    unsigned_interval,
)
from tapeflow.analysis.integers.ranges import IntegerRanges
from tapeflow.analysis.tape.stack_groups import StackUses
from tapeflow.dialects.tape import PopOp

Number: TypeAlias = IntegerAttr | FloatAttr
Extension: TypeAlias = type[arith.ExtSIOp] | type[arith.ExtUIOp] | type[arith.ExtFOp]

_CASTS = (arith.ExtSIOp, arith.ExtUIOp, arith.IndexCastOp)
"""What keeps the low bits of its operand."""
_WIDTHS = (8, 16, 32)


@dataclass(frozen=True)
class Narrowing:
    """A type that holds everything a stack holds, and what makes it wide again."""

    element: TypeAttribute
    extension: Extension


def unread_stacks(stacks: Sequence[StackUses]) -> tuple[StackUses, ...]:
    """The stacks whose values nobody reads, or only to push them on such stacks."""
    owners = {op: member for member in stacks for op in member.uses}
    read: set[StackUses] = set()
    work: list[StackUses] = []
    for member in stacks:
        for pop in member.pops:
            if any(use.operation not in owners for use in pop.values[0].uses):
                work.append(member)
                break
    while work:
        member = work.pop()
        if member in read:
            continue
        read.add(member)
        for push in member.pushes:
            source = push.values[0].owner
            if isinstance(source, PopOp) and source in owners:
                work.append(owners[source])
    return tuple(member for member in stacks if member not in read)


def constant_content(member: StackUses, ranges: IntegerRanges) -> Number | None:
    """The number that a stack holds and nothing else; None if there is none."""
    # Attributes of floats are equal if their bits are.
    numbers = {_number(push.values[0], ranges) for push in member.pushes}
    return numbers.pop() if len(numbers) == 1 else None


def _number(value: SSAValue, ranges: IntegerRanges) -> Number | None:
    if isinstance(value.owner, arith.ConstantOp):
        constant = value.owner.value
        return constant if isinstance(constant, IntegerAttr | FloatAttr) else None
    interval = ranges.of(value)
    if interval is None or interval.low != interval.high:
        return None
    return IntegerAttr(interval.low, cast(IntegerType | IndexType, value.type))


def constant_value(
    member: StackUses, order: Mapping[Operation, int]
) -> SSAValue | None:
    """The value that a stack always holds and that every pop can see.

    It is defined around the stack or beside it, so it does not change while the stack
    lives.
    """
    values = {push.values[0] for push in member.pushes}
    if len(values) != 1:
        return None
    value = values.pop()
    home = _home(value)
    if home is None or home.find_ancestor_op_in_block(member.stack) is None:
        return None
    for pop in member.pops:
        top = home.find_ancestor_op_in_block(pop)
        if top is None:
            return None
        if isinstance(value, OpResult) and order[value.op] >= order[top]:
            return None
    return value


def _home(value: SSAValue) -> Block | None:
    if isinstance(value, BlockArgument):
        return value.block
    assert isinstance(value, OpResult)
    return value.op.parent


def narrowing_of(member: StackUses, ranges: IntegerRanges) -> Narrowing | None:
    """The narrowest sufficient type of a stack; None if that is the one it has.

    Integers become i1 only if truth values were pushed: other bits are not packed.
    """
    values = [push.values[0] for push in member.pushes]
    if not values:
        return None
    if all(isinstance(low_part(value, 32).type, Float32Type) for value in values):
        narrowing = Narrowing(Float32Type(), arith.ExtFOp)
    else:
        narrowing = _integer_narrowing(values, ranges)
    element = member.stack.tape.type.element
    return None if narrowing is None or narrowing.element == element else narrowing


def low_part(value: SSAValue, bits: int) -> SSAValue:
    """The value from which casts made this one, as long as `bits` bits are left."""
    while isinstance(value, OpResult):
        if isinstance(value.op, arith.ExtFOp):
            source = value.op.input
            if not isinstance(source.type, Float32Type):
                return value
        elif isinstance(value.op, _CASTS):
            source = value.op.input
            width = integer_width(source.type)
            if width is None or width < bits:
                return value
        else:
            return value
        value = source
    return value


def _integer_narrowing(
    values: Sequence[SSAValue], ranges: IntegerRanges
) -> Narrowing | None:
    hull: Interval | None = None
    for value in values:
        interval = ranges.of(value)
        if interval is None:
            return None
        hull = interval if hull is None else hull.join(interval)
    bits = integer_width(values[0].type)
    assert hull is not None
    assert bits is not None
    for width in (1, *_WIDTHS):
        if width >= bits or (width == 1 and not _are_truth_values(values)):
            continue
        if hull in signed_interval(width):
            return Narrowing(IntegerType(width), arith.ExtSIOp)
        if hull in unsigned_interval(width):
            return Narrowing(IntegerType(width), arith.ExtUIOp)
    return None


def _are_truth_values(values: Sequence[SSAValue]) -> bool:
    return all(integer_width(low_part(value, 1).type) == 1 for value in values)
