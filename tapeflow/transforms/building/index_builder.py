"""What passes build with: operations at one place, index arithmetic, loops, branches.

Numbers known while compiling are folded as 64 bits wrap them. Extents and trip counts
are sizes: they are not negative, and multiply to more than 64 bits hold. Where a plain
sum or product would wrap around, to a small number or a negative one, one with the mark
`tape.size` is 2**63 - 1, for which no machine has the memory. It costs what the plain
one costs.
"""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import TypeAlias, TypeVar

from xdsl.dialects import arith, scf
from xdsl.dialects.builtin import (
    AnyFloat,
    FloatAttr,
    IndexType,
    IntegerAttr,
    LocationAttr,
    UnitAttr,
)
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.rewriter import InsertPoint, Rewriter

from tapeflow.analysis.integers.number_attributes import (
    integer_attribute,
    wrapped_index,
)
from tapeflow.analysis.ir.constants import constant_of
from tapeflow.dialects.tape_attributes import TAPE_SIZE

Index: TypeAlias = SSAValue | int
"""An index value, or one known while compiling."""

GREATEST = (1 << 63) - 1
"""The largest size."""

OperationT = TypeVar("OperationT", bound=Operation)


def known(value: Index) -> Index:
    """The number behind a constant, else the value itself."""
    number = value if isinstance(value, int) else constant_of(value)
    return value if number is None else number


def hint_of(value: SSAValue, prefix: str = "") -> str | None:
    """A name for something derived from a named value."""
    return None if value.name_hint is None else prefix + value.name_hint


class FunctionConstants:
    """Constants of a function, each once, before every other op of it.

    Constants with which the function begins are among them.
    """

    def __init__(self, function: FuncOp):
        self.entry = function.body.blocks[0]
        self._location = function.location
        self._values: dict[Attribute, SSAValue] = {}
        self._last: Operation | None = None
        for op in self.entry.ops:
            if not isinstance(op, arith.ConstantOp):
                break
            self._last = op
            if isinstance(op.value, IntegerAttr | FloatAttr):
                self._values.setdefault(op.value, op.result)

    def value(
        self, number: IntegerAttr | FloatAttr, name: str | None = None
    ) -> SSAValue:
        """The constant, created where it is new."""
        if number not in self._values:
            constant = arith.ConstantOp(number)
            constant.location = self._location
            constant.result.name_hint = name or _constant_name(number)
            last = self._last
            following = self.entry.first_op if last is None else last.next_op
            Rewriter.insert_op(constant, InsertPoint(self.entry, following))
            self._last = constant
            self._values[number] = constant.result
        return self._values[number]


def _constant_name(number: IntegerAttr | FloatAttr) -> str:
    if isinstance(number, IntegerAttr):
        return f"c{number.value.data}"
    return "zero" if number.value.data == 0 else "constant"


