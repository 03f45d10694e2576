"""Copies in which the reverse sweep undoes what was written to arguments.

The contents that the forward sweep leaves in an argument belong to the caller.
"""

from typing import cast

from xdsl.dialects import memref
from xdsl.dialects.builtin import MemRefType, UnitAttr
from xdsl.ir import SSAValue

from tapeflow.dialects.tape_attributes import TAPE_COPY
from tapeflow.transforms.building.adjoint_builder import AdjointBuilder, hint_of
from tapeflow.transforms.differentiation.shadow_buffers import plain_type


def copy_final_contents(buffer: SSAValue, builder: AdjointBuilder) -> SSAValue:
    """A buffer with the same contents, to be freed by the caller."""
    plain = plain_type(cast(MemRefType, buffer.type))
    sizes = builder.dynamic_sizes(buffer)
    copy = builder.value(
        memref.AllocOp([*sizes], [], plain), hint_of(buffer, "restored_")
    )

    def visit(indices: tuple[SSAValue, ...]) -> None:
        value = builder.value(memref.LoadOp.get(buffer, indices))
        store = memref.StoreOp.get(value, copy, indices)
        store.attributes[TAPE_COPY] = UnitAttr()
        builder.add(store)

    builder.for_each_index(builder.extents(plain, sizes), visit)
    return copy
