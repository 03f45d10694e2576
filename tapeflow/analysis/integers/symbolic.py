"""Index values as expressions of the function's sizes and of loop counters.

Sizes are `dim(x, 0)`, the extent of a buffer argument, and whole-number arguments by
name. A loop's induction variable is its lower bound plus its step times a counter from
0. What depends on data (a load, a carried value, a branch) has no expression.
"""

from collections.abc import Callable
from typing import cast

from xdsl.dialects import arith, memref, scf
from xdsl.dialects.builtin import DYNAMIC_INDEX, IntegerAttr, MemRefType
from xdsl.dialects.func import FuncOp
from xdsl.ir import BlockArgument, Operation, OpResult, SSAValue

from tapeflow.analysis.integers.algebra import Expression, size_symbol, sympy

_BINARY: dict[type[Operation], Callable[[Expression, Expression], Expression]] = {
    arith.AddiOp: lambda a, b: a + b,
    arith.SubiOp: lambda a, b: a - b,
    arith.MuliOp: lambda a, b: a * b,
    arith.DivSIOp: lambda a, b: sympy().floor(a / b),
    arith.DivUIOp: lambda a, b: sympy().floor(a / b),
    arith.FloorDivSIOp: lambda a, b: sympy().floor(a / b),
    arith.CeilDivSIOp: lambda a, b: sympy().ceiling(a / b),
    arith.CeilDivUIOp: lambda a, b: sympy().ceiling(a / b),
    arith.RemSIOp: lambda a, b: sympy().Mod(a, b),
    arith.RemUIOp: lambda a, b: sympy().Mod(a, b),
    arith.MaxSIOp: lambda a, b: sympy().Max(a, b),
    arith.MaxUIOp: lambda a, b: sympy().Max(a, b),
    arith.MinSIOp: lambda a, b: sympy().Min(a, b),
    arith.MinUIOp: lambda a, b: sympy().Min(a, b),
    arith.ShLIOp: lambda a, b: a * 2**b,
    arith.ShRSIOp: lambda a, b: sympy().floor(a / 2**b),
    arith.ShRUIOp: lambda a, b: sympy().floor(a / 2**b),
}
"""Quotients round down: sizes are not negative."""

_CASTS = (arith.IndexCastOp, arith.ExtSIOp, arith.ExtUIOp, arith.TruncIOp)


class IndexExpressions:
    """The expressions of one function's values."""

    def __init__(self, function: FuncOp):
        self._entry = function.body.block
        self._known: dict[SSAValue, Expression | None] = {}
        self._counters: dict[Operation, Expression] = {}

    def counter(self, loop: scf.ForOp) -> Expression:
        """The symbol that counts a loop's iterations from 0."""
        if loop not in self._counters:
            name = f"iteration{len(self._counters)}"
            self._counters[loop] = sympy().Dummy(name, integer=True, nonnegative=True)
        return self._counters[loop]

    def trips(self, loop: scf.ForOp) -> Expression | None:
        """The trip count, negative for an empty loop; None if data decides."""
        lower, upper, step = map(self.of, (loop.lb, loop.ub, loop.step))
        if lower is None or upper is None or step is None or step == 0:
            return None
        return sympy().ceiling((upper - lower) / step)

    def of(self, value: SSAValue) -> Expression | None:
        """The expression of a whole number; None if data decides."""
        if value not in self._known:
            self._known[value] = None  # a cycle has no expression
            self._known[value] = self._find(value)
        return self._known[value]

    def extent(self, buffer: SSAValue, axis: int) -> Expression | None:
        """The extent of a buffer along an axis; None if it is not known."""
        type_ = buffer.type
        if not isinstance(type_, MemRefType) or axis >= type_.get_num_dims():
            return None
        shape = type_.get_shape()
        if shape[axis] != DYNAMIC_INDEX:
            return sympy().Integer(shape[axis])
        if isinstance(buffer, BlockArgument):
            if buffer.block is not self._entry:
                return None
            return size_symbol(f"dim({argument_name(buffer)}, {axis})")
        op = cast(Operation, buffer.owner)
        if isinstance(op, memref.AllocOp | memref.AllocaOp):
            dynamic = sum(extent == DYNAMIC_INDEX for extent in shape[:axis])
            return self.of(op.dynamic_sizes[dynamic])
        if isinstance(op, memref.CastOp):
            return self.extent(op.source, axis)
        return None

    def _find(self, value: SSAValue) -> Expression | None:
        if isinstance(value, BlockArgument):
            return self._find_argument(value)
        assert isinstance(value, OpResult)
        op = value.op
        if isinstance(op, arith.ConstantOp):
            number = op.value
            is_whole = isinstance(number, IntegerAttr)
            return sympy().Integer(number.value.data) if is_whole else None
        if isinstance(op, memref.DimOp):
            axis = self.of(op.index)
            if axis is None or not axis.is_Integer:
                return None
            return self.extent(op.source, int(axis))
        if isinstance(op, _CASTS):
            return self.of(op.operands[0])
        if type(op) not in _BINARY:
            return None
        operands = [self.of(operand) for operand in op.operands]
        if None in operands or (_divides(op) and operands[1] == 0):
            return None
        return _BINARY[type(op)](*operands)

    def _find_argument(self, value: BlockArgument) -> Expression | None:
        if value.block is self._entry:
            return size_symbol(argument_name(value))
        loop = value.block.parent_op()
        if not isinstance(loop, scf.ForOp) or value.index != 0:
            return None
        lower, step = self.of(loop.lb), self.of(loop.step)
        if lower is None or step is None:
            return None
        return lower + step * self.counter(loop)


def argument_name(argument: BlockArgument) -> str:
    """The name of a function's argument in formulas: its own, or `arg3`."""
    return argument.name_hint or f"arg{argument.index}"


def _divides(op: Operation) -> bool:
    return "div" in op.name or "rem" in op.name
