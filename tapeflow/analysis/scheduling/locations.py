"""Elements of buffers by the values that name them, and which are surely different."""

from dataclasses import dataclass
from typing import TypeAlias

from xdsl.dialects import memref
from xdsl.dialects.builtin import Float32Type, Float64Type, IndexType, IntegerType
from xdsl.ir import SSAValue

from tapeflow.analysis.memory.aliasing import Buffers
from tapeflow.analysis.memory.offsets import differ

Access: TypeAlias = memref.LoadOp | memref.StoreOp

MOST_COMPARED = 16
"""Elements of one buffer that are told apart, to stay linear."""
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
            differ(one, another)
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
