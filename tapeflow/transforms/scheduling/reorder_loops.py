"""Pass `reorder-loops`: sums of a source are added up in another order, by request."""

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.passes import ModulePass

from tapeflow.analysis.ir.call_graph import CallGraph
from tapeflow.analysis.ir.levels import Level
from tapeflow.analysis.memory.aliasing import find_buffers
from tapeflow.analysis.scheduling.jam_plans import Factor
from tapeflow.analysis.scheduling.reorder_plans import find_reorderings
from tapeflow.transforms.building.index_builder import FunctionConstants
from tapeflow.transforms.building.refusal import require_level
from tapeflow.transforms.scheduling.jam_loops import jam, require_factor


@dataclass(frozen=True)
class ReorderLoopsPass(ModulePass):
    """Let iterations of a source run side by side, in sums of their own.

        %sum = scf.for %i = %c0 to %n step %c1 iter_args(%s = %zero) -> (f64) {
          %x = memref.load %a[%i] : memref<?xf64>
          %y = math.exp %x : f64
          %t = arith.addf %s, %y : f64
          scf.yield %t : f64
        }

    becomes for a factor of 2

        %s_0, %s_1 = scf.for %i = %c0 to %end step %c2
            iter_args(%s = %zero, %s_2 = %nothing) -> (f64, f64) {
          %i_1 = arith.addi %i, %c1 : index
          %x = memref.load %a[%i] : memref<?xf64>
          %x_1 = memref.load %a[%i_1] : memref<?xf64>
          %y = math.exp %x : f64
          %y_1 = math.exp %x_1 : f64
          ...
          scf.yield %t, %t_1 : f64, f64
        }
        %both = arith.addf %s_0, %s_1 : f64

    and the loop as it was for what is left, from %end on with %both; %nothing is -0.0.
    Loops that hold loops are jammed as `jam-loops` does it, also where inner loops go
    on with the sum of the iteration before. What is differentiated is the new program,
    so its reverse runs side by side, too. Values differ by how sums are rounded, and
    gradients by how those of the new program's terms are; no other operation changes.
    """

    name = "reorder-loops"

    factor: Factor = "auto"
    """Iterations side by side, 1, 2, 4, 8 or 16; `auto` for what seems best to 4."""

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        require_level(op, self.name, Level.REQUEST, takes_source=True)
        require_factor(op, self.name, self.factor)
        graph = CallGraph(op)
        for function in op.walk():
            if isinstance(function, FuncOp) and not function.is_declaration:
                self._reorder(function, graph)

    def _reorder(self, function: FuncOp, graph: CallGraph) -> None:
        buffers = find_buffers(function, graph)
        constants = FunctionConstants(function)
        plans = find_reorderings(function.body.block, buffers, self.factor)
        for plan in plans:
            jam(plan, constants)
