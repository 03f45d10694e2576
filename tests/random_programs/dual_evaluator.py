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
    FloatAttr,
    IntegerAttr,
    IntegerType,
    MemRefType,
    ModuleOp,
)
from xdsl.ir import Attribute, Block, Operation, SSAValue

from . import dual_affine, dual_numbers
from .dual_linalg import LinalgMeaning
from .dual_memory import Memory, MemoryMeaning, globals_of, inside
from .dual_numbers import Dual, Tangent, rounded
from .integer_operations import COMPARISONS, INTEGER_OPERATIONS, wrapped

Array = NDArray[Any]
FLOATS = ("f32", "f64")
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
    """Results in order, and final contents of all buffer arguments by position."""

    results: tuple[Dual | int, ...]
    buffers: dict[int, NDArray[np.object_]]


def type_name(type_: Attribute) -> str:
    """`f64`, `index`, `i32`, ..."""
    return str(type_)


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
    evaluator = DualEvaluator(functions, len(directions), globals_of(module))
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
    definitions: Mapping[str, memref.GlobalOp]
    values: dict[SSAValue, Any] = field(default_factory=dict[SSAValue, Any])

    def __post_init__(self) -> None:
        self.memory = MemoryMeaning(self.definitions, self._number)
        self.linalg = LinalgMeaning(self.run, self.apply)

    def still(self) -> Tangent:
        """The tangent of a constant."""
        return np.zeros(self.directions)

    def argument(
        self, array: Array, position: int | None, direction: Array | None
    ) -> Any:
        """A NumPy array as memory; `call` takes scalars out of theirs."""
        if array.dtype.kind != "f":
            return Memory.of(array.astype(object))
        elements = np.empty(array.shape, object)
        for place in np.ndindex(array.shape):
            tangent = self.still()
            if position is not None and direction is not None:
                tangent[position] = float(direction[place])
            elements[place] = Dual(float(array[place]), tangent)
        return Memory.of(elements)

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

    def load(self, memory: Memory, place: Sequence[int]) -> Any:
        """An element."""
        return memory.elements[inside(memory, place)]

    def store(self, value: Any, memory: Memory, place: Sequence[int]) -> None:
        """Write an element."""
        memory.elements[inside(memory, place)] = value

    def apply(self, name: str, operands: Sequence[Any], type_: str) -> Any:
        """The result of an operation of floats or integers."""
        if type_ in FLOATS:
            return self._float(name, operands, type_)
        width = 64 if type_ == "index" else int(type_[1:])
        return wrapped(INTEGER_OPERATIONS[name](*operands, width), width)

    def combine(self, kind: str, so_far: Any, value: Any, type_: Attribute) -> Any:
        """One step of a reduction such as `addf`; of nothing it is the neutral one."""
        if so_far is None:
            return self._number(NEUTRAL[kind], type_name(type_))
        return self.apply(f"arith.{kind}", [so_far, value], type_name(type_))

    def _number(self, value: float, type_: str) -> Dual | int:
        if type_ in FLOATS:
            return Dual(rounded(float(value), type_), self.still())
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
