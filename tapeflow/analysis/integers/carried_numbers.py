"""How the whole numbers that loops carry change, and how wide they are."""

from xdsl.dialects import arith, scf
from xdsl.ir import Attribute, BlockArgument, SSAValue

from tapeflow.analysis.integers.intervals import integer_width
from tapeflow.analysis.ir.constants import constant_of
from tapeflow.analysis.ir.control_flow import yielded

WIDE = 64
"""Bits of the widest numbers, sums of which are believed not to wrap around."""


def increment_of(value: SSAValue, carried: SSAValue) -> int | None:
    """The constant that is added to a carried value."""
    op = value.owner
    if value is carried:
        return 0
    if isinstance(op, arith.AddiOp) and width_of(value.type) >= WIDE:
        if op.lhs is carried:
            return constant_of(op.rhs)
        if op.rhs is carried:
            return constant_of(op.lhs)
    return None


def passed_on(loop: scf.WhileOp, value: BlockArgument) -> int | None:
    """The position at which the test of an scf.while passes a value on."""
    passed = enumerate(yielded(loop.before_region.block))
    return next((at for at, source in passed if source is value), None)


def width_of(type_: Attribute) -> int:
    """Bits of an integer type, 64 of all others."""
    return integer_width(type_) or WIDE
