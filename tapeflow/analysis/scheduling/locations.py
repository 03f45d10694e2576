"""Elements of buffers by the values that name them, and which are surely different."""

from dataclasses import dataclass
from typing import TypeAlias

from xdsl.dialects import arith, memref
from xdsl.dialects.builtin import Float32Type, Float64Type, IndexType, IntegerType
from xdsl.ir import SSAValue

from tapeflow.analysis.integers.number_attributes import wrapped_index
from tapeflow.analysis.ir.constants import constant_of
from tapeflow.analysis.memory.aliasing import Buffers

Access: TypeAlias = memref.LoadOp | memref.StoreOp

MOST_COMPARED = 16
"""Elements of one buffer that are told apart, to stay linear."""
_DEEPEST = 4
"""Sums of sums that are looked into."""
_SCALARS = (Float32Type, Float64Type, IndexType, IntegerType)


@dataclass(frozen=True)
class Location:
    """The element of a buffer that subscripts mean while none of the values changes."""

    buffer: SSAValue
    subscripts: tuple[SSAValue, ...]

    def is_apart(self, other: "Location", buffers: Buffers) -> bool:
        """Whether both are different elements, subscript by subscript of one time."""
        if self.buffer is not other.buffer or buffers.overlaps_itself(self.buffer):
            return False
        return any(
            _differ(one, another)
            for one, another in zip(self.subscripts, other.subscripts, strict=True)
        )


def location_of(op: Access) -> Location:
    """What a load or store accesses."""
    operands = tuple(op.operands)
    # What a store stores comes first; named operands are slow to get.
    buffer = 0 if type(op) is memref.LoadOp else 1
    return Location(operands[buffer], operands[buffer + 1 :])


def is_plain(op: Access) -> bool:
    """Whether a load gives the very bits that were stored, and nobody counts it.

    What has attributes is an access to a tape, or taken to be free.
    """
    value = op.res if isinstance(op, memref.LoadOp) else op.value
    return not op.attributes and isinstance(value.type, _SCALARS)


def _differ(one: SSAValue, other: SSAValue) -> bool:
    """Whether two index values have a constant distance, and it is not 0."""
    if one is other:
        return False
    base, number = _with_offset(one)
    other_base, other_number = _with_offset(other)
    return base is other_base and wrapped_index(number - other_number) != 0


def _with_offset(value: SSAValue) -> tuple[SSAValue | None, int]:
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
