"""Pass `lower-parallel-to-for`: parallel loops run in order of their indices."""

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import scf
from xdsl.dialects.builtin import IndexType, ModuleOp, UnknownLoc
from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import Rewriter

from tapeflow.transforms.building.carrying import take
from tapeflow.transforms.building.index_builder import FunctionConstants
from tapeflow.transforms.building.refusal import refuse_all
from tapeflow.transforms.building.rewriting import (
    inline_block,
    lower_operations,
    operations_of,
    replace_operation,
)


@dataclass(frozen=True)
class LowerParallelToForPass(ModulePass):
    """Turn `scf.parallel` into a nest of `scf.for` that carries the reductions.

        %sum = scf.parallel (%i) = (%a) to (%b) step (%c) init (%zero) -> f64 {
          %v = memref.load %x[%i] : memref<?xf64>
          scf.reduce(%v : f64) {
          ^bb0(%l: f64, %r: f64):
            %s = arith.addf %l, %r : f64
            scf.reduce.return %s : f64
          }
        }

    becomes

        %sum = scf.for %i = %a to %b step %c iter_args(%sum_1 = %zero) -> (f64) {
          %v = memref.load %x[%i] : memref<?xf64>
          %s = arith.addf %sum_1, %v : f64
          scf.yield %s : f64
        }

    The last index runs fastest. A reduction takes its values in this order.
    """

    name = "lower-parallel-to-for"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        message = "a parallel loop over no index; give it a lower and an upper bound"
        loops = [loop for loop, _ in operations_of(op, (scf.ParallelOp,))]
        refuse_all(
            [(loop, message) for loop in loops if not loop.regions[0].block.args]
        )
        lower_operations(op, {scf.ParallelOp: _lower})


def _lower(op: scf.ParallelOp, constants: FunctionConstants) -> None:
    bounds = tuple(zip(op.lowerBound, op.upperBound, op.step, strict=True))
    body = op.body.block
    inductions = tuple(body.args)
    names = [result.name_hint for result in op.results]
    carried = take(body, op.result_types, names)
    _yield_reduced(op, body, carried)
    outer = [_outer_block(induction, carried) for induction in inductions[:-1]]
    for block, induction in zip(outer, inductions, strict=False):
        induction.replace_all_uses_with(block.args[0])
        body.erase_arg(induction)
    region = Rewriter.move_region_contents_to_new_regions(op.body)
    for block, (lower, upper, step) in zip(
        reversed(outer), reversed(bounds[1:]), strict=True
    ):
        loop = scf.ForOp(lower, upper, step, block.args[1:], region)
        for result, arg in zip(loop.results, carried, strict=True):
            result.name_hint = arg.name_hint
        block.add_ops(_located(op, [loop, scf.YieldOp(*loop.results)]))
        region = Region(block)
    replace_operation(op, scf.ForOp(*bounds[0], op.initVals, region))


def _outer_block(induction: SSAValue, carried: Sequence[SSAValue]) -> Block:
    """The body of a loop around others, still without operations."""
    block = Block(arg_types=[IndexType(), *(value.type for value in carried)])
    for arg, like in zip(block.args, (induction, *carried), strict=True):
        arg.name_hint = like.name_hint
    return block


def _located(op: Operation, new: Sequence[Operation]) -> Sequence[Operation]:
    for inner in new:
        inner.location = op.location
    return new


def _yield_reduced(loop: Operation, body: Block, carried: Sequence[SSAValue]) -> None:
    """Replace `scf.reduce` by its reductions of what is carried, and a yield."""
    reduce = body.last_op
    assert isinstance(reduce, scf.ReduceOp)
    reduced: list[SSAValue] = []
    for so_far, value, region in zip(
        carried, reduce.args, reduce.reductions, strict=True
    ):
        combination = region.block
        combination.args[0].replace_all_uses_with(so_far)
        combination.args[1].replace_all_uses_with(value)
        reduced += inline_block(combination, reduce)
    if isinstance(reduce.location, UnknownLoc):  # it was left out
        reduce.location = loop.location
    replace_operation(reduce, scf.YieldOp(*reduced))
