"""Forward mode for source programs: interprets the IR, dual numbers for floats.

Independent of the code under test: of the product only the parsed IR is used.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from math import inf, nan
from typing import Any

import numpy as np
from numpy.typing import NDArray
from xdsl.dialects import affine, arith, func, linalg, memref, scf
from xdsl.dialects.builtin import (
    MemRefType,
    ModuleOp,
)
from xdsl.ir import Attribute, Block, Operation, SSAValue

from . import dual_affine
from .dual_linalg import LinalgMeaning
from .dual_memory import Memory, MemoryMeaning, globals_of, held, inside
from .dual_numbers import Dual, rounded, still, unit
from .dual_scalars import FLOATS, apply, constant, scalar

Array = NDArray[Any]
TERMINATORS = (
    func.ReturnOp,
    scf.YieldOp,
    scf.ConditionOp,
    scf.ReduceOp,
    scf.ReduceReturnOp,
    affine.YieldOp,
    linalg.ops.YieldOp,
)
NEUTRAL = {
    "addf": 0.0,
    "mulf": 1.0,
    "maximumf": -inf,
    "minimumf": inf,
    "maxnumf": nan,
    "minnumf": nan,
    "addi": 0,
    "muli": 1,
    "maxs": -(2**63),
    "mins": 2**63 - 1,
}
"""What reductions give without any iteration."""


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
    evaluator = DualEvaluator(functions, count, globals_of(module))
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
    definitions: Mapping[str, memref.GlobalOp]
    values: dict[SSAValue, Any] = field(default_factory=dict[SSAValue, Any])

    def __post_init__(self) -> None:
        self.memory = MemoryMeaning(self.definitions, self._number)
        self.linalg = LinalgMeaning(self.run, self.apply)

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
        return Memory.of(elements, is_constant)

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
            if op is block.last_op and isinstance(op, TERMINATORS):
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
            case scf.ParallelOp():
                return self._parallel(op, operands)
            case scf.IndexSwitchOp():
                return self._switch(op, operands[0])
            case scf.ExecuteRegionOp():
                return self.run(op.region.block, ())
            case _ if op.name.startswith("memref."):
                return self.memory.step(op, operands)
            case _ if op.name.startswith("affine."):
                return dual_affine.step(self, op, operands)
            case _ if op.name.startswith("linalg."):
                return self.linalg.step(op, operands)
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

    def load(self, memory: Memory, place: Sequence[int]) -> Any:
        """An element."""
        return memory.elements[inside(memory, place)]

    def store(self, value: Any, memory: Memory, place: Sequence[int]) -> None:
        """Write an element."""
        memory.elements[inside(memory, place)] = held(memory, value)

    def apply(self, name: str, operands: Sequence[Any], type_: str) -> Any:
        """The result of an operation of floats or integers."""
        return apply(name, operands, type_)

    def combine(self, kind: str, so_far: Any, value: Any, type_: Attribute) -> Any:
        """One step of a reduction such as `addf`; of nothing it is the neutral one."""
        if so_far is None:
            return self._number(NEUTRAL[kind], str(type_))
        return self.apply(f"arith.{kind}", [so_far, value], str(type_))

    def _number(self, value: float, type_: str) -> Dual | int:
        if type_ in FLOATS:
            return Dual(rounded(float(value), type_), still(self.directions))
        return int(value)

    def _parallel(self, op: scf.ParallelOp, operands: Sequence[Any]) -> Sequence[Any]:
        """Iterations in order; what each one gives is combined with what is so far."""
        count = len(op.lowerBound)
        lower, upper, steps = (operands[k * count : (k + 1) * count] for k in range(3))
        totals = [*operands[3 * count :]]
        reduce = op.body.block.last_op
        assert reduce is not None
        for point in product(*map(range, lower, upper, steps)):
            values = self.run(op.body.block, point)
            totals = [
                self.run(region.block, [total, value])[0]
                for region, total, value in zip(
                    reduce.regions, totals, values, strict=True
                )
            ]
        return totals

    def _switch(self, op: scf.IndexSwitchOp, value: int) -> Sequence[Any]:
        cases = zip(op.cases.get_values(), op.case_regions, strict=True)
        taken = [region for case, region in cases if case == value]
        return self.run((taken or [op.default_region])[0].block, ())
