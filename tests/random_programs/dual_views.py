"""Views of buffers for the forward mode, as NumPy arrays that share elements."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray
from xdsl.dialects import memref
from xdsl.dialects.builtin import DYNAMIC_INDEX, DenseArrayBase, MemRefType
from xdsl.ir import Operation

from tapeflow.dialects.memref_additions import TransposeOp

Elements = NDArray[np.object_]


def view_of(op: Operation, elements: Elements, numbers: Sequence[int]) -> Elements:
    """The result of an operation that names a buffer's elements once more.

    Args:
        numbers: its other operands.
    """
    given = iter(numbers)
    match op:
        case memref.CastOp() | memref.MemorySpaceCastOp() | memref.AssumeAlignmentOp():
            return elements
        case memref.SubviewOp():
            return _subview(op, elements, given)
        case memref.ReinterpretCastOp():
            whole = _whole(elements)
            (offset,) = _mixed(op.static_offsets, given)
            sizes = _mixed(op.static_sizes, given)
            strides = _mixed(op.static_strides, given)
            steps = [whole.itemsize * stride for stride in strides]
            return as_strided(whole[offset:], sizes, steps)
        case memref.ExpandShapeOp():
            return elements.reshape(_mixed(op.static_output_shape, given), copy=False)
        case memref.CollapseShapeOp():
            sizes = iter(elements.shape)
            groups = [[next(sizes) for _ in group] for group in op.reassociation]
            return elements.reshape([*map(math.prod, groups)], copy=False)
        case TransposeOp():
            return elements.transpose(op.axes)
        case _:
            raise NotImplementedError(op.name)


def _mixed(static: DenseArrayBase[Any], given: Iterator[int]) -> list[int]:
    return [next(given) if n == DYNAMIC_INDEX else n for n in static.get_values()]


def _whole(elements: Elements) -> Elements:
    """All elements of the buffer, one after the other."""
    root: Any = elements
    while getattr(root, "base", None) is not None:
        root = root.base
    return root.reshape(-1)


def _subview(
    op: memref.SubviewOp, elements: Elements, given: Iterator[int]
) -> Elements:
    starts, counts, steps = (
        _mixed(array, given)
        for array in (op.static_offsets, op.static_sizes, op.static_strides)
    )
    for extent, start, count, step in zip(
        elements.shape, starts, counts, steps, strict=True
    ):
        places = (start, start + (count - 1) * step) if count else ()
        if any(not 0 <= place < extent for place in places):
            raise IndexError(f"elements {places} of {extent}")
    corner = elements[tuple(slice(start, None) for start in starts)]
    strides = [a * b for a, b in zip(corner.strides, steps, strict=True)]
    view = as_strided(corner, counts, strides)
    type_ = op.result.type
    assert isinstance(type_, MemRefType)
    while view.ndim > len(type_.get_shape()):
        view = view[0, ...]
    return view
