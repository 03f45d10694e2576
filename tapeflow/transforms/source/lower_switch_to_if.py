"""Pass `lower-switch-to-if`: a choice of many as choices of two."""

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import scf
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Region
from xdsl.passes import ModulePass
from xdsl.rewriter import Rewriter

from tapeflow.transforms.building.index_builder import FunctionConstants, IndexBuilder
from tapeflow.transforms.building.refusal import refuse_all
from tapeflow.transforms.building.rewriting import (
    inline_block,
    lower_operations,
    operations_of,
    replace_by_values,
    replace_operation,
)

_MOST_CASES = 64
"""Each case nests one deeper, and every walk of the program recurses as deep."""


@dataclass(frozen=True)
class LowerSwitchToIfPass(ModulePass):
    """Turn `scf.index_switch` into nested `scf.if`, the first case outermost.

        %y = scf.index_switch %k -> f64
        case 2 { scf.yield %a : f64 }
        case 5 { scf.yield %b : f64 }
        default { scf.yield %c : f64 }

    becomes

        %is2 = arith.cmpi eq, %k, %c2 : index
        %y = scf.if %is2 -> (f64) {
          scf.yield %a : f64
        } else {
          %is5 = arith.cmpi eq, %k, %c5 : index
          %y_1 = scf.if %is5 -> (f64) {
            scf.yield %b : f64
          } else {
            scf.yield %c : f64
          }
          scf.yield %y_1 : f64
        }
    """

    name = "lower-switch-to-if"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        switches = [switch for switch, _ in operations_of(op, (scf.IndexSwitchOp,))]
        refuse_all(
            [
                (
                    switch,
                    f"a switch of {len(switch.regions) - 1} cases, more than "
                    f"{_MOST_CASES}; store what they differ in in a table",
                )
                for switch in switches
                if len(switch.regions) - 1 > _MOST_CASES
            ]
        )
        lower_operations(op, {scf.IndexSwitchOp: _lower})


def _lower(op: scf.IndexSwitchOp, constants: FunctionConstants) -> None:
    default = op.default_region.block
    if not op.case_regions:
        replace_by_values(op, inline_block(default, op))
        return
    builder = IndexBuilder.before(op, constants)
    otherwise = _moved(op.default_region)
    if not op.results and len(default.ops) == 1:
        otherwise = Region()
    cases = list(zip(op.cases.iter_values(), op.case_regions, strict=True))
    for number, region in reversed(cases[1:]):
        with builder.inside(Block()) as block:
            condition = builder.equal(op.arg, number, f"is{number}")
            choice = scf.IfOp(condition, op.result_types, _moved(region), otherwise)
            builder.insert(choice, *(result.name_hint for result in op.results))
            builder.insert(scf.YieldOp(*choice.results))
        otherwise = Region(block)
    number, region = cases[0]
    condition = builder.equal(op.arg, number, f"is{number}")
    replace_operation(
        op, scf.IfOp(condition, op.result_types, _moved(region), otherwise)
    )


def _moved(region: Region) -> Region:
    return Rewriter.move_region_contents_to_new_regions(region)
