"""What an extent of a buffer is, where the text says so."""

from typing import cast

from xdsl.dialects import memref
from xdsl.dialects.builtin import DYNAMIC_INDEX, MemRefType
from xdsl.ir import SSAValue


def extent_of(buffer: SSAValue, axis: int) -> SSAValue | int | None:
    """The extent of a dimension: a number, a value that was asked for, or not known."""
    while True:
        shape = cast(MemRefType, buffer.type).get_shape()
        if not 0 <= axis < len(shape):
            return None
        if shape[axis] != DYNAMIC_INDEX:
            return shape[axis]
        match buffer.owner:
            case memref.CastOp():
                buffer = buffer.owner.source
            case memref.AllocOp() | memref.AllocaOp():
                dynamic = [k for k, size in enumerate(shape) if size == DYNAMIC_INDEX]
                return buffer.owner.dynamic_sizes[dynamic.index(axis)]
            case _:
                return None
