"""One walk over the operations that index values are computed from.

What a number is, a subclass says: a symbolic expression, or an estimate for given
sizes. Sizes are `dim(x, 0)`, the extent of a buffer argument, and whole-number
arguments by name. What depends on data (a load, a carried value, a branch) has no
number.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Container, Iterator, Mapping
from typing import Generic, Literal, TypeAlias, TypeVar, cast

from xdsl.dialects import arith, memref, scf
from xdsl.dialects.builtin import DYNAMIC_INDEX, IntegerAttr, MemRefType
from xdsl.dialects.func import FuncOp
from xdsl.ir import BlockArgument, Operation, OpResult, SSAValue

Number = TypeVar("Number")

Operator: TypeAlias = Literal[
    "add",
    "subtract",
    "multiply",
    "floor",
    "ceiling",
    "remainder",
    "largest",
    "smallest",
    "shift up",
    "shift down",
]
"""`floor` and `ceiling` are quotients by how they are rounded."""
Arithmetic: TypeAlias = Mapping[Operator, Callable[[Number, Number], Number | None]]
"""What is computed with numbers; an operator that is missing gives none."""

_OPERATORS: dict[type[Operation], Operator] = {
    arith.AddiOp: "add",
    arith.SubiOp: "subtract",
    arith.MuliOp: "multiply",
    arith.DivSIOp: "floor",
    arith.DivUIOp: "floor",
    arith.FloorDivSIOp: "floor",
    arith.CeilDivSIOp: "ceiling",
    arith.CeilDivUIOp: "ceiling",
    arith.RemSIOp: "remainder",
    arith.RemUIOp: "remainder",
    arith.MaxSIOp: "largest",
    arith.MaxUIOp: "largest",
    arith.MinSIOp: "smallest",
    arith.MinUIOp: "smallest",
    arith.ShLIOp: "shift up",
    arith.ShRSIOp: "shift down",
    arith.ShRUIOp: "shift down",
}
"""Quotients round down where MLIR cuts off: sizes are not negative."""

_CASTS = (arith.IndexCastOp, arith.ExtSIOp, arith.ExtUIOp, arith.TruncIOp)


class IndexEvaluator(ABC, Generic[Number]):
    """The numbers of one function's index values."""

    def __init__(self, function: FuncOp, arithmetic: Arithmetic[Number]):
        self.entry = function.body.block
        self._rules = {
            op: arithmetic[name]
            for op, name in _OPERATORS.items()
            if name in arithmetic
        }
        self._calculated = (*self._rules, *_CASTS)
        self._values: dict[SSAValue, Number | None] = {}

    @abstractmethod
    def constant(self, number: int) -> Number:
        """A number of the text."""

    @abstractmethod
    def size(self, name: str) -> Number | None:
        """A size of the program by its name."""

    @abstractmethod
    def whole(self, number: Number) -> int | None:
        """The whole number that a number is, if it is one."""

    @abstractmethod
    def induction(self, loop: scf.ForOp, lower: Number, step: Number) -> Number:
        """What stands for the induction variable of a loop."""

    def value(self, value: SSAValue) -> Number | None:
        """The number of an index value; None if data decides."""
        for earlier in in_order(value, self._values, self._calculated):
            self._values[earlier] = None  # where a bound needs itself
            self._values[earlier] = self._find(earlier)
        return self._values[value]

    def extent(self, buffer: SSAValue, axis: int) -> Number | None:
        """The extent of a buffer along an axis; None if it is not known."""
        type_ = buffer.type
        if not isinstance(type_, MemRefType):
            return None
        shape = type_.get_shape()
        if not 0 <= axis < len(shape):  # the access fails if it ever runs
            return None
        if shape[axis] != DYNAMIC_INDEX:
            return self.constant(shape[axis])
        if isinstance(buffer, BlockArgument):
            is_known = buffer.block is self.entry
            name = f"dim({argument_name(buffer)}, {axis})"
            return self.size(name) if is_known else None
        op = buffer.owner
        if isinstance(op, memref.AllocOp | memref.AllocaOp):
            dynamic = sum(extent == DYNAMIC_INDEX for extent in shape[:axis])
            return self.value(op.dynamic_sizes[dynamic])
        if isinstance(op, memref.CastOp):
            return self.extent(op.source, axis)
        return None

    def is_calculated(self, op: Operation) -> bool:
        """Whether an operation's result is computed from its operands alone."""
        return isinstance(op, self._calculated)

    def _find(self, value: SSAValue) -> Number | None:
        if isinstance(value, BlockArgument):
            return self._find_argument(value)
        op = cast(OpResult, value).op
        if isinstance(op, arith.ConstantOp):
            number = op.value
            is_whole = isinstance(number, IntegerAttr)
            return self.constant(number.value.data) if is_whole else None
        if isinstance(op, memref.DimOp):
            axis = self._whole(op.index)
            return None if axis is None else self.extent(op.source, axis)
        if isinstance(op, _CASTS):
            return self.value(op.operands[0])
        if type(op) not in self._rules:
            return None
        left, right = map(self.value, op.operands)
        if left is None or right is None:
            return None
        return self._rules[type(op)](left, right)

    def _whole(self, value: SSAValue) -> int | None:
        number = self.value(value)
        return None if number is None else self.whole(number)

    def _find_argument(self, value: BlockArgument) -> Number | None:
        if value.block is self.entry:
            return self.size(argument_name(value))
        loop = value.block.parent_op()
        if not isinstance(loop, scf.ForOp) or value.index != 0:
            return None
        lower, step = self.value(loop.lb), self.value(loop.step)
        if lower is None or step is None:
            return None
        return self.induction(loop, lower, step)


def argument_name(argument: BlockArgument) -> str:
    """The name of a function's argument in formulas: its own, or `arg3`."""
    return argument.name_hint or f"arg{argument.index}"


def in_order(
    value: SSAValue, known: Container[SSAValue], through: tuple[type[Operation], ...]
) -> Iterator[SSAValue]:
    """The unknown values that a value is computed from, operands first, itself last.

    Only operations of the given classes are followed to their operands.
    """
    pending = [(value, False)]
    while pending:
        next_value, has_operands = pending.pop()
        if next_value in known:
            continue
        op = next_value.owner
        if has_operands or not isinstance(op, through):
            yield next_value
        else:
            pending.append((next_value, True))
            pending.extend((operand, False) for operand in reversed(op.operands))
