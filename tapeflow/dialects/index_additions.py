"""MLIR's index dialect, which xDSL lacks: arithmetic of indices under other names."""

from collections.abc import Callable

from xdsl.dialects import arith
from xdsl.dialects.builtin import IndexType, IntegerAttr, i1
from xdsl.ir import Operation, SSAValue
from xdsl.irdl import (
    IRDLOperation,
    irdl_op_definition,
    operand_def,
    prop_def,
    result_def,
    traits_def,
)
from xdsl.traits import Pure


class BinaryOp(IRDLOperation):
    """An operation of two indices."""

    lhs = operand_def(IndexType())
    rhs = operand_def(IndexType())
    result = result_def(IndexType())
    traits = traits_def(Pure())
    assembly_format = "$lhs `,` $rhs attr-dict"


BINARY: dict[str, Callable[[SSAValue, SSAValue], Operation]] = {
    "add": arith.AddiOp,
    "sub": arith.SubiOp,
    "mul": arith.MuliOp,
    "divs": arith.DivSIOp,
    "divu": arith.DivUIOp,
    "ceildivs": arith.CeilDivSIOp,
    "ceildivu": arith.CeilDivUIOp,
    "floordivs": arith.FloorDivSIOp,
    "rems": arith.RemSIOp,
    "remu": arith.RemUIOp,
    "maxs": arith.MaxSIOp,
    "maxu": arith.MaxUIOp,
    "mins": arith.MinSIOp,
    "minu": arith.MinUIOp,
    "shl": arith.ShLIOp,
    "shrs": arith.ShRSIOp,
    "shru": arith.ShRUIOp,
    "and": arith.AndIOp,
    "or": arith.OrIOp,
    "xor": arith.XOrIOp,
}
"""Names after `index.`, and the operation of arith that each is."""


@irdl_op_definition
class ConstantOp(IRDLOperation):
    """%k = index.constant 4"""

    name = "index.constant"
    value = prop_def(IntegerAttr)
    result = result_def(IndexType())
    traits = traits_def(Pure())


@irdl_op_definition
class BoolConstantOp(IRDLOperation):
    """%c = index.bool.constant true"""

    name = "index.bool.constant"
    value = prop_def(IntegerAttr)
    result = result_def(i1)
    traits = traits_def(Pure())


@irdl_op_definition
class SizeOfOp(IRDLOperation):
    """%bits = index.sizeof"""

    name = "index.sizeof"
    result = result_def(IndexType())
    traits = traits_def(Pure())
    assembly_format = "attr-dict"


class CastOp(IRDLOperation):
    """An index of an integer, or the other way round."""

    input = operand_def()
    output = result_def()
    traits = traits_def(Pure())
    assembly_format = "$input attr-dict `:` type($input) `to` type($output)"


@irdl_op_definition
class CastSOp(CastOp):
    """%k = index.casts %i : i32 to index"""

    name = "index.casts"


@irdl_op_definition
class CastUOp(CastOp):
    """%k = index.castu %i : i32 to index"""

    name = "index.castu"


@irdl_op_definition
class CmpOp(IRDLOperation):
    """%c = index.cmp slt(%a, %b); the predicate as arith.cmpi counts them."""

    name = "index.cmp"
    pred = prop_def()
    lhs = operand_def(IndexType())
    rhs = operand_def(IndexType())
    result = result_def(i1)
    traits = traits_def(Pure())


def _binary(name: str) -> type[Operation]:
    fields = {"name": f"index.{name}", "__doc__": BinaryOp.__doc__}
    return irdl_op_definition(type(f"{name.capitalize()}Op", (BinaryOp,), fields))


ADDITIONS: dict[str, type[Operation]] = {
    kind.name: kind
    for kind in (
        *map(_binary, BINARY),
        *(ConstantOp, BoolConstantOp, SizeOfOp, CastSOp, CastUOp, CmpOp),
    )
}
"""Operation name to the class that stands for it."""
