"""What affine operations cannot mean, beyond what their verifiers see."""

from collections.abc import Iterator

from xdsl.dialects import affine
from xdsl.dialects.builtin import AffineMapAttr, MemRefType
from xdsl.ir import Operation
from xdsl.ir.affine import (
    AffineBinaryOpExpr,
    AffineBinaryOpKind,
    AffineConstantExpr,
    AffineExpr,
)

from tapeflow.analysis.integers.number_attributes import is_index
from tapeflow.analysis.source.neutral_elements import REDUCTIONS

Problem = tuple[Operation, str]
"""An operation, and what is wrong with it and what would help."""


def affine_problems(op: Operation) -> Iterator[Problem]:
    """Everything that keeps an affine operation from having a meaning."""
    for expression in _expressions(op):
        yield from _constant_problems(op, expression)
        yield from _division_problems(op, expression)
    match op:
        case affine.ForOp():
            yield from _step_problems(op, [op.step.value.data])
            for map_ in (op.lowerBoundMap, op.upperBoundMap):
                if not map_.data.results:
                    yield op, "a loop without a bound; the bound's map needs a result"
        case affine.ParallelOp():
            yield from _step_problems(op, [step.value.data for step in op.steps])
            yield from _parallel_problems(op)
        case affine.IfOp():
            set_ = op.condition.data
            yield from _count_problems(op, set_.num_dims + set_.num_symbols)
        case affine.LoadOp() | affine.StoreOp():
            yield from _access_problems(op)
        case _:
            pass


def _expressions(op: Operation) -> Iterator[AffineExpr]:
    for property_ in op.properties.values():
        if isinstance(property_, AffineMapAttr):
            yield from property_.data.results
    if isinstance(op, affine.IfOp):
        for constraint in op.condition.data.constraints:
            yield from (constraint.lhs, constraint.rhs)


def _constant_problems(op: Operation, expression: AffineExpr) -> Iterator[Problem]:
    """Numbers are folded while a map is read, beyond 64 bits if need be."""
    for part in expression.dfs():
        match part:
            case AffineConstantExpr(number) if not is_index(number):
                yield op, f"a map with the number {number}, which is not an index"
            case _:
                pass


def _division_problems(op: Operation, expression: AffineExpr) -> Iterator[Problem]:
    for part in expression.dfs():
        match part:
            case AffineBinaryOpExpr(kind, _, AffineConstantExpr(divisor)) if (
                kind not in (AffineBinaryOpKind.Add, AffineBinaryOpKind.Mul)
                and divisor <= 0
            ):
                word = kind.get_token()
                yield op, f"'{word} {divisor}': a divisor must be positive"
            case _:
                pass


def _step_problems(op: Operation, steps: list[int]) -> Iterator[Problem]:
    for step in steps:
        if step <= 0:
            yield op, f"a step of {step}; it must be positive, swap the bounds"
        elif not is_index(step):
            yield op, f"a step of {step}, which is not an index"


def _parallel_problems(op: affine.ParallelOp) -> Iterator[Problem]:
    maps = op.lowerBoundsMap.data, op.upperBoundsMap.data
    yield from _count_problems(op, sum(m.num_dims + m.num_symbols for m in maps))
    for kind, result in zip(op.reductions, op.results, strict=False):
        reduction = REDUCTIONS.get(kind.data)
        if reduction is None:
            known = ", ".join(REDUCTIONS)
            yield op, f"there is no reduction '{kind.data}'; there are {known}"
        elif not reduction.fits(result.type):
            yield op, f"'{kind.data}' does not reduce {result.type}"


def _access_problems(op: affine.LoadOp | affine.StoreOp) -> Iterator[Problem]:
    map_, type_ = op.map.data, op.memref.type
    assert isinstance(type_, MemRefType)
    if map_.num_dims + map_.num_symbols != len(op.indices):
        yield (
            op,
            f"{len(op.indices)} operands for a map of "
            f"{map_.num_dims + map_.num_symbols}",
        )
    if len(map_.results) != type_.get_num_dims():
        yield (
            op,
            f"{len(map_.results)} indices for a buffer of rank {type_.get_num_dims()}",
        )


def _count_problems(
    op: affine.IfOp | affine.ParallelOp, inputs: int
) -> Iterator[Problem]:
    if len(op.operands) != inputs:
        yield op, f"{len(op.operands)} operands for maps of {inputs}"
