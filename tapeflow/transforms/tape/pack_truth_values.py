"""Pack the truth values that are pushed and popped together into the bits of words.

The first of a word is its lowest bit and the last its sign, so that one operation
tests each of these; the others take a shift more.
"""

from collections.abc import Iterator, Sequence
from typing import TypeVar

from xdsl.dialects import arith
from xdsl.dialects.builtin import IntegerAttr, IntegerType
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation, SSAValue
from xdsl.rewriter import InsertPoint, Rewriter

from tapeflow.analysis.tape.stack_groups import StackGroup, StackUses
from tapeflow.dialects.tape import PopOp, PushOp, StackOp
from tapeflow.transforms.building.index_builder import FunctionConstants
from tapeflow.transforms.tape.stack_attributes import describe_packed, joined_name

_WIDTHS = (64, 32, 16, 8)
_TRUTH = IntegerType(1)

OperationT = TypeVar("OperationT", bound=Operation)


def pack_truth_values(
    function: FuncOp, groups: Sequence[StackGroup], order: dict[Operation, int]
) -> None:
    """Put the i1 stacks of each group into words, where that saves bytes.

    Args:
        order: position of each operation in a walk of the function.
    """
    constants = FunctionConstants(function)
    for group in groups:
        truths = [
            member
            for member in group.members
            if member.stack.tape.type.element == _TRUTH and member.pushes
        ]
        for members, width in _words(truths):
            _Word(members, width, constants, order).pack()


def _words(
    members: Sequence[StackUses],
) -> Iterator[tuple[Sequence[StackUses], int]]:
    """Which members share a word of which width, for the fewest bytes."""
    rest = list(members)
    while len(rest) > 1:
        spare = -len(rest) % 8
        width = next(width for width in _WIDTHS if width <= len(rest) + spare)
        yield rest[:width], width
        rest = rest[width:]


class _Word:
    """The stacks that become one word each time they are pushed."""

    def __init__(
        self,
        members: Sequence[StackUses],
        width: int,
        constants: FunctionConstants,
        order: dict[Operation, int],
    ):
        self._members = members
        self._type = IntegerType(width)
        self._width = width
        self._constants = constants
        self._order = order

    def pack(self) -> None:
        """Replace the stacks, their pushes and their pops."""
        stacks = [member.stack for member in self._members]
        word = StackOp(self._type)
        _insert(word, min(stacks, key=self._order.__getitem__))
        describe_packed(word, stacks)
        for pushes in zip(*(member.pushes for member in self._members), strict=True):
            self._push(word.tape, pushes)
        for pops in zip(*(member.pops for member in self._members), strict=True):
            self._pop(word.tape, pops)
        for member in self._members:
            for op in (*member.uses, member.stack):
                Rewriter.erase_op(op)

    def _push(self, tape: SSAValue, pushes: Sequence[PushOp]) -> None:
        place = max(pushes, key=self._order.__getitem__)
        values = [push.values[0] for push in pushes]
        zero = self._number(0)
        word = _insert(arith.ExtUIOp(values[0], self._type), place).results[0]
        for number, value in enumerate(values[1:], start=1):
            is_last = number == len(values) - 1
            weight = -(1 << (self._width - 1)) if is_last else 1 << number
            mask = self._number(weight)
            bit = _insert(arith.SelectOp(value, mask, zero), place).results[0]
            word = _insert(arith.OrIOp(word, bit), place).results[0]
        word.name_hint = joined_name(value.name_hint for value in values)
        push = PushOp(tape, word)
        push.attributes.update(place.attributes)
        _insert(push, place)

    def _pop(self, tape: SSAValue, pops: Sequence[PopOp]) -> None:
        place = min(pops, key=self._order.__getitem__)
        pop = PopOp(tape)
        pop.attributes.update(place.attributes)
        word = _insert(pop, place).values[0]
        word.name_hint = joined_name(pop.values[0].name_hint for pop in pops)
        for number, old in enumerate(pops):
            truth = self._bit(word, number, number == len(pops) - 1, place)
            truth.name_hint = old.values[0].name_hint
            old.values[0].replace_all_uses_with(truth)

    def _number(self, number: int) -> SSAValue:
        name = None if number >= 0 else "sign"
        return self._constants.value(IntegerAttr(number, self._type), name)

    def _bit(
        self, word: SSAValue, number: int, is_last: bool, place: Operation
    ) -> SSAValue:
        if is_last:
            zero = self._number(0)
            return _insert(arith.CmpiOp(word, zero, "slt"), place).results[0]
        if number > 0:
            amount = self._number(number)
            word = _insert(arith.ShRUIOp(word, amount), place).results[0]
        return _insert(arith.TruncIOp(word, _TRUTH), place).results[0]


def _insert(op: OperationT, place: Operation) -> OperationT:
    op.location = place.location
    Rewriter.insert_op(op, InsertPoint.before(place))
    return op
