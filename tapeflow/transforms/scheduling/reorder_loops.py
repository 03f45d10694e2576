"""Pass `reorder-loops`: a source whose sums may be added in another order."""

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.passes import ModulePass

from tapeflow.analysis.ir.call_graph import CallGraph
from tapeflow.analysis.memory.aliasing import find_buffers
from tapeflow.analysis.scheduling.jam_plans import Factor
from tapeflow.analysis.scheduling.reorder_plans import find_reorderings
from tapeflow.transforms.building.index_builder import FunctionConstants
from tapeflow.transforms.scheduling.jam_loops import LoopJammer


@dataclass(frozen=True)
class ReorderLoopsPass(ModulePass):
    """Run several iterations of a source's loops side by side."""

    name = "reorder-loops"

    factor: Factor = "auto"
    """Iterations side by side, 1, 2, 4, 8 or 16; `auto` for what seems best to 4."""

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        graph = CallGraph(op)
        for function in op.walk():
            if isinstance(function, FuncOp) and not function.is_declaration:
                self._reorder(function, graph)

    def _reorder(self, function: FuncOp, graph: CallGraph) -> None:
        buffers = find_buffers(function, graph)
        constants = FunctionConstants(function)
        plans, _ = find_reorderings(function.body.block, buffers, self.factor)
        for plan in plans:
            LoopJammer(plan, plan.copies, constants).rewrite()
