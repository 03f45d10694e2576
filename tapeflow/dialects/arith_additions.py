"""What xDSL's arith dialect lacks: `arith.remf` and `arith.index_castui`."""

from xdsl.dialects.arith import FloatingPointLikeBinaryOperation
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.irdl import (
    IRDLOperation,
    irdl_op_definition,
    operand_def,
    result_def,
    traits_def,
)
from xdsl.traits import Pure


@irdl_op_definition
class RemFOp(FloatingPointLikeBinaryOperation):
    """What a division leaves that rounds towards zero: C's `fmod`."""

    name = "arith.remf"
    traits = traits_def(Pure())


@irdl_op_definition
class IndexCastUIOp(IRDLOperation):
    """An index of an integer, or the other way round, extended by zeros.

    %k = arith.index_castui %i : i32 to index
    """

    name = "arith.index_castui"
    input = operand_def()
    result = result_def()
    traits = traits_def(Pure())
    assembly_format = "$input attr-dict `:` type($input) `to` type($result)"

    def __init__(self, value: SSAValue, type_: Attribute):
        super().__init__(operands=[value], result_types=[type_])


ADDITIONS: dict[str, type[Operation]] = {
    kind.name: kind for kind in (RemFOp, IndexCastUIOp)
}
"""Operation name to the class that stands for it."""
