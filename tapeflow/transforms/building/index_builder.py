"""Index arithmetic built at one place of a function, with constants folded."""

from collections.abc import Callable
from typing import TypeAlias, TypeVar

from xdsl.dialects import arith
from xdsl.dialects.builtin import IndexType, IntegerAttr, LocationAttr
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.rewriter import InsertPoint, Rewriter

from tapeflow.analysis.integers.number_attributes import wrapped_index

Index: TypeAlias = SSAValue | int
"""An index value, or one known while compiling."""

OperationT = TypeVar("OperationT", bound=Operation)


def known(value: Index) -> Index:
    """The number behind a constant, else the value itself."""
    if isinstance(value, int) or not isinstance(value.owner, arith.ConstantOp):
        return value
    number = value.owner.value
    return number.value.data if isinstance(number, IntegerAttr) else value


class FunctionConstants:
    """Index constants of a function, each once, before every other op of it."""

    def __init__(self, function: FuncOp):
        self._block = function.body.blocks[0]
        self._location = function.location
        self._values: dict[int, SSAValue] = {}
        self._last: Operation | None = None
        for op in self._block.ops:
            if not isinstance(op, arith.ConstantOp):
                break
            self._last = op
            number = known(op.result)
            if isinstance(number, int) and isinstance(op.result.type, IndexType):
                self._values.setdefault(number, op.result)

    def value(self, number: int) -> SSAValue:
        """The constant, created where it is new."""
        if number not in self._values:
            constant = arith.ConstantOp.from_int_and_width(number, IndexType())
            constant.location = self._location
            constant.result.name_hint = f"c{number}"
            point = (
                InsertPoint.at_start(self._block)
                if self._last is None
                else InsertPoint.after(self._last)
            )
            Rewriter.insert_op(constant, point)
            self._last = constant
            self._values[number] = constant.result
        return self._values[number]


class IndexBuilder:
    """Inserts ops at one point, with one location, names and folded constants."""

    def __init__(
        self, constants: FunctionConstants, point: InsertPoint, location: LocationAttr
    ):
        self.constants = constants
        self.point = point
        self.location = location

    @staticmethod
    def before(op: Operation, constants: FunctionConstants) -> "IndexBuilder":
        """Insert before the op, on its behalf."""
        return IndexBuilder(constants, InsertPoint.before(op), op.location)

    def at(self, point: InsertPoint) -> "IndexBuilder":
        """The same builder at another place."""
        return IndexBuilder(self.constants, point, self.location)

    def insert(self, op: OperationT, *names: str | None) -> OperationT:
        """Insert an op and name its results."""
        op.location = self.location
        for result, name in zip(op.results, names, strict=False):
            result.name_hint = name
        Rewriter.insert_op(op, self.point)
        return op

    def value(self, index: Index) -> SSAValue:
        """The SSA value of an index."""
        return self.constants.value(index) if isinstance(index, int) else index

    def cast(self, value: SSAValue, type_: Attribute | None = None) -> SSAValue:
        """The value in another integer type, by default index."""
        target = type_ or IndexType()
        if value.type == target:
            return value
        number = known(value)
        if isinstance(number, int) and isinstance(target, IndexType):
            return self.value(number)
        return self.insert(arith.IndexCastOp(value, target), value.name_hint).result

    def add(self, lhs: Index, rhs: Index, name: str) -> Index:
        """lhs + rhs"""
        lhs, rhs = known(lhs), known(rhs)
        if lhs == 0 or rhs == 0:
            return rhs if lhs == 0 else lhs
        return self._binary(arith.AddiOp, int.__add__, lhs, rhs, name)

    def sub(self, lhs: Index, rhs: Index, name: str) -> Index:
        """lhs - rhs"""
        lhs, rhs = known(lhs), known(rhs)
        if rhs == 0:
            return lhs
        return self._binary(arith.SubiOp, int.__sub__, lhs, rhs, name)

    def mul(self, lhs: Index, rhs: Index, name: str) -> Index:
        """lhs * rhs"""
        lhs, rhs = known(lhs), known(rhs)
        if lhs == 1 or rhs == 1:
            return rhs if lhs == 1 else lhs
        if lhs == 0 or rhs == 0:
            return 0
        return self._binary(arith.MuliOp, int.__mul__, lhs, rhs, name)

    def ceildiv(self, lhs: Index, rhs: Index, name: str) -> Index:
        """lhs / rhs, signed, rounded up; rhs > 0"""
        lhs, rhs = known(lhs), known(rhs)
        if rhs == 1:
            return lhs
        return self._binary(arith.CeilDivSIOp, lambda a, b: -(-a // b), lhs, rhs, name)

    def ceildiv_unsigned(self, lhs: Index, rhs: Index, name: str) -> Index:
        """lhs / rhs, unsigned, rounded up; rhs > 0"""
        lhs, rhs = known(lhs), known(rhs)
        if rhs == 1:
            return lhs
        return self._binary(arith.CeilDivUIOp, _ceildiv_unsigned, lhs, rhs, name)

    def divide_down(self, dividend: Index, divisor: int, name: str) -> Index:
        """dividend / divisor rounded down, both positive: a shift if it can be."""
        dividend = known(dividend)
        if divisor == 1:
            return dividend
        shift = divisor.bit_length() - 1
        if divisor == 1 << shift:
            return self._binary(
                arith.ShRUIOp, lambda a, b: a >> b, dividend, shift, name
            )
        return self._binary(arith.DivUIOp, lambda a, b: a // b, dividend, divisor, name)

    def multiple_below(self, value: Index, power: int, name: str) -> Index:
        """The largest multiple of a power of two at or below a value."""
        return self._binary(arith.AndIOp, int.__and__, known(value), -power, name)

    def maximum(self, lhs: Index, rhs: Index, name: str) -> Index:
        """The larger, signed."""
        return self._binary(arith.MaxSIOp, max, known(lhs), known(rhs), name)

    def minimum(self, lhs: Index, rhs: Index, name: str) -> Index:
        """The smaller, signed."""
        return self._binary(arith.MinSIOp, min, known(lhs), known(rhs), name)

    def equal(self, lhs: Index, rhs: Index, name: str) -> SSAValue:
        """lhs == rhs"""
        return self.compare("eq", lhs, rhs, name)

    def compare(self, predicate: str, lhs: Index, rhs: Index, name: str) -> SSAValue:
        """A comparison by `arith.cmpi`."""
        compare = arith.CmpiOp(self.value(lhs), self.value(rhs), predicate)
        return self.insert(compare, name).result

    def select(
        self, condition: SSAValue, if_true: Index, if_false: Index, name: str
    ) -> SSAValue:
        """if_true where the condition holds, else if_false."""
        values = self.value(if_true), self.value(if_false)
        return self.insert(arith.SelectOp(condition, *values), name).result

    def _binary(
        self,
        op_class: Callable[[SSAValue, SSAValue], Operation],
        fold: Callable[[int, int], int],
        lhs: Index,
        rhs: Index,
        name: str,
    ) -> Index:
        if isinstance(lhs, int) and isinstance(rhs, int):
            return wrapped_index(fold(lhs, rhs))
        return self.insert(op_class(self.value(lhs), self.value(rhs)), name).results[0]


def _ceildiv_unsigned(dividend: int, divisor: int) -> int:
    return -(-(dividend % 2**64) // (divisor % 2**64))
