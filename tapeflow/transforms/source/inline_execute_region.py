"""Pass `inline-execute-region`: a region that runs once becomes part of its block."""

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import scf
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from tapeflow.transforms.building.index_builder import FunctionConstants
from tapeflow.transforms.building.rewriting import (
    inline_block,
    lower_operations,
    replace_by_values,
)


@dataclass(frozen=True)
class InlineExecuteRegionPass(ModulePass):
    """Put the operations of an `scf.execute_region` in its place.

        %y = scf.execute_region -> (f64) {
          %v = arith.mulf %x, %x : f64
          scf.yield %v : f64
        }
    ==> inline-execute-region
        %v = arith.mulf %x, %x : f64

    A region of several basic blocks stays.
    """

    name = "inline-execute-region"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        lower_operations(op, {scf.ExecuteRegionOp: _inline})


def _inline(op: scf.ExecuteRegionOp, constants: FunctionConstants) -> None:
    if len(op.region.blocks) == 1:
        replace_by_values(op, inline_block(op.region.block, op))
