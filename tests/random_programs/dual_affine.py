"""What affine maps, loops, conditions and accesses mean, for the dual evaluator."""

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any, Protocol

from xdsl.dialects import affine
from xdsl.dialects.builtin import AffineMapAttr
from xdsl.ir import Attribute, Block, Operation
from xdsl.ir.affine import (
    AffineBinaryOpExpr,
    AffineBinaryOpKind,
    AffineConstantExpr,
    AffineConstraintKind,
    AffineDimExpr,
    AffineExpr,
    AffineMap,
    AffineSymExpr,
)


class Runs(Protocol):
    """What is asked of an evaluator."""

    def run(self, block: Block, arguments: Sequence[Any]) -> list[Any]:
        """Run a block; what its terminator passes on."""
        ...

    def load(self, memory: Any, place: Sequence[int]) -> Any:
        """An element."""
        ...

    def store(self, value: Any, memory: Any, place: Sequence[int]) -> None:
        """Write an element."""
        ...

    def combine(self, kind: str, so_far: Any, value: Any, type_: Attribute) -> Any:
        """One step of a reduction such as `addf`; of nothing it is the neutral one."""
        ...


_BINARY = {
    AffineBinaryOpKind.Add: lambda a, b: a + b,
    AffineBinaryOpKind.Mul: lambda a, b: a * b,
    AffineBinaryOpKind.Mod: lambda a, b: a % b,
    AffineBinaryOpKind.FloorDiv: lambda a, b: a // b,
    AffineBinaryOpKind.CeilDiv: lambda a, b: -(-a // b),
}


def number(expression: AffineExpr, dims: Sequence[int], symbols: Sequence[int]) -> int:
    """The value of an affine expression."""
    match expression:
        case AffineConstantExpr():
            return expression.value
        case AffineDimExpr():
            return dims[expression.position]
        case AffineSymExpr():
            return symbols[expression.position]
        case AffineBinaryOpExpr():
            left = number(expression.lhs, dims, symbols)
            right = number(expression.rhs, dims, symbols)
            return _BINARY[expression.kind](left, right)
        case _:
            raise NotImplementedError(str(expression))


def numbers(map_: AffineMap, operands: Sequence[int]) -> list[int]:
    """The results of a map; operands are its dimensions, then its symbols."""
    dims, symbols = operands[: map_.num_dims], operands[map_.num_dims :]
    return [number(result, dims, symbols) for result in map_.results]


def step(run: Runs, op: Operation, operands: Sequence[Any]) -> Sequence[Any]:
    """The results of an affine operation."""
    match op:
        case affine.ForOp():
            return _for(run, op, operands)
        case affine.IfOp():
            taken = op.then_region if _holds(op, operands) else op.else_region
            return run.run(taken.blocks[0], ()) if taken.blocks else ()
        case affine.ParallelOp():
            return _parallel(run, op, operands)
        case affine.LoadOp():
            memory, *rest = operands
            return (run.load(memory, numbers(op.map.data, rest)),)
        case affine.StoreOp():
            value, memory, *rest = operands
            run.store(value, memory, numbers(op.map.data, rest))
            return ()
        case affine.ApplyOp():
            return numbers(op.map.data, operands)
        case _ if op.name in ("affine.min", "affine.max"):
            map_ = op.properties["map"]
            assert isinstance(map_, AffineMapAttr)
            found = numbers(map_.data, operands)
            return (min(found) if op.name == "affine.min" else max(found),)
        case _:
            raise NotImplementedError(op.name)


def _for(run: Runs, op: affine.ForOp, operands: Sequence[Any]) -> Sequence[Any]:
    low, high = len(op.lowerBoundOperands), len(op.upperBoundOperands)
    first = max(numbers(op.lowerBoundMap.data, operands[:low]))
    end = min(numbers(op.upperBoundMap.data, operands[low : low + high]))
    carried: Sequence[Any] = operands[low + high :]
    for i in range(first, end, op.step.value.data):
        carried = run.run(op.body.block, [i, *carried])
    return carried


def _holds(op: affine.IfOp, operands: Sequence[int]) -> bool:
    set_ = op.condition.data
    dims, symbols = operands[: set_.num_dims], operands[set_.num_dims :]
    for constraint in set_.constraints:
        left = number(constraint.lhs, dims, symbols)
        right = number(constraint.rhs, dims, symbols)
        holds = {
            AffineConstraintKind.eq: left == right,
            AffineConstraintKind.ge: left >= right,
            AffineConstraintKind.le: left <= right,
        }
        if not holds[constraint.kind]:
            return False
    return True


def _grouped(values: Sequence[int], sizes: Sequence[int]) -> Iterator[Sequence[int]]:
    start = 0
    for size in sizes:
        yield values[start : start + size]
        start += size


def _parallel(
    run: Runs, op: affine.ParallelOp, operands: Sequence[int]
) -> Sequence[Any]:
    lower_map, upper_map = op.lowerBoundsMap.data, op.upperBoundsMap.data
    split = lower_map.num_dims + lower_map.num_symbols
    lower = numbers(lower_map, operands[:split])
    upper = numbers(upper_map, operands[split:])
    starts = map(max, _grouped(lower, op.lowerBoundsGroups.get_values()))
    ends = map(min, _grouped(upper, op.upperBoundsGroups.get_values()))
    steps = [step_.value.data for step_ in op.steps]
    ranges = map(range, starts, ends, steps)
    types = [result.type for result in op.results]
    kinds = [kind.data for kind in op.reductions]
    totals = [run.combine(k, None, None, t) for k, t in zip(kinds, types, strict=True)]
    for first, point in enumerate(product(*ranges)):
        values = run.run(op.body.block, point)
        totals = [
            value if first == 0 else run.combine(kind, total, value, type_)
            for kind, total, value, type_ in zip(
                kinds, totals, values, types, strict=True
            )
        ]
    return totals
