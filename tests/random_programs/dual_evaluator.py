"""Forward mode for source programs: interprets the IR, dual numbers for floats.

Independent of the code under test: of the product only the parsed IR is used.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from xdsl.dialects import arith, func, memref, scf
from xdsl.dialects.builtin import (
    DYNAMIC_INDEX,
    FloatAttr,
    IntegerAttr,
    IntegerType,
    MemRefType,
    ModuleOp,
)
from xdsl.ir import Attribute, Block, Operation, SSAValue

from . import dual_numbers
from .dual_numbers import Dual, Tangent, rounded
from .dual_views import view_of
from .integer_operations import COMPARISONS, INTEGER_OPERATIONS, wrapped

Array = NDArray[Any]
FLOATS = ("f32", "f64")


@dataclass(frozen=True)
class Memory:
    """A buffer: an object array of duals or integers; views share elements."""

    elements: NDArray[np.object_]


@dataclass(frozen=True)
class DualOutputs:
    """Results in order, and final contents of all buffer arguments by position."""

    results: tuple[Dual | int, ...]
    buffers: dict[int, NDArray[np.object_]]


def type_name(type_: Attribute) -> str:
    """`f64`, `index`, `i32`, ..."""
    return str(type_)


def element_type(memory: SSAValue) -> Attribute:
    """The type of a memref's elements."""
    assert isinstance(memory.type, MemRefType)
    return memory.type.element_type


def evaluate(
    module: ModuleOp,
    function: str,
    inputs: Sequence[Array],
    directions: Mapping[int, Array],
) -> DualOutputs:
    """Run a function; tangent k is along the k-th direction, one an argument.

    Raises:
        NotSmooth: a comparison was nearly a tie.
    """
    functions = {
        op.sym_name.data: op for op in module.ops if isinstance(op, func.FuncOp)
    }
    evaluator = DualEvaluator(functions, len(directions))
    arguments = [
        evaluator.argument(array, list(directions).index(k), directions[k])
        if k in directions
        else evaluator.argument(array, None, None)
        for k, array in enumerate(inputs)
    ]
    results = evaluator.call(function, arguments)
    buffers = {
        k: argument.elements
        for k, argument in enumerate(arguments)
        if isinstance(argument, Memory)
    }
    return DualOutputs(tuple(results), buffers)


