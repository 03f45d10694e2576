"""Verifies what xDSL leaves out of memref: globals exist, of the type asked for."""

from xdsl.dialects import memref
from xdsl.dialects.builtin import ModuleOp
from xdsl.utils.exceptions import VerifyException

from tapeflow.analysis.ir.walking import operations_in


def verify_globals(module: ModuleOp) -> None:
    """Check every `memref.get_global` of a module.

    Raises `VerifyException` through `Operation.emit_error` at the first one at fault.
    """
    types = {
        op.sym_name.data: op.type
        for op in module.ops
        if isinstance(op, memref.GlobalOp)
    }
    for op in operations_in(module):
        if not isinstance(op, memref.GetGlobalOp):
            continue
        name = op.name_.string_value()
        if name not in types:
            message = f"there is no global buffer @{name}"
            op.emit_error(message, VerifyException(message))
        if types[name] != op.memref.type:
            message = f"global buffer @{name} is {types[name]}, not {op.memref.type}"
            op.emit_error(message, VerifyException(message))
