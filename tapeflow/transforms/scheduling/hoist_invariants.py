"""Pass `hoist-invariants`: what is the same in all iterations is done once."""

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint, Rewriter

from tapeflow.analysis.ir.call_graph import CallGraph
from tapeflow.analysis.ir.levels import Level
from tapeflow.analysis.memory.aliasing import find_buffers
from tapeflow.analysis.scheduling.invariants import Places, ways_out
from tapeflow.transforms.building.refusal import require_level
from tapeflow.transforms.building.rewriting import functions_of, is_structured
from tapeflow.transforms.scheduling.hoist_accesses import hoist_accesses
from tapeflow.transforms.scheduling.reuse_values import reuse_values


@dataclass(frozen=True)
class HoistInvariantsPass(ModulePass):
    """Compute, load and store once what loops would do alike in each iteration.

        scf.for %j = %c0 to %n step %c1 {
          %i = arith.subi %last, %k : index
          %x = memref.load %a[%j] : memref<?xf64>
          %s = memref.load %sum[%i] : memref<?xf64>
          %t = arith.addf %s, %x : f64
          memref.store %t, %sum[%i] : memref<?xf64>
        }

    becomes, if %n is known to be positive,

        %i = arith.subi %last, %k : index
        %s = memref.load %sum[%i] : memref<?xf64>
        %r = scf.for %j = %c0 to %n step %c1 iter_args(%u = %s) -> (f64) {
          %x = memref.load %a[%j] : memref<?xf64>
          %t = arith.addf %u, %x : f64
          scf.yield %t : f64
        }
        memref.store %r, %sum[%i] : memref<?xf64>

    Otherwise the load and the store stand in an `scf.if` of their own that compares the
    bounds: a loop that does not run accesses nothing. Equal operations become one, a
    load of what was loaded or stored before takes that value, and a store that another
    one overwrites unread is not done. The same operations take the same operands, so
    no bit of a result changes, and a program that fails fails; of several accesses out
    of bounds, another one may be told.

    Accesses of tapes stay where they are.
    """

    name = "hoist-invariants"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        require_level(op, self.name, Level.MEMORY, Level.SCRATCHPAD, takes_source=True)
        graph = CallGraph(op)
        for function in functions_of(op):
            if is_structured(function):
                _hoist(function, graph)


def _hoist(function: FuncOp, graph: CallGraph) -> None:
    buffers = find_buffers(function, graph)
    reuse_values(function, buffers)
    places = Places()
    for op, loop in ways_out(function, places):
        op.detach()
        Rewriter.insert_op(op, InsertPoint.before(loop))
    hoist_accesses(function, buffers, places)
    # Tests of equal bounds, which came from different loops, are one.
    reuse_values(function, find_buffers(function, graph))
