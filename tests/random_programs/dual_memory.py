"""Buffers and their views for the forward mode: NumPy arrays that share elements."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray
from xdsl.dialects import memref
from xdsl.dialects.builtin import DYNAMIC_INDEX, DenseArrayBase, MemRefType


@dataclass(frozen=True)
class Memory:
    """A buffer: an object array of duals or integers; views share elements."""

    elements: NDArray[np.object_]
    whole: NDArray[np.object_]
    """All elements of the buffer that this is a view of, one after the other."""

    @staticmethod
    def of(elements: NDArray[np.object_]) -> "Memory":
        """A whole buffer."""
        return Memory(elements, elements.reshape(-1))


def inside(memory: Memory, place: Sequence[int]) -> tuple[int, ...]:
    """The place, which is in the buffer."""
    for index, extent in zip(place, memory.elements.shape, strict=True):
        if not 0 <= index < extent:
            raise IndexError(f"{index} is outside 0 to {extent - 1}")
    return tuple(place)


def in_order(static: DenseArrayBase[Any], dynamic: Iterator[int]) -> list[int]:
    """Static numbers, and operands in the places of the others."""
    return [next(dynamic) if n == DYNAMIC_INDEX else n for n in static.get_values()]


def subview(op: memref.SubviewOp, operands: Sequence[Any]) -> Memory:
    """A part of a buffer."""
    memory, *dynamic = operands
    values = iter(dynamic)
    starts, counts, steps = (
        in_order(array, values)
        for array in (op.static_offsets, op.static_sizes, op.static_strides)
    )
    view = memory.elements
    for axis, (start, count, step) in enumerate(
        zip(starts, counts, steps, strict=True)
    ):
        last = start + (count - 1) * step
        if count and not (
            0 <= start < view.shape[axis] and 0 <= last < view.shape[axis]
        ):
            raise IndexError("a subview leaves its buffer")
    corner = view[tuple(slice(start, None) for start in starts)]
    strides = [a * b for a, b in zip(view.strides, steps, strict=True)]
    view = as_strided(corner, counts, strides)
    type_ = op.result.type
    assert isinstance(type_, MemRefType)
    while view.ndim > len(type_.get_shape()):
        view = view[0]
    return replace(memory, elements=view)


def reinterpreted(op: memref.ReinterpretCastOp, operands: Sequence[Any]) -> Memory:
    """Any elements of a buffer, counted from its first."""
    memory, *dynamic = operands
    values = iter(dynamic)
    (offset,), sizes, strides = (
        in_order(array, values)
        for array in (op.static_offsets, op.static_sizes, op.static_strides)
    )
    width = memory.whole.itemsize
    view = as_strided(memory.whole[offset:], sizes, [width * step for step in strides])
    return replace(memory, elements=view)


def reshaped(memory: Memory, shape: Sequence[int]) -> Memory:
    """Other dimensions; NumPy shares the memory, or says that it cannot."""
    return replace(memory, elements=memory.elements.reshape(shape, copy=False))
