"""Loops over the elements of a buffer."""

from collections.abc import Callable, Sequence
from typing import cast

from xdsl.dialects import memref
from xdsl.dialects.builtin import DYNAMIC_INDEX, MemRefType
from xdsl.ir import SSAValue

from tapeflow.transforms.building.index_builder import IndexBuilder

Visit = Callable[[Sequence[SSAValue]], None]
"""Emits what is done with the element that has some indices."""


def dynamic_sizes(builder: IndexBuilder, buffer: SSAValue) -> list[SSAValue]:
    """The dynamic extents of a buffer, by memref.dim."""
    return [
        builder.result(memref.DimOp(buffer, builder.value(axis)))
        for axis, extent in enumerate(cast(MemRefType, buffer.type).get_shape())
        if extent == DYNAMIC_INDEX
    ]


def extents_of(
    builder: IndexBuilder, type_: MemRefType, sizes: Sequence[SSAValue]
) -> list[SSAValue]:
    """All extents of a memref, given its dynamic ones in order."""
    dynamic = iter(sizes)
    return [
        next(dynamic) if extent == DYNAMIC_INDEX else builder.value(extent)
        for extent in type_.get_shape()
    ]


def for_each_index(
    builder: IndexBuilder, extents: Sequence[SSAValue], visit: Visit
) -> None:
    """Insert a loop nest over all index tuples below the extents."""

    def nest(*indices: SSAValue) -> tuple[()]:
        if len(indices) == len(extents):
            visit(indices)
        else:
            extent = extents[len(indices)]
            bounds = builder.value(0), extent, builder.value(1)
            builder.loop(bounds, (), lambda index, _: nest(*indices, index))
        return ()

    nest()


def for_each_index_backwards(
    builder: IndexBuilder, extents: Sequence[SSAValue], visit: Visit
) -> None:
    """The same, from the last index tuple to the first."""
    last = [builder.sub(extent, 1, "last") for extent in extents]

    def visit_mirrored(indices: Sequence[SSAValue]) -> None:
        pairs = zip(last, indices, strict=True)
        visit([builder.value(builder.sub(end, index, None)) for end, index in pairs])

    for_each_index(builder, extents, visit_mirrored)
