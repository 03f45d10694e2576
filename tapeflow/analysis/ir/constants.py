"""Integer constants of a program."""

from xdsl.dialects import arith
from xdsl.dialects.builtin import IntegerAttr
from xdsl.ir import OpResult, SSAValue


def constant_of(value: SSAValue) -> int | None:
    """The integer a value is a constant of, None if it is not."""
    # By exact class: `isinstance` takes many times longer to say no.
    if isinstance(value, OpResult) and type(value.op) is arith.ConstantOp:
        attribute = value.op.value
        if isinstance(attribute, IntegerAttr):
            return attribute.value.data
    return None