@dataclass
class DualEvaluator:
    """Interprets functions; `values` holds the SSA values of the running one."""

    functions: Mapping[str, func.FuncOp]
    directions: int
    values: dict[SSAValue, Any] = field(default_factory=dict[SSAValue, Any])

    def still(self) -> Tangent:
        """The tangent of a constant."""
        return np.zeros(self.directions)

    def argument(
        self, array: Array, position: int | None, direction: Array | None
    ) -> Any:
        """A NumPy array as memory; `call` takes scalars out of theirs."""
        if array.dtype.kind != "f":
            return Memory(array.astype(object))
        elements = np.empty(array.shape, object)
        for place in np.ndindex(array.shape):
            tangent = self.still()
            if position is not None and direction is not None:
                tangent[position] = float(direction[place])
            elements[place] = Dual(float(array[place]), tangent)
        return Memory(elements)

    def call(self, name: str, arguments: Sequence[Any]) -> list[Any]:
        """Run a function on values."""
        block = self.functions[name].body.block
        outer, self.values = self.values, {}
        given = [
            a
            if isinstance(p.type, MemRefType) or not isinstance(a, Memory)
            else a.elements[()]
            for p, a in zip(block.args, arguments, strict=True)
        ]
        results = self.run(block, given)
        self.values = outer
        return results

    def run(self, block: Block, arguments: Sequence[Any]) -> list[Any]:
        """Run a block; what its terminator passes on."""
        self.values.update(zip(block.args, arguments, strict=True))
        for op in block.ops:
            if op is block.last_op and isinstance(
                op, func.ReturnOp | scf.YieldOp | scf.ConditionOp
            ):
                return [self.values[operand] for operand in op.operands]
            results = self.step(op)
            self.values.update(zip(op.results, results, strict=True))
        return []

    def step(self, op: Operation) -> Sequence[Any]:
        """The results of one operation."""
        operands = [self.values[operand] for operand in op.operands]
        match op:
            case func.CallOp():
                return self.call(op.callee.string_value(), operands)
            case scf.ForOp():
                return self._for(op, operands)
            case scf.IfOp():
                return self._if(op, operands[0])
            case scf.WhileOp():
                return self._while(op, operands)
            case _ if op.name.startswith("memref."):
                return self._memory(op, operands)
            case arith.ConstantOp():
                return (self._constant(op),)
            case _:
                return (self._scalar(op, operands),)

    def _for(self, op: scf.ForOp, operands: Sequence[Any]) -> Sequence[Any]:
        lower, upper, step, *carried = operands
        for i in range(lower, upper, step):
            carried = self.run(op.body.block, [i, *carried])
        return carried

    def _if(self, op: scf.IfOp, condition: int) -> Sequence[Any]:
        region = op.true_region if condition else op.false_region
        return self.run(region.blocks[0], ()) if region.blocks else ()

    def _while(self, op: scf.WhileOp, carried: Sequence[Any]) -> Sequence[Any]:
        while True:
            go, *passed = self.run(op.before_region.block, carried)
            if not go:
                return passed
            carried = self.run(op.after_region.block, passed)

    def _constant(self, op: arith.ConstantOp) -> Dual | int:
        if isinstance(op.value, FloatAttr):
            value = rounded(op.value.value.data, type_name(op.result.type))
            return Dual(value, self.still())
        assert isinstance(op.value, IntegerAttr)
        return op.value.value.data

    def _memory(self, op: Operation, operands: Sequence[Any]) -> Sequence[Any]:
        match op:
            case memref.LoadOp():
                memory, *place = operands
                return (memory.elements[_inside(memory, place)],)
            case memref.StoreOp():
                value, memory, *place = operands
                memory.elements[_inside(memory, place)] = value
                return ()
            case memref.CopyOp():
                source, target = operands
                target.elements[...] = source.elements.copy()
                return ()
            case memref.AllocOp() | memref.AllocaOp():
                return (self._allocate(op, operands),)
            case memref.DeallocOp():
                operands[0].elements[...] = None  # a later read shows
                return ()
            case memref.DimOp():
                return (operands[0].elements.shape[operands[1]],)
            case _:
                source, *numbers = operands
                return (Memory(view_of(op, source.elements, numbers)),)

    def _allocate(self, op: memref.AllocOp | memref.AllocaOp, sizes: Any) -> Memory:
        type_ = op.memref.type
        assert isinstance(type_, MemRefType)
        dynamic = iter(sizes)
        shape = [n if n != DYNAMIC_INDEX else next(dynamic) for n in type_.get_shape()]
        return Memory(np.full(shape, None, object))

    def _scalar(self, op: Operation, operands: Sequence[Any]) -> Any:
        name, type_ = op.name, type_name(op.results[0].type)
        match op:
            case arith.SelectOp():
                return operands[1] if operands[0] else operands[2]
            case arith.CmpfOp():
                predicate = arith.CMPF_COMPARISON_OPERATIONS[op.predicate.value.data]
                kind = type_name(op.lhs.type)
                x, y = operands
                return int(dual_numbers.compare(predicate, x, y, kind))
            case arith.CmpiOp():
                predicate = arith.CMPI_COMPARISON_OPERATIONS[op.predicate.value.data]
                return int(COMPARISONS[predicate](*operands))
            case arith.ExtFOp() | arith.TruncFOp():
                return Dual(rounded(operands[0].value, type_), operands[0].tangent)
            case arith.SIToFPOp():
                return Dual(rounded(float(operands[0]), type_), self.still())
            case arith.FPToSIOp():
                return int(operands[0].value)
            case _ if name == "math.fpowi":
                x, power = operands
                return dual_numbers.integer_power(x, power, type_)
            case _ if name == "math.fma":
                x, y, z = operands
                return dual_numbers.fused(x, y, z, type_)
            case _ if type_ in FLOATS:
                return self._float(name, operands, type_)
            case _:
                width = _width(op.results[0].type)
                return wrapped(INTEGER_OPERATIONS[name](*operands, width), width)

    def _float(self, name: str, operands: Sequence[Dual], type_: str) -> Dual:
        if name in dual_numbers.UNARY:
            return dual_numbers.apply_unary(name, operands[0], type_)
        return dual_numbers.apply_binary(name, operands[0], operands[1], type_)


def _width(type_: Attribute) -> int:
    return type_.width.data if isinstance(type_, IntegerType) else 64


def _inside(memory: Memory, place: Sequence[int]) -> tuple[int, ...]:
    for index, extent in zip(place, memory.elements.shape, strict=True):
        if not 0 <= index < extent:
            raise IndexError(f"{index} is outside 0 to {extent - 1}")
    return tuple(place)