@lru_cache(maxsize=1024)
def _index_attribute(number: int) -> IntegerAttr:
    return integer_attribute(number, IndexType())


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

    @contextmanager
    def at(self, point: InsertPoint) -> Generator[None]:
        """Insert at another place for a while; afterwards on behalf of the same op."""
        outer = self.point, self.location
        self.point = point
        yield
        self.point, self.location = outer

    @contextmanager
    def inside(self, block: Block) -> Generator[Block]:
        """Append to a block for a while."""
        with self.at(InsertPoint.at_end(block)):
            yield block

    def insert(self, op: OperationT, *names: str | None) -> OperationT:
        """Insert an op and name its results."""
        op.location = self.location
        for result, name in zip(op.results, names, strict=False):
            result.name_hint = name
        Rewriter.insert_op(op, self.point)
        return op

    def put(self, op: Operation) -> None:
        """Insert an op that has its own location and names."""
        Rewriter.insert_op(op, self.point)

    def result(self, op: Operation, name: str | None = None) -> SSAValue:
        """Insert an op and name its first result, which is returned."""
        return self.insert(op, name).results[0]

    def loop(
        self,
        bounds: tuple[SSAValue, SSAValue, SSAValue],
        starts: Sequence[SSAValue],
        body: Callable[[SSAValue, Sequence[SSAValue]], Sequence[SSAValue]],
    ) -> Sequence[SSAValue]:
        """Insert an scf.for; `body` gets its counter and what it carries."""
        block = Block(arg_types=[bounds[0].type, *(start.type for start in starts)])
        for arg, start in zip(block.args[1:], starts, strict=True):
            arg.name_hint = start.name_hint
        with self.inside(block):
            self.insert(scf.YieldOp(*body(block.args[0], block.args[1:])))
        return self.insert(scf.ForOp(*bounds, starts, block)).results

    def branch(
        self,
        condition: SSAValue,
        yes: Callable[[], Sequence[SSAValue]],
        no: Callable[[], Sequence[SSAValue]],
    ) -> Sequence[SSAValue]:
        """Insert an scf.if, whose branches yield values of the same types."""
        branches = Block(), Block()
        for block, emit in zip(branches, (yes, no), strict=True):
            with self.inside(block):
                self.insert(scf.YieldOp(*emit()))
        taken, otherwise = branches
        assert taken.last_op is not None
        types = [value.type for value in taken.last_op.operands]
        is_bare = not types and otherwise.first_op is otherwise.last_op
        without = None if is_bare else Region(otherwise)
        branch = scf.IfOp(condition, types, Region(taken), without)
        return self.insert(branch).results

    def value(self, index: Index) -> SSAValue:
        """The SSA value of an index; of a number too large for it, its lowest bits."""
        if not isinstance(index, int):
            return index
        return self.constants.value(_index_attribute(index))

    def zero(self, type_: AnyFloat) -> SSAValue:
        """The constant 0.0 of a type."""
        return self.constants.value(FloatAttr(0.0, type_))

    def cast(self, value: SSAValue, type_: Attribute | None = None) -> SSAValue:
        """The value in another integer type, by default index."""
        target = type_ or IndexType()
        if value.type == target:
            return value
        number = known(value)
        if isinstance(number, int) and isinstance(target, IndexType):
            return self.value(number)
        return self.result(arith.IndexCastOp(value, target), value.name_hint)

    def add(
        self, lhs: Index, rhs: Index, name: str | None, *, is_size: bool = False
    ) -> Index:
        """lhs + rhs"""
        lhs, rhs = known(lhs), known(rhs)
        if lhs == 0 or rhs == 0:
            return rhs if lhs == 0 else lhs
        return self._binary(arith.AddiOp, int.__add__, lhs, rhs, name, is_size)

    def sub(
        self, lhs: Index, rhs: Index, name: str | None, *, is_size: bool = False
    ) -> Index:
        """lhs - rhs; of a size, lhs is not the smaller one"""
        lhs, rhs = known(lhs), known(rhs)
        if rhs == 0:
            return lhs
        return self._binary(arith.SubiOp, int.__sub__, lhs, rhs, name, is_size)

    def mul(
        self, lhs: Index, rhs: Index, name: str | None, *, is_size: bool = False
    ) -> Index:
        """lhs * rhs"""
        lhs, rhs = known(lhs), known(rhs)
        if lhs == 1 or rhs == 1:
            return rhs if lhs == 1 else lhs
        if lhs == 0 or rhs == 0:
            return 0
        return self._binary(arith.MuliOp, int.__mul__, lhs, rhs, name, is_size)

    def ceildiv(self, lhs: Index, rhs: Index, name: str | None) -> Index:
        """lhs / rhs, signed, rounded up; rhs > 0"""
        lhs, rhs = known(lhs), known(rhs)
        if rhs == 1:
            return lhs
        return self._binary(arith.CeilDivSIOp, lambda a, b: -(-a // b), lhs, rhs, name)

    def ceildiv_unsigned(
        self, lhs: Index, rhs: Index, name: str | None, *, is_size: bool = False
    ) -> Index:
        """lhs / rhs, unsigned, rounded up; rhs > 0"""
        lhs, rhs = known(lhs), known(rhs)
        if rhs == 1 and not is_size:
            return lhs
        op_class = arith.CeilDivUIOp
        return self._binary(op_class, _ceildiv_unsigned, lhs, rhs, name, is_size)

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
        return self.result(
            arith.CmpiOp(self.value(lhs), self.value(rhs), predicate), name
        )

    def select(
        self, condition: SSAValue, if_true: Index, if_false: Index, name: str
    ) -> SSAValue:
        """if_true where the condition holds, else if_false."""
        values = self.value(if_true), self.value(if_false)
        return self.result(arith.SelectOp(condition, *values), name)

    def _binary(
        self,
        op_class: Callable[[SSAValue, SSAValue], Operation],
        fold: Callable[[int, int], int],
        lhs: Index,
        rhs: Index,
        name: str | None,
        is_size: bool = False,
    ) -> Index:
        if isinstance(lhs, int) and isinstance(rhs, int):
            number = fold(lhs, rhs)
            return min(number, GREATEST) if is_size else wrapped_index(number)
        op = op_class(self.value(lhs), self.value(rhs))
        if is_size:
            op.attributes[TAPE_SIZE] = UnitAttr()
        return self.result(op, name)


def _ceildiv_unsigned(dividend: int, divisor: int) -> int:
    return -(-(dividend % 2**64) // (divisor % 2**64))
