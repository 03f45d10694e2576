"""Says how many sizes an allocation needs, where xDSL's verifier only counts."""

from xdsl.dialects.builtin import DYNAMIC_INDEX, MemRefType, ModuleOp
from xdsl.dialects.memref import AllocaOp, AllocOp
from xdsl.utils.exceptions import VerifyException

from tapeflow.analysis.ir.walking import operations_in


def verify_buffer_sizes(module: ModuleOp) -> None:
    """Check that each allocation is given the sizes that its type leaves open.

    Raises `VerifyException` through `Operation.emit_error` at the first one at fault.
    """
    for op in operations_in(module):
        if not isinstance(op, AllocOp | AllocaOp):
            continue
        type_ = op.memref.type
        assert isinstance(type_, MemRefType)
        needed = sum(extent == DYNAMIC_INDEX for extent in type_.get_shape())
        given = len(op.dynamic_sizes)
        if needed == given:
            continue
        sizes = f"{needed or 'no'} size{'s' * (needed != 1)}"
        values = ", ".join(f"%n{number or ''}" for number in range(needed))
        message = (
            f"{type_} needs {sizes}, and {given} are given; write "
            f"{op.name}({values}){', with sizes as of memref.dim' if needed else ''}"
        )
        op.emit_error(f"'{op.name}': {message}", VerifyException(message))
