"""Whether two arguments of a function may be one buffer.

Those of a function that a user runs are promised not to be. The calls in a module show
what they pass.
"""

from xdsl.dialects import memref
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import CallOp, FuncOp
from xdsl.ir import SSAValue

from tapeflow.analysis.memory.effects import is_memref


def may_share_arguments(function: FuncOp) -> bool:
    """Whether a call in the module may pass the same memory twice, or a global.

    Linear in the size of the module.
    """
    module = function.parent_op()
    if not isinstance(module, ModuleOp) or not any(map(is_memref, function.args)):
        return False
    calls = [op for op in module.walk() if isinstance(op, CallOp)]
    called = {op.callee.string_value() for op in calls}
    name = function.sym_name.data
    return any(
        not _are_apart([*filter(is_memref, call.operands)], called)
        for call in calls
        if call.callee.string_value() == name
    )


def _are_apart(buffers: list[SSAValue], called: set[str]) -> bool:
    roots = [_root(buffer) for buffer in buffers]
    return len(set(roots)) == len(roots) and all(_is_own(r, called) for r in roots)


def _root(buffer: SSAValue) -> SSAValue:
    while isinstance(buffer.owner, memref.CastOp):
        buffer = buffer.owner.source
    return buffer


def _is_own(root: SSAValue, called: set[str]) -> bool:
    """Whether no other root is the same memory: it is allocated, or promised so."""
    match root.owner:
        case memref.AllocOp() | memref.AllocaOp():
            return True
        case owner:
            holder = owner.parent_op()
            return (
                isinstance(holder, FuncOp)
                and root in holder.args
                and holder.sym_name.data not in called
            )
