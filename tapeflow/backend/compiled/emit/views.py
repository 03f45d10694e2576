"""Views of buffers: the same memory, from another element on, with other strides.

%v = memref.subview %x[%o] [%n] [1]    v = x[o:]
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, cast

from xdsl.dialects import memref
from xdsl.dialects.builtin import DYNAMIC_INDEX, DenseArrayBase, MemRefType
from xdsl.ir import Operation, SSAValue

from tapeflow.analysis.memory.views import in_order
from tapeflow.backend.compiled.emit.buffer_view import (
    BufferView,
    layout_of,
    packed_strides,
    times,
)
from tapeflow.backend.compiled.emit.function_emitter import EmitRule, FunctionEmitter
from tapeflow.backend.runtime.view_shapes import (
    MOST_ELEMENTS,
    TOO_MANY_ELEMENTS,
    dimension_groups,
    kept_dimensions,
    stepping,
    whole_to_reinterpret,
)
from tapeflow.dialects.memref_additions import TransposeOp


def _mixed(
    emitter: FunctionEmitter, static: DenseArrayBase[Any], dynamic: Sequence[SSAValue]
) -> list[str]:
    """Static numbers and run-time values in their order."""
    return [
        str(number) if isinstance(number, int) else emitter.scalar(number)
        for number in in_order(static, dynamic)
    ]


def _subview(emitter: FunctionEmitter, op: Operation) -> Sequence[str]:
    part = cast(memref.SubviewOp, op)
    source = emitter.buffer(part.source)
    offsets = _mixed(emitter, part.static_offsets, part.offsets)
    sizes = _mixed(emitter, part.static_sizes, part.sizes)
    steps = _mixed(emitter, part.static_strides, part.strides)
    bounds = zip(offsets, sizes, steps, source.sizes, strict=True)
    for dimension, (offset, size, step, extent) in enumerate(bounds):
        # A product or a sum beyond the greatest index lies outside, too.
        steps_taken = (
            f"{size} - 1" if step == "1" else f"multiply_sizes({size} - 1, {step})"
        )
        last = f"{offset} + {steps_taken}"
        inside = f"(0 <= {offset} < {extent}) & (0 <= {last} < {extent})"
        if not (_is_number(size) and _is_number(step)):
            # Of more elements two are the same, unless the product wraps.
            inside = f"{inside} & (({size} <= {extent}) | ({step} == 0))"
        message = f"a subview from {{0}} of size {{1}} leaves dimension {dimension}"
        condition = f"(0 < {size}) & {inside} | ({size} == 0)"
        emitter.check(condition, op, message, offset, size)
    kept = kept_dimensions(part)
    strides = [times(a, b) for a, b in zip(source.all_strides(), steps, strict=True)]
    start = source.linear(offsets)
    for size in sizes:
        # A part without elements may lie anywhere, too far off for an address.
        if size == "0" or not _is_number(size):
            start = f"({start} if 0 < {size} else 0)"
    view = _from_element(emitter, source, start, part.result)
    name_view(
        emitter,
        op,
        replace(
            view,
            sizes=tuple(sizes[axis] for axis in kept),
            strides=tuple(strides[axis] for axis in kept),
        ),
    )
    return ()


def _reinterpret_cast(emitter: FunctionEmitter, op: Operation) -> Sequence[str]:
    """Offset, sizes and strides count from the first element of the whole buffer."""
    view = cast(memref.ReinterpretCastOp, op)
    whole = emitter.buffer(whole_to_reinterpret(view))
    (offset,) = _mixed(emitter, view.static_offsets, view.offsets)
    sizes = _mixed(emitter, view.static_sizes, view.sizes)
    strides = _mixed(emitter, view.static_strides, view.strides)
    elements = "1"
    for size in whole.sizes:
        elements = times(elements, size)
    for size in sizes:
        if not _is_number(size) or int(size) >= MOST_ELEMENTS:
            emitter.check(f"{size} < {MOST_ELEMENTS}", op, TOO_MANY_ELEMENTS, size)
    message = "a view from element {0} on leaves a buffer of {1} elements"
    first, last = offset, offset
    # What is short of the buffer's length adds up to no more than a few of it.
    inside = f"(0 <= {offset} < {elements})"
    for size, stride in zip(sizes, strides, strict=True):
        reach = f"multiply_sizes({size} - 1, {stride})"
        inside += f" & (0 < {size}) & (-{elements} < {reach} < {elements})"
        first = f"{first} + ({reach} if {stride} < 0 else 0)"
        last = f"{last} + ({reach} if {stride} > 0 else 0)"
    inside += f" & (0 <= {first}) & ({last} < {elements})"
    empty = " | ".join(f"({size} == 0)" for size in sizes)
    if empty:
        counted = "".join(f" & (0 <= {size})" for size in sizes)
        inside += f" | ({empty}){counted} & (0 <= {offset} <= {elements})"
    emitter.check(inside, op, message, offset, elements)
    part = _from_element(emitter, whole, offset, view.result)
    part = replace(part, sizes=tuple(sizes), strides=tuple(strides))
    name_view(emitter, op, part)
    return ()


def _from_element(
    emitter: FunctionEmitter, source: BufferView, start: str, result: SSAValue
) -> BufferView:
    """The memory from an element of a buffer on."""
    type_ = cast(MemRefType[Any], result.type)
    rank = len(type_.get_shape())
    name = emitter.names.buffer(result.name_hint or "view", rank)
    emitter.line(f"{name} = {source.array}[{start}:]")
    address = source.address
    if address is not None:
        address = f"{name}_at"
        emitter.line(f"{address} = {source.address_of(start)}")
    return replace(source, array=name, address=address)


def _cast(emitter: FunctionEmitter, op: Operation) -> Sequence[str]:
    name_view(emitter, op, emitter.buffer(op.operands[0]))
    return ()


def _expand_shape(emitter: FunctionEmitter, op: Operation) -> Sequence[str]:
    expand = cast(memref.ExpandShapeOp, op)
    source = emitter.buffer(expand.src)
    shape = _mixed(emitter, expand.static_output_shape, expand.output_shape)
    strides: list[str] = []
    for group, size, stride in zip(
        dimension_groups(expand), source.sizes, source.all_strides(), strict=True
    ):
        sizes = [shape[axis] for axis in group]
        product = "1"
        for each in sizes:
            if not _is_number(each):
                message = "a dimension cannot be expanded to one of size {0}"
                emitter.check(f"0 <= {each} < {MOST_ELEMENTS}", op, message, each)
            product = times(product, each)
        if product != size:
            message = "a dimension of size {0} cannot be expanded to {1} elements"
            emitter.check(f"{product} == {size}", op, message, size, product)
        strides += [times(stride, step) for step in packed_strides(sizes)]
    part = replace(
        source,
        sizes=tuple(shape),
        strides=None if source.strides is None else tuple(strides),
    )
    name_view(emitter, op, part)
    return ()


def _collapse_shape(emitter: FunctionEmitter, op: Operation) -> Sequence[str]:
    collapse = cast(memref.CollapseShapeOp, op)
    source = emitter.buffer(collapse.src)
    before = source.all_strides()
    sizes: list[str] = []
    strides: list[str] = []
    for group in dimension_groups(collapse):
        axes = stepping(collapse.src, group)
        for outer, inner in pairwise(axes):
            step = times(before[inner], source.sizes[inner])
            if before[outer] not in (step, times(source.sizes[inner], before[inner])):
                message = (
                    f"dimensions {outer} and {inner} cannot be collapsed: "
                    "stride {0} is not {1}"
                )
                condition = (
                    f"({source.sizes[outer]} <= 1) | ({before[outer]} == {step})"
                )
                emitter.check(condition, op, message, before[outer], step)
        size = "1"
        for axis in reversed(group):
            size = times(size, source.sizes[axis])
        sizes.append(size)
        strides.append(before[axes[-1]] if axes else "1")
    part = replace(
        source,
        sizes=tuple(sizes),
        strides=None if source.strides is None else tuple(strides),
    )
    name_view(emitter, op, part)
    return ()


def _transpose(emitter: FunctionEmitter, op: Operation) -> Sequence[str]:
    transpose = cast(TransposeOp, op)
    source = emitter.buffer(transpose.source)
    strides = source.all_strides()
    part = replace(
        source,
        sizes=tuple(source.sizes[axis] for axis in transpose.axes),
        strides=tuple(strides[axis] for axis in transpose.axes),
    )
    name_view(emitter, op, part)
    return ()


def name_view(emitter: FunctionEmitter, op: Operation, view: BufferView) -> None:
    """Let a view be the result of an op; what the result's type fixes is checked."""
    (result,) = op.results
    type_ = cast(MemRefType[Any], result.type)
    sizes = [*view.sizes]
    for number, static in enumerate(type_.get_shape()):
        size = sizes[number]
        if static != DYNAMIC_INDEX and size != str(static):
            message = f"dimension {number} has size {{0}}, but {type_} was expected"
            emitter.check(f"{size} == {static}", op, message, size)
            sizes[number] = str(static)
    strides = view.strides
    layout = layout_of(type_)
    if layout is not None:
        strides = view.all_strides()
        wanted = [None if step is None else str(step) for step in layout]
        strides = _checked_strides(emitter, op, sizes, strides, wanted)
    elif strides is not None:
        _checked_strides(emitter, op, sizes, strides, packed_strides(sizes))
        strides = None
    emitter.meanings[result] = replace(
        view, type=type_, sizes=tuple(sizes), strides=strides
    )


