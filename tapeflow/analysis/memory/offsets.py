"""Index values as another value plus a number, and which of them surely differ."""

from xdsl.dialects import arith
from xdsl.ir import SSAValue

from tapeflow.analysis.ir.constants import constant_of

_DEEPEST = 4
"""Sums of sums that are looked into."""
_WRAP = 1 << 64
"""Indices are equal that differ by this."""


def with_offset(value: SSAValue) -> tuple[SSAValue | None, int]:
    """A value as a sum of another one, if it is no number itself, and a number."""
    offset = 0
    for _ in range(_DEEPEST):
        match value.owner:
            case arith.AddiOp() as op if (number := constant_of(op.rhs)) is not None:
                value, offset = op.lhs, offset + number
            case arith.AddiOp() as op if (number := constant_of(op.lhs)) is not None:
                value, offset = op.rhs, offset + number
            case arith.SubiOp() as op if (number := constant_of(op.rhs)) is not None:
                value, offset = op.lhs, offset - number
            case _:
                break
    number = constant_of(value)
    return (value, offset) if number is None else (None, number + offset)


def differ(one: SSAValue, other: SSAValue) -> bool:
    """Whether two values of one time have a constant distance, and it is not 0."""
    if one is other:
        return False
    base, number = with_offset(one)
    other_base, other_number = with_offset(other)
    return base is other_base and (number - other_number) % _WRAP != 0
