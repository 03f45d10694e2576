"""What xDSL's func dialect lacks: functions as values."""

from xdsl.dialects.builtin import FunctionType, SymbolRefAttr
from xdsl.ir import Operation
from xdsl.irdl import (
    IRDLOperation,
    irdl_op_definition,
    operand_def,
    prop_def,
    result_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.traits import Pure


@irdl_op_definition
class ConstantOp(IRDLOperation):
    """%p = func.constant @g : (f64) -> f64"""

    name = "func.constant"
    value = prop_def(SymbolRefAttr)
    result = result_def(FunctionType)
    traits = traits_def(Pure())


@irdl_op_definition
class CallIndirectOp(IRDLOperation):
    """%r = func.call_indirect %p(%x) : (f64) -> f64"""

    name = "func.call_indirect"
    callee = operand_def(FunctionType)
    callee_operands = var_operand_def()
    res = var_result_def()


ADDITIONS: dict[str, type[Operation]] = {
    kind.name: kind for kind in (ConstantOp, CallIndirectOp)
}
"""Operation name to the class that stands for it."""
