"""Copies between buffers, which read all of the source before they write.

memref.copy %x, %y       for i in range(0, n, 1):
                             y[i] = x[i]

Where both may be views of one buffer, the elements go through other memory:

                         copied = run.workspace_f64(site, n)
                         for i in range(0, n, 1):
                             copied[i] = x[i]
                         for i in range(0, n, 1):
                             y[i] = copied[i]
"""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import cast

from xdsl.dialects import memref
from xdsl.ir import Operation

from tapeflow.backend.compiled.emit.buffer_view import BufferView, times
from tapeflow.backend.compiled.emit.function_emitter import EmitRule, FunctionEmitter


def _copy(emitter: FunctionEmitter, op: Operation) -> None:
    """The machine sees a loop over the elements in row-major order either way."""
    copy = cast(memref.CopyOp, op)
    source, target = emitter.buffer(copy.source), emitter.buffer(copy.destination)
    for dimension, (n, m) in enumerate(zip(source.sizes, target.sizes, strict=True)):
        if n != m:
            message = f"cannot copy: dimension {dimension} has sizes {{0}} and {{1}}"
            emitter.check(f"{n} == {m}", op, message, n, m)
    emitter.check_live(op, copy.source)
    emitter.check_live(op, copy.destination)
    emitter.refuse_constant(target, op)
    values = source
    if emitter.buffers.same(copy.source, copy.destination):
        values = _gathered(emitter, op, source)
    if emitter.timeline is not None:
        emitter.timeline.enter_copy(copy)
        emitter.flush_events()
    with _elements(emitter, source.sizes) as indices:
        origin, place = source.linear(indices), target.linear(indices)
        taken = values.linear(indices)
        emitter.line(f"{target.array}[{place}] = {values.array}[{taken}]")
        if emitter.timeline is not None:
            addresses = (source.address_of(origin), target.address_of(place))
            emitter.timeline.copy_element(addresses, source.element_bytes)
            emitter.flush_events()


def _gathered(
    emitter: FunctionEmitter, op: Operation, source: BufferView
) -> BufferView:
    """All elements of a buffer, in memory that nothing overlaps."""
    name = emitter.names.fresh("copied")
    count = "1"
    for size in source.sizes:
        count = times(count, size)
    site = emitter.site(op, "")
    emitter.line(f"{name} = run.workspace_{source.element}({site}, {count})")
    gathered = replace(source, array=name, strides=None)
    with _elements(emitter, source.sizes) as indices:
        origin, place = source.linear(indices), gathered.linear(indices)
        emitter.line(f"{name}[{place}] = {source.array}[{origin}]")
    return gathered


@contextmanager
def _elements(
    emitter: FunctionEmitter, sizes: Sequence[str]
) -> Generator[Sequence[str]]:
    """Lines inside loops over all indices below some sizes."""
    indices = [emitter.names.fresh("element") for _ in sizes]
    for index, size in zip(indices, sizes, strict=True):
        emitter.line(f"for {index} in range(0, {size}, 1):")
        emitter.depth += 1
    yield indices
    emitter.depth -= len(indices)


COPY_RULES: dict[type[Operation], EmitRule] = {memref.CopyOp: _copy}
"""Op class to how it is written."""
