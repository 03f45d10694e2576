"""Buffers as one-dimensional arrays: accesses are linearised and checked.

%v = memref.load %x[%i, %j]    run.check(0 <= i < x_n0, ...)
                               run.check(0 <= j < x_n1, ...)
                               v = x[i * x_n1 + j]

What an address is computed from by the program decides on times alone.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

from xdsl.dialects import memref
from xdsl.dialects.builtin import DYNAMIC_INDEX, MemRefType
from xdsl.ir import Operation, SSAValue
from xdsl.traits import SymbolTable

from tapeflow.analysis.verification.what_runs import DEALLOCATED_GLOBAL, is_global
from tapeflow.backend.compiled.emit.buffer_view import BufferView, size_product
from tapeflow.backend.compiled.emit.function_emitter import EmitRule, FunctionEmitter
from tapeflow.backend.compiled.emit.views import name_view
from tapeflow.backend.runtime.execution_error import (
    ALLOWED_INDICES,
    ExecutionError,
    location_of,
)
from tapeflow.backend.runtime.run_memory import LARGEST_EXTENTS, TOO_LARGE_EXTENTS
from tapeflow.dialects import address
from tapeflow.dialects.tape_attributes import TAPE_FIELD, is_saved


def _checked_place(
    emitter: FunctionEmitter,
    op: Operation,
    source: SSAValue,
    values: Sequence[SSAValue],
) -> tuple[BufferView, str]:
    """The view, and the position of an element after its bounds checks."""
    view = emitter.buffer(source)
    indices = emitter.scalars(values)
    for dimension, (index, size) in enumerate(zip(indices, view.sizes, strict=True)):
        name = source.name_hint or view.array
        message = (
            f"index [{{0}}] is out of bounds of buffer '{name}' of shape [{{1}}]; "
            f"{ALLOWED_INDICES}"
            if len(indices) == 1
            else f"index {{0}} is out of bounds of dimension {dimension} of buffer "
            f"'{name}', whose size is {{1}}; {ALLOWED_INDICES}"
        )
        emitter.check(f"0 <= {index} < {size}", op, message, index, size)
    emitter.check_live(op, source)
    return view, view.linear(indices)


def _addresses(view: BufferView, linear: str) -> list[str]:
    return [] if view.address is None else [view.address_of(linear)]


def _load(emitter: FunctionEmitter, op: Operation) -> Sequence[str]:
    load = cast(memref.LoadOp | address.LoadOp, op)
    view, linear = _checked_place(emitter, op, load.memref, load.indices)
    emitter.count_tape(-view.element_bytes if TAPE_FIELD in op.attributes else 0)
    emitter.assign(load.res, f"{view.array}[{linear}]")
    return _addresses(view, linear)


def _store(emitter: FunctionEmitter, op: Operation) -> Sequence[str]:
    store = cast(memref.StoreOp | address.StoreOp, op)
    view, linear = _checked_place(emitter, op, store.memref, store.indices)
    emitter.refuse_constant(view, op)
    emitter.count_tape(view.element_bytes if is_saved(op) else 0)
    emitter.line(f"{view.array}[{linear}] = {emitter.scalar(store.value)}")
    return _addresses(view, linear)


def _point(emitter: FunctionEmitter, op: Operation) -> Sequence[str]:
    point = cast(address.PointOp, op)
    emitter.meanings[point.pointer] = emitter.scalar(point.element)
    return ()


def _allocate(emitter: FunctionEmitter, op: Operation) -> Sequence[str]:
    """Sizes are checked and counted here; the host places and fills the memory."""
    allocation = cast(memref.AllocOp | memref.AllocaOp, op)
    dynamic = emitter.scalars(allocation.dynamic_sizes)
    for size in dynamic:
        emitter.check(f"0 <= {size}", op, "cannot allocate a buffer of size {0}", size)
    type_ = cast(MemRefType[Any], allocation.memref.type)
    _new_buffer(emitter, op, allocation.memref, type_, dynamic)
    return ()


def _new_buffer(
    emitter: FunctionEmitter,
    op: Operation,
    value: SSAValue,
    type_: MemRefType[Any],
    dynamic: Sequence[str],
) -> None:
    emitter.declare(value, "buffer")
    sizes = iter(dynamic)
    shape = type_.get_shape()
    texts = tuple(next(sizes) if n == DYNAMIC_INDEX else str(n) for n in shape)
    view = replace(emitter.buffer(value), sizes=texts, strides=None)
    count = size_product(texts)
    if len(texts) > 1:
        extents = (text if text.isdigit() else f"max({text}, 1)" for text in texts)
        most = size_product(text for text in extents if text != "0")
        is_in_range = f"({count} != 0) | ({most} <= {LARGEST_EXTENTS})"
        emitter.check(is_in_range, op, TOO_LARGE_EXTENTS)
    site = emitter.site(op, "")
    emitter.line(f"{view.array} = run.allocate_{view.element}({site}, {count})")
    if view.address is not None:
        emitter.line(f"{view.address} = run.allocated_at")
    view = _laid_out(emitter, op, view)
    emitter.meanings[value] = view
    if emitter.lives.deallocations(value):
        live = emitter.names.fresh(f"{view.array}_live")
        emitter.line(f"{live} = 1")
        emitter.meanings[value] = replace(view, live=live)


def _laid_out(emitter: FunctionEmitter, op: Operation, view: BufferView) -> BufferView:
    """New memory, contiguous from its first element on, as its type has it."""
    if view.type.get_offset():
        message = f"a view from element 0 on does not fit {view.type}"
        emitter.check("False", op, message)
    name_view(emitter, op, view)
    return emitter.buffer(op.results[0])


def _global(emitter: FunctionEmitter, op: Operation) -> Sequence[str]:
    """The host places a global once; a function asks for it once."""
    get = cast(memref.GetGlobalOp, op)
    symbol = get.name_.root_reference.data
    view = emitter.globals.get(symbol)
    if view is None:
        emitter.declare(get.memref, symbol)
        definition = SymbolTable.lookup_symbol(op, get.name_)
        if not isinstance(definition, memref.GlobalOp):
            message = f"there is no global buffer @{symbol}"
            raise ExecutionError(message, location_of(op))
        is_constant = definition.constant is not None
        view = emitter.buffer(get.memref)
        view = replace(view, strides=None, is_constant=is_constant)
        view = _laid_out(emitter, op, view)
        emitter.globals[symbol] = view
        emitter.prologue.append(f"{view.array}_known = False")
    emitter.meanings[get.memref] = view
    count = size_product(view.sizes)
    emitter.line(f"if not {view.array}_known:")
    site = emitter.site(op, "")
    emitter.line(f"    {view.array} = run.allocate_{view.element}({site}, {count})")
    if view.address is not None:
        emitter.line(f"    {view.address} = run.allocated_at")
    emitter.line(f"    {view.array}_known = True")
    return ()


def _deallocate(emitter: FunctionEmitter, op: Operation) -> Sequence[str]:
    value = cast(memref.DeallocOp, op).memref
    if is_global(value):
        emitter.check("False", op, DEALLOCATED_GLOBAL)
    view = emitter.buffer(value)
    emitter.line(f"run.release({emitter.site(op, '')}, {view.array})")
    if view.live is not None:
        emitter.line(f"{view.live} = 0")
    return ()


def _dim(emitter: FunctionEmitter, op: Operation) -> Sequence[str]:
    dim = cast(memref.DimOp, op)
    sizes = emitter.buffer(dim.source).sizes
    index = emitter.scalar(dim.index)
    if index.isdigit() and int(index) < len(sizes):
        emitter.meanings[dim.result] = sizes[int(index)]
        return ()
    message = f"no dimension {{0}} in a buffer of rank {len(sizes)}"
    emitter.check(f"0 <= {index} < {len(sizes)}", op, message, index)
    text = sizes[-1] if sizes else "0"
    for number in reversed(range(len(sizes) - 1)):
        text = f"{sizes[number]} if {index} == {number} else {text}"
    emitter.assign(dim.result, text)
    return ()


def _rank(emitter: FunctionEmitter, op: Operation) -> Sequence[str]:
    rank = cast(memref.RankOp, op)
    emitter.meanings[rank.rank] = str(len(emitter.buffer(rank.source).sizes))
    return ()


MEMORY_RULES: dict[type[Operation], EmitRule] = {
    memref.LoadOp: _load,
    memref.StoreOp: _store,
    address.LoadOp: _load,
    address.StoreOp: _store,
    address.PointOp: _point,
    memref.AllocOp: _allocate,
    memref.AllocaOp: _allocate,
    memref.GetGlobalOp: _global,
    memref.DeallocOp: _deallocate,
    memref.DimOp: _dim,
    memref.RankOp: _rank,
}
"""Op class to how it is written."""