def _checked_strides(
    emitter: FunctionEmitter,
    op: Operation,
    sizes: Sequence[str],
    strides: Sequence[str],
    wanted: Sequence[str | None],
) -> tuple[str, ...]:
    """The strides that a type fixes and the others, after checks; of single elements
    they play no part."""
    (result,) = op.results
    for number, (size, stride, fixed) in enumerate(
        zip(sizes, strides, wanted, strict=True)
    ):
        if fixed is None or stride == fixed or size in ("0", "1"):
            continue
        message = f"dimension {number} has stride {{0}}, but {result.type} was expected"
        condition = f"({size} <= 1) | ({stride} == {fixed})"
        emitter.check(condition, op, message, stride)
    pairs = zip(strides, wanted, strict=True)
    return tuple(stride if fixed is None else fixed for stride, fixed in pairs)


def _is_number(text: str) -> bool:
    return text.lstrip("-").isdigit()


VIEW_RULES: dict[type[Operation], EmitRule] = {
    memref.AssumeAlignmentOp: _cast,
    memref.CastOp: _cast,
    memref.CollapseShapeOp: _collapse_shape,
    memref.ExpandShapeOp: _expand_shape,
    memref.MemorySpaceCastOp: _cast,
    memref.ReinterpretCastOp: _reinterpret_cast,
    memref.SubviewOp: _subview,
    TransposeOp: _transpose,
}
"""Op class to how it is written."""
