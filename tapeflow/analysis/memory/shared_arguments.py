"""Whether two arguments of a function may be one buffer.

Those of a function that a user runs are promised not to be. The calls in a module show
what they pass.
"""

from xdsl.dialects import memref
from xdsl.dialects.builtin import MemRefType
from xdsl.dialects.func import FuncOp
from xdsl.ir import SSAValue
from xdsl.utils.hints import isa

from tapeflow.analysis.ir.call_graph import CallGraph
from tapeflow.analysis.memory.effects import is_memref


def may_share_arguments(function: FuncOp, graph: CallGraph | None = None) -> bool:
    """Whether a call in the module may pass the same memory twice, or a global.

    Linear in the size of the module; given its graph, in the number of these calls.
    """
    if not any(map(is_memref, function.args)):
        return False
    graph = graph or CallGraph.around(function)
    passed = ([*filter(is_memref, c.operands)] for c in graph.calls_to(function))
    return not all(_are_apart(buffers, graph) for buffers in passed)


def _are_apart(buffers: list[SSAValue], graph: CallGraph) -> bool:
    roots = [_root(buffer) for buffer in buffers]
    return len(set(roots)) == len(roots) and all(_is_own(r, graph) for r in roots)


def _root(buffer: SSAValue) -> SSAValue:
    while isinstance(buffer.owner, memref.CastOp):
        buffer = buffer.owner.source
    return buffer


def _is_own(root: SSAValue, graph: CallGraph) -> bool:
    """Whether no other root is the same memory: it is allocated, or promised so."""
    match root.owner:
        case memref.AllocOp() | memref.AllocaOp():
            # What is kept in a buffer of buffers may be passed beside it.
            return not isa(root.type, MemRefType[MemRefType])
        case owner:
            holder = owner.parent_op()
            return (
                isinstance(holder, FuncOp)
                and root in holder.args
                and not graph.calls_to(holder)
            )
