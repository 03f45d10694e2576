"""What xDSL's math dialect lacks."""

import abc
from typing import ClassVar

from xdsl.dialects.arith import FastMathFlagsAttr
from xdsl.dialects.builtin import AnyFloatConstr, i1
from xdsl.dialects.math import FloatingPointLikeUnaryMathOperation
from xdsl.ir import Operation, SSAValue
from xdsl.irdl import (
    IRDLOperation,
    VarConstraint,
    irdl_op_definition,
    operand_def,
    prop_def,
    result_def,
    traits_def,
)
from xdsl.traits import Pure


@irdl_op_definition
class ErfcOp(FloatingPointLikeUnaryMathOperation):
    """1 - erf(x), exact to the last bits for large x, too."""

    name = "math.erfc"
    traits = traits_def(Pure())


@irdl_op_definition
class ClampFOp(IRDLOperation):
    """A value, moved to the nearer end of a range where it is outside.

    %y = math.clampf %x to [%low, %high] : f64
    """

    T: ClassVar = VarConstraint("T", AnyFloatConstr)

    name = "math.clampf"
    value = operand_def(T)
    min = operand_def(T)
    max = operand_def(T)
    result = result_def(T)
    fastmath = prop_def(FastMathFlagsAttr, default_value=FastMathFlagsAttr("none"))
    traits = traits_def(Pure())
    assembly_format = (
        "$value `to` ` ` `[` $min `,` $max `]` (`fastmath` `` $fastmath^)? "
        "attr-dict `:` type($result)"
    )


@irdl_op_definition
class SincosOp(IRDLOperation):
    """Sine and cosine of one angle.

    %s, %c = math.sincos %x : f64
    """

    T: ClassVar = VarConstraint("T", AnyFloatConstr)

    name = "math.sincos"
    operand = operand_def(T)
    sin = result_def(T)
    cos = result_def(T)
    fastmath = prop_def(FastMathFlagsAttr, default_value=FastMathFlagsAttr("none"))
    traits = traits_def(Pure())
    assembly_format = (
        "$operand (`fastmath` `` $fastmath^)? attr-dict `:` type($operand)"
    )


class ClassOp(IRDLOperation, abc.ABC):
    """Whether a float is of some class."""

    operand = operand_def(AnyFloatConstr)
    result = result_def(i1)
    fastmath = prop_def(FastMathFlagsAttr, default_value=FastMathFlagsAttr("none"))
    traits = traits_def(Pure())
    assembly_format = (
        "$operand (`fastmath` `` $fastmath^)? attr-dict `:` type($operand)"
    )

    def __init__(self, operand: SSAValue):
        super().__init__(operands=[operand], result_types=[i1])


@irdl_op_definition
class IsNaNOp(ClassOp):
    """Whether a float is NaN."""

    name = "math.isnan"


@irdl_op_definition
class IsInfOp(ClassOp):
    """Whether a float is an infinity."""

    name = "math.isinf"


@irdl_op_definition
class IsFiniteOp(ClassOp):
    """Whether a float is neither NaN nor an infinity."""

    name = "math.isfinite"


@irdl_op_definition
class IsNormalOp(ClassOp):
    """Whether a float is finite, and neither 0 nor subnormal."""

    name = "math.isnormal"


ADDITIONS: dict[str, type[Operation]] = {
    kind.name: kind
    for kind in (
        ErfcOp,
        ClampFOp,
        SincosOp,
        IsNaNOp,
        IsInfOp,
        IsFiniteOp,
        IsNormalOp,
    )
}
"""Operation name to the class that stands for it."""
