"""Parts of buffers, and copies between buffers.

%v = memref.subview %x[%o] [%n] [1]    v = x[o:]
"""

from collections.abc import Iterator, Sequence
from typing import Any, cast

from xdsl.dialects import memref
from xdsl.dialects.builtin import DYNAMIC_INDEX, DenseArrayBase, MemRefType
from xdsl.ir import Operation

from tapeflow.backend.emit.buffer_view import BufferView, times
from tapeflow.backend.emit.function_emitter import EmitRule, FunctionEmitter


def _mixed(static: DenseArrayBase[Any], dynamic: Iterator[str]) -> list[str]:
    """Static numbers and run-time values in their order."""
    numbers = static.get_values()
    return [next(dynamic) if n == DYNAMIC_INDEX else str(n) for n in numbers]


def _subview(emitter: FunctionEmitter, op: Operation) -> Sequence[str]:
    part = cast(memref.SubviewOp, op)
    source = emitter.buffer(part.source)
    offsets = _mixed(part.static_offsets, iter(emitter.scalars(part.offsets)))
    sizes = _mixed(part.static_sizes, iter(emitter.scalars(part.sizes)))
    steps = _mixed(part.static_strides, iter(emitter.scalars(part.strides)))
    bounds = zip(offsets, sizes, steps, source.sizes, strict=True)
    for dimension, (offset, size, step, extent) in enumerate(bounds):
        # A product or a sum beyond the greatest index lies outside, too.
        steps_taken = (
            f"{size} - 1" if step == "1" else f"multiply_sizes({size} - 1, {step})"
        )
        last = f"{offset} + {steps_taken}"
        inside = f"(0 <= {offset} < {extent}) & (0 <= {last} < {extent})"
        message = f"a subview from {{0}} of size {{1}} leaves dimension {dimension}"
        condition = f"(0 < {size}) & {inside} | ({size} == 0)"
        emitter.check(condition, op, message, offset, size)
    start = source.linear(offsets)
    name = emitter.names.buffer(part.result.name_hint or "view", len(sizes))
    emitter.line(f"{name} = {source.array}[{start}:]")
    address = source.address
    if address is not None:
        address = f"{name}_at"
        emitter.line(f"{address} = {source.address_of(start)}")
    strides = [times(a, b) for a, b in zip(source.all_strides(), steps, strict=True)]
    kept = _kept_dimensions(part)
    type_ = cast(MemRefType[Any], part.result.type)
    emitter.meanings[part.result] = BufferView(
        type_,
        name,
        address,
        tuple(sizes[d] for d in kept),
        tuple(strides[d] for d in kept),
        source.is_constant,
    )
    return ()


def _kept_dimensions(part: memref.SubviewOp) -> list[int]:
    """Dimensions of the source that the result type has: others have size one."""
    wanted = list(cast(MemRefType[Any], part.result.type).get_shape())
    unneeded = len(part.static_sizes) - len(wanted)
    kept: list[int] = []
    for dimension, size in enumerate(part.static_sizes.iter_values()):
        fits = len(kept) < len(wanted) and wanted[len(kept)] == size
        if unneeded and size == 1 and not fits:
            unneeded -= 1
        else:
            kept.append(dimension)
    return kept[: len(wanted)]


def _copy(emitter: FunctionEmitter, op: Operation) -> None:
    """A loop over the elements in row-major order."""
    copy = cast(memref.CopyOp, op)
    source, target = emitter.buffer(copy.source), emitter.buffer(copy.destination)
    for dimension, (n, m) in enumerate(zip(source.sizes, target.sizes, strict=True)):
        if n != m:
            message = f"cannot copy: dimension {dimension} has sizes {{0}} and {{1}}"
            emitter.check(f"{n} == {m}", op, message, n, m)
    emitter.refuse_constant(target, op)
    if emitter.timeline is not None:
        emitter.timeline.enter_copy(copy)
        emitter.flush_events()
    indices = [emitter.names.fresh("element") for _ in source.sizes]
    for index, size in zip(indices, source.sizes, strict=True):
        emitter.line(f"for {index} in range(0, {size}, 1):")
        emitter.depth += 1
    origin, place = source.linear(indices), target.linear(indices)
    emitter.line(f"{target.array}[{place}] = {source.array}[{origin}]")
    if emitter.timeline is not None:
        addresses = (source.address_of(origin), target.address_of(place))
        emitter.timeline.copy_element(addresses, source.element_bytes)
        emitter.flush_events()
    emitter.depth -= len(indices)


VIEW_RULES: dict[type[Operation], EmitRule] = {
    memref.SubviewOp: _subview,
    memref.CopyOp: _copy,
}
"""Op class to how it is written."""
