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
    MemRefType,
    ModuleOp,
)
from xdsl.ir import Block, Operation, SSAValue

from .dual_numbers import Dual, still, unit
from .dual_scalars import constant, scalar

Array = NDArray[Any]


@dataclass(frozen=True)
class Memory:
    """A buffer: an object array of duals or integers; views share elements."""

    elements: NDArray[np.object_]
    is_constant: bool = False
    """Whether no derivative flows through it."""


@dataclass(frozen=True)
class DualOutputs:
    """Results in order, and final contents of all arguments by position."""

    results: tuple[Dual | int, ...]
    buffers: dict[int, NDArray[np.object_]]
    directions: Mapping[int, slice]
    """Argument position to its directions, one an element."""


def evaluate(
    module: ModuleOp,
    function: str,
    inputs: Sequence[Array],
    constant: Sequence[int] = (),
) -> DualOutputs:
    """Run a function; there is a direction for each element of each float argument.

    No derivative flows through the arguments `constant`.
    """
    functions = {
        op.sym_name.data: op for op in module.ops if isinstance(op, func.FuncOp)
    }
    directions: dict[int, slice] = {}
    count = 0
    for k, array in enumerate(inputs):
        if array.dtype.kind == "f":
            directions[k] = slice(count, count + array.size)
            count += array.size
    evaluator = DualEvaluator(functions, count)
    arguments = [
        evaluator.argument(array, directions.get(k), k in constant)
        for k, array in enumerate(inputs)
    ]
    results = evaluator.call(function, arguments)
    buffers = {k: argument.elements for k, argument in enumerate(arguments)}
    return DualOutputs(tuple(results), buffers, directions)


@dataclass
class DualEvaluator:
    """Interprets functions; `values` holds the SSA values of the running one."""

    functions: Mapping[str, func.FuncOp]
    directions: int
    values: dict[SSAValue, Any] = field(default_factory=dict[SSAValue, Any])

    def argument(
        self, array: Array, directions: slice | None, is_constant: bool
    ) -> Memory:
        """A NumPy array as memory; `call` takes scalars out of theirs."""
        elements = np.empty(array.shape, object)
        for number, place in enumerate(np.ndindex(array.shape)):
            value = array[place]
            if directions is None:
                elements[place] = int(value)
            elif is_constant:
                elements[place] = Dual(float(value), still(self.directions))
            else:
                tangent = unit(self.directions, directions.start + number)
                elements[place] = Dual(float(value), tangent)
        return Memory(elements, is_constant)

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
                return (constant(op, self.directions),)
            case _:
                return (scalar(op, operands, self.directions),)

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

    def _memory(self, op: Operation, operands: Sequence[Any]) -> Sequence[Any]:
        match op:
            case memref.LoadOp():
                memory, *place = operands
                return (memory.elements[_inside(memory, place)],)
            case memref.StoreOp():
                value, memory, *place = operands
                memory.elements[_inside(memory, place)] = self._held(memory, value)
                return ()
            case memref.CopyOp():
                source, target = operands
                copied = source.elements.copy()
                for place in np.ndindex(copied.shape):
                    target.elements[place] = self._held(target, copied[place])
                return ()
            case memref.AllocOp() | memref.AllocaOp():
                return (self._allocate(op, operands),)
            case memref.DeallocOp():
                operands[0].elements[...] = None  # a later read shows
                return ()
            case memref.DimOp():
                return (operands[0].elements.shape[operands[1]],)
            case memref.CastOp():
                return (operands[0],)
            case memref.SubviewOp():
                return (_subview(op, operands),)
            case _:
                raise NotImplementedError(op.name)

    def _held(self, memory: Memory, value: Any) -> Any:
        """What a buffer keeps of a value."""
        if memory.is_constant and isinstance(value, Dual):
            return Dual(value.value, still(self.directions))
        return value

    def _allocate(self, op: memref.AllocOp | memref.AllocaOp, sizes: Any) -> Memory:
        type_ = op.memref.type
        assert isinstance(type_, MemRefType)
        dynamic = iter(sizes)
        shape = [n if n != DYNAMIC_INDEX else next(dynamic) for n in type_.get_shape()]
        return Memory(np.full(shape, None, object))


def _inside(memory: Memory, place: Sequence[int]) -> tuple[int, ...]:
    for index, extent in zip(place, memory.elements.shape, strict=True):
        if not 0 <= index < extent:
            raise IndexError(f"{index} is outside 0 to {extent - 1}")
    return tuple(place)


def _subview(op: memref.SubviewOp, operands: Sequence[Any]) -> Memory:
    memory, *dynamic = operands
    values = iter(dynamic)
    starts, counts, steps = (
        [next(values) if n == DYNAMIC_INDEX else n for n in array.get_values()]
        for array in (op.static_offsets, op.static_sizes, op.static_strides)
    )
    places = tuple(
        slice(start, start + count * step, step)
        for start, count, step in zip(starts, counts, steps, strict=True)
    )
    view = memory.elements[places]
    type_ = op.result.type
    assert isinstance(type_, MemRefType)
    while view.ndim > len(type_.get_shape()):
        view = view[0]
    return Memory(view, memory.is_constant)
