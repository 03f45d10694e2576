"""Pass `affine-to-scf`: affine loops, conditions and accesses as plain index code."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import affine, arith, memref, scf
from xdsl.dialects.builtin import ModuleOp, UnknownLoc
from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import Rewriter

from tapeflow.analysis.source.affine_problems import affine_problems
from tapeflow.analysis.source.neutral_elements import REDUCTIONS, Reduction
from tapeflow.dialects.affine_additions import MaxOp, ParallelOp
from tapeflow.transforms.building.index_builder import (
    FunctionConstants,
    Index,
    IndexBuilder,
)
from tapeflow.transforms.building.refusal import refuse_all
from tapeflow.transforms.building.rewriting import (
    Lowering,
    lower_operations,
    operations_of,
    replace_by_values,
    replace_operation,
)
from tapeflow.transforms.source.affine_expressions import (
    emit_condition,
    emit_largest,
    emit_map,
    emit_smallest,
)


@dataclass(frozen=True)
class AffineToScfPass(ModulePass):
    """Turn affine loops, conditions and accesses into scf, memref and arith.

        affine.for %i = 0 to min affine_map<()[s0] -> (s0, 100)>()[%n] {
          %v = affine.load %x[%i + 1] : memref<?xf64>
        }

    becomes

        %upper = arith.minsi %n, %c100 : index
        scf.for %i = %c0 to %upper step %c1 {
          %index = arith.addi %i, %c1 : index
          %v = memref.load %x[%index] : memref<?xf64>
        }

    `affine.if` becomes `scf.if`, `affine.parallel` becomes `scf.parallel` with
    `scf.reduce`. Operands of a map are its dimensions, then its symbols. `floordiv`
    rounds down, `ceildiv` up, and `mod` is never negative; a divisor must be positive.
    """

    name = "affine-to-scf"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        found = operations_of(op, _LOWERINGS)
        refuse_all(
            [problem for inner, _ in found for problem in affine_problems(inner)]
        )
        lower_operations(op, _LOWERINGS)


def _end_with_yield(block: Block, op: Operation) -> None:
    """Replace the block's terminator, which MLIR lets a loop leave out."""
    terminator = block.last_op
    if isinstance(terminator, affine.YieldOp):
        if isinstance(terminator.location, UnknownLoc):  # it was left out
            terminator.location = op.location
        replace_operation(terminator, scf.YieldOp(*terminator.arguments))
    elif terminator is None or not isinstance(terminator, scf.YieldOp):
        new = scf.YieldOp()
        new.location = op.location
        block.add_op(new)


def _taken(region: Region) -> Region:
    """The region without its operation."""
    return Rewriter.move_region_contents_to_new_regions(region)


def _lower_for(op: affine.ForOp, constants: FunctionConstants) -> None:
    builder = IndexBuilder.before(op, constants)
    lower = emit_map(builder, op.lowerBoundMap, op.lowerBoundOperands, "lower")
    upper = emit_map(builder, op.upperBoundMap, op.upperBoundOperands, "upper")
    bounds = (
        builder.value(emit_largest(builder, lower, "lower")),
        builder.value(emit_smallest(builder, upper, "upper")),
        builder.value(op.step.value.data),
    )
    _end_with_yield(op.body.block, op)
    replace_operation(op, scf.ForOp(*bounds, op.inits, _taken(op.body)))


def _lower_if(op: affine.IfOp, constants: FunctionConstants) -> None:
    builder = IndexBuilder.before(op, constants)
    condition = emit_condition(builder, op.condition.data, op.args)
    for region in (op.then_region, op.else_region):
        for block in region.blocks:
            _end_with_yield(block, op)
    branches = _taken(op.then_region), _taken(op.else_region)
    replace_operation(op, scf.IfOp(condition, op.result_types, *branches))


