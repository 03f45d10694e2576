"""A copy of a function on which to try what a pass would do."""

from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp

from tapeflow.analysis.ir.call_graph import CallGraph


def copy_with_callees(function: FuncOp) -> tuple[FuncOp, ModuleOp]:
    """A copy in a module of its own, with copies of all that it calls."""
    components = CallGraph.around(function).components(function)
    called = (one for component in components for one in component)
    others = [one.clone() for one in called if one is not function]
    copied = function.clone()
    return copied, ModuleOp([copied, *others])
