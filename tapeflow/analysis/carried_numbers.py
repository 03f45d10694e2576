"""What loops carry from iteration to iteration, as far as the text tells."""

from xdsl.dialects import arith, scf
from xdsl.ir import BlockArgument, SSAValue

from tapeflow.analysis.constants import constant_of
from tapeflow.analysis.integer_intervals import integer_width

_WIDE = 64


def increment_of(value: SSAValue, carried: SSAValue) -> int | None:
    """The constant that is added to a carried value."""
    op = value.owner
    if value is carried:
        return 0
    if isinstance(op, arith.AddiOp) and (integer_width(value.type) or _WIDE) >= _WIDE:
        if op.lhs is carried:
            return constant_of(op.rhs)
        if op.rhs is carried:
            return constant_of(op.lhs)
    return None


def passed_on(loop: scf.WhileOp, value: BlockArgument) -> int | None:
    """The position at which the test of an scf.while passes a value on."""
    condition = loop.before_region.block.last_op
    assert isinstance(condition, scf.ConditionOp)
    passed = [at for at, source in enumerate(condition.args) if source is value]
    return passed[0] if passed else None