def _groups(values: Sequence[Index], sizes: Sequence[int]) -> Iterator[list[Index]]:
    rest = iter(values)
    for size in sizes:
        yield [next(rest) for _ in range(size)]


def _lower_parallel(op: affine.ParallelOp, constants: FunctionConstants) -> None:
    builder = IndexBuilder.before(op, constants)
    first = op.lowerBoundsMap.data.num_dims + op.lowerBoundsMap.data.num_symbols
    lower = emit_map(builder, op.lowerBoundsMap, op.map_operands[:first], "lower")
    upper = emit_map(builder, op.upperBoundsMap, op.map_operands[first:], "upper")
    lower_groups = _groups(lower, op.lowerBoundsGroups.get_values())
    upper_groups = _groups(upper, op.upperBoundsGroups.get_values())
    reductions = [REDUCTIONS[kind.data] for kind in op.reductions]
    initial = [
        builder.insert(
            arith.ConstantOp(reduction.neutral_element(result.type)), "neutral"
        ).result
        for reduction, result in zip(reductions, op.results, strict=True)
    ]
    _end_with_reduce(op, reductions)
    loop = scf.ParallelOp(
        [builder.value(emit_largest(builder, g, "lower")) for g in lower_groups],
        [builder.value(emit_smallest(builder, g, "upper")) for g in upper_groups],
        [builder.value(step.value.data) for step in op.steps],
        _taken(op.body),
        initial,
    )
    replace_operation(op, loop)


def _end_with_reduce(op: affine.ParallelOp, reductions: Sequence[Reduction]) -> None:
    block = op.body.block
    terminator = block.last_op
    yielded: tuple[SSAValue, ...] = ()
    if isinstance(terminator, affine.YieldOp):
        yielded = tuple(terminator.arguments)
        Rewriter.erase_op(terminator)
    regions: list[Region] = []
    for reduction, value in zip(reductions, yielded, strict=True):
        combination = Block(arg_types=[value.type, value.type])
        combination.args[0].name_hint, combination.args[1].name_hint = "so_far", "next"
        combined = reduction.combine(*combination.args)
        combined.results[0].name_hint = "reduced"
        combination.add_ops([combined, scf.ReduceReturnOp(combined.results[0])])
        for inner in combination.ops:
            inner.location = op.location
        regions.append(Region(combination))
    reduce = scf.ReduceOp(yielded, regions)
    reduce.location = op.location
    block.add_op(reduce)


def _lower_load(op: affine.LoadOp, constants: FunctionConstants) -> None:
    builder = IndexBuilder.before(op, constants)
    indices = emit_map(builder, op.map, op.indices, "index")
    values = [builder.value(index) for index in indices]
    replace_operation(op, memref.LoadOp.get(op.memref, values))


def _lower_store(op: affine.StoreOp, constants: FunctionConstants) -> None:
    builder = IndexBuilder.before(op, constants)
    indices = emit_map(builder, op.map, op.indices, "index")
    values = [builder.value(index) for index in indices]
    replace_operation(op, memref.StoreOp.get(op.value, op.memref, values))


def _lower_value(
    op: affine.ApplyOp | affine.MinOp | MaxOp, constants: FunctionConstants
) -> None:
    builder = IndexBuilder.before(op, constants)
    name = op.result.name_hint or "index"
    values = emit_map(builder, op.map, tuple(op.operands), name)
    choose = emit_largest if isinstance(op, MaxOp) else emit_smallest
    replace_by_values(op, [builder.value(choose(builder, values, name))])


_LOWERINGS: dict[type[Operation], Lowering] = {
    affine.ForOp: _lower_for,
    affine.IfOp: _lower_if,
    affine.ParallelOp: _lower_parallel,
    ParallelOp: _lower_parallel,
    affine.LoadOp: _lower_load,
    affine.StoreOp: _lower_store,
    affine.ApplyOp: _lower_value,
    affine.MinOp: _lower_value,
    MaxOp: _lower_value,
}
