"""Whether a view of memory has the extents, strides and offset that its type fixes."""

from collections.abc import Sequence

from xdsl.dialects.builtin import DYNAMIC_INDEX, MemRefType, NoneAttr


def row_major(shape: Sequence[int]) -> tuple[int, ...]:
    """Strides in elements of a contiguous array in C order."""
    strides: list[int] = []
    stride = 1
    for extent in reversed(shape):
        strides.append(stride)
        stride *= extent
    return tuple(reversed(strides))


def misfit(
    type_: MemRefType, shape: Sequence[int], strides: Sequence[int], offset: int
) -> str | None:
    """Why the view is not of the type; None if it is.

    Strides and offset are in elements; strides of single elements play no part.
    """
    fixed = type_.get_shape()
    if len(fixed) != len(shape) or any(
        n not in (DYNAMIC_INDEX, extent) for n, extent in zip(fixed, shape, strict=True)
    ):
        return f"a buffer of shape {list(shape)} does not fit {type_}"
    expected: Sequence[int | None] | None = row_major(shape)
    if not isinstance(type_.layout, NoneAttr):
        expected = type_.layout.get_strides()
        if type_.layout.get_offset() not in (None, offset):
            return f"a view from element {offset} on does not fit {type_}"
    if expected is None:
        return f"no engine runs the memory layout of {type_}"
    for extent, stride, wanted in zip(shape, strides, expected, strict=True):
        if extent > 1 and wanted not in (None, stride):
            return f"a view with strides {list(strides)} does not fit {type_}"
    return None
