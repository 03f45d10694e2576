"""What xDSL's scf dialect lacks: `scf.forall`."""

from xdsl.dialects.builtin import ArrayAttr, DenseArrayBase, IndexType, i64
from xdsl.ir import Operation
from xdsl.irdl import (
    AttrSizedOperandSegments,
    IRDLOperation,
    irdl_op_definition,
    opt_prop_def,
    opt_region_def,
    prop_def,
    region_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.traits import IsTerminator, NoTerminator, RecursiveMemoryEffect

UNSIGNED = "unsignedCmp"
"""The attribute of an `scf.for` whose bounds are compared as unsigned numbers."""


@irdl_op_definition
class ForallOp(IRDLOperation):
    """Iterations that may run in any order.

    scf.forall (%i, %j) in (%n, 4) { ... }
    """

    name = "scf.forall"
    lower = var_operand_def(IndexType())
    upper = var_operand_def(IndexType())
    step = var_operand_def(IndexType())
    outputs = var_operand_def()
    res = var_result_def()
    static_lower = prop_def(DenseArrayBase.constr(i64), prop_name="staticLowerBound")
    static_upper = prop_def(DenseArrayBase.constr(i64), prop_name="staticUpperBound")
    static_step = prop_def(DenseArrayBase.constr(i64), prop_name="staticStep")
    mapping = opt_prop_def(ArrayAttr)
    body = region_def("single_block")
    irdl_options = (AttrSizedOperandSegments(as_property=True),)
    traits = traits_def(RecursiveMemoryEffect())


@irdl_op_definition
class InParallelOp(IRDLOperation):
    """What ends an `scf.forall`; of buffers there is nothing to put together."""

    name = "scf.forall.in_parallel"
    region = opt_region_def()
    traits = traits_def(IsTerminator(), NoTerminator())


ADDITIONS: dict[str, type[Operation]] = {
    kind.name: kind for kind in (ForallOp, InParallelOp)
}
"""Operation name to the class that stands for it."""
