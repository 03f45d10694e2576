"""Reference engine: buffers, their elements and their views."""

from typing import Any, cast

from xdsl.dialects import memref
from xdsl.dialects.builtin import (
    DYNAMIC_INDEX,
    DenseArrayBase,
    DenseIntOrFPElementsAttr,
    MemRefType,
)
from xdsl.interpreter import (
    Interpreter,
    InterpreterFunctions,
    PythonValues,
    impl,
    register_impls,
)
from xdsl.ir import Attribute
from xdsl.traits import SymbolTable

from tapeflow.backend.buffer import Buffer
from tapeflow.backend.execution_error import ExecutionError
from tapeflow.backend.interpreter import ReferenceInterpreter
from tapeflow.backend.memory_budget import TAPE
from tapeflow.backend.memref_fit import misfit
from tapeflow.backend.run_memory import is_tape, skew_of
from tapeflow.dialects.tape_marks import TAPE_FIELD, is_saved


@register_impls
class MemrefFunctions(InterpreterFunctions):
    """Allocation, access and views."""

    @impl(memref.AllocOp)
    def run_alloc(
        self, interpreter: Interpreter, op: memref.AllocOp, args: PythonValues
    ) -> PythonValues:
        return (_allocate(interpreter, op, args),)

    @impl(memref.AllocaOp)
    def run_alloca(
        self, interpreter: Interpreter, op: memref.AllocaOp, args: PythonValues
    ) -> PythonValues:
        return (_allocate(interpreter, op, args),)

    @impl(memref.DeallocOp)
    def run_dealloc(
        self, interpreter: Interpreter, op: memref.DeallocOp, args: PythonValues
    ) -> PythonValues:
        cast(ReferenceInterpreter, interpreter).memory.release(args[0].block)
        return ()

    @impl(memref.LoadOp)
    def run_load(
        self, interpreter: Interpreter, op: memref.LoadOp, args: PythonValues
    ) -> PythonValues:
        buffer: Buffer = args[0]
        position = buffer.position(args[1:])
        run = cast(ReferenceInterpreter, interpreter)
        run.address = buffer.address_of(position)
        if TAPE_FIELD in op.attributes:
            run.memory.count_tape(-buffer.storage.itemsize)
        return (buffer.storage.item(position),)

    @impl(memref.StoreOp)
    def run_store(
        self, interpreter: Interpreter, op: memref.StoreOp, args: PythonValues
    ) -> PythonValues:
        run = cast(ReferenceInterpreter, interpreter)
        buffer: Buffer = args[1]
        position = buffer.position(args[2:])
        buffer.store(position, args[0])
        run.address = buffer.address_of(position)
        if is_saved(op):
            run.memory.count_tape(buffer.storage.itemsize)
        return ()

    @impl(memref.DimOp)
    def run_dim(
        self, interpreter: Interpreter, op: memref.DimOp, args: PythonValues
    ) -> PythonValues:
        buffer, dimension = args
        if not 0 <= dimension < len(buffer.shape):
            raise ExecutionError(
                f"no dimension {dimension} in a buffer of rank {len(buffer.shape)}"
            )
        return (buffer.shape[dimension],)

    @impl(memref.RankOp)
    def run_rank(
        self, interpreter: Interpreter, op: memref.RankOp, args: PythonValues
    ) -> PythonValues:
        return (len(args[0].shape),)

    @impl(memref.CastOp)
    def run_cast(
        self, interpreter: Interpreter, op: memref.CastOp, args: PythonValues
    ) -> PythonValues:
        return (_fitting(args[0], op.dest.type),)

    @impl(memref.SubviewOp)
    def run_subview(
        self, interpreter: Interpreter, op: memref.SubviewOp, args: PythonValues
    ) -> PythonValues:
        dynamic = iter(args[1:])
        offsets, sizes, strides = (
            _mixed(static, dynamic)
            for static in (op.static_offsets, op.static_sizes, op.static_strides)
        )
        view = cast(Buffer, args[0]).view(offsets, sizes, strides)
        return (_fitting(_reduced(view, op), op.result.type),)

    @impl(memref.GetGlobalOp)
    def run_get_global(
        self, interpreter: Interpreter, op: memref.GetGlobalOp, args: PythonValues
    ) -> PythonValues:
        run = cast(ReferenceInterpreter, interpreter)
        name = op.name_.string_value()
        if name not in run.memory.globals:
            definition = SymbolTable.lookup_symbol(run.module, op.name_)
            if not isinstance(definition, memref.GlobalOp):
                raise ExecutionError(f"there is no global buffer @{name}")
            run.memory.globals[name] = _global(run, name, definition)
        return (run.memory.globals[name],)


@register_impls
class CopyFunctions(InterpreterFunctions):
    """A copy is a loop, so it keeps time itself."""

    keeps_time = True

    @impl(memref.CopyOp)
    def run_copy(
        self, interpreter: Interpreter, op: memref.CopyOp, args: PythonValues
    ) -> PythonValues:
        run = cast(ReferenceInterpreter, interpreter)
        source, target = cast(tuple[Buffer, Buffer], args)
        if source.shape != target.shape:
            raise ExecutionError(
                f"cannot copy a buffer of shape {list(source.shape)} to one of shape "
                f"{list(target.shape)}"
            )
        index = max(run.times_of(op.operands))
        for origin, place in zip(source.positions(), target.positions(), strict=True):
            target.store(place, source.storage.item(origin))
            index = run.clock.copy_element(
                index,
                source.address_of(origin),
                target.address_of(place),
                source.storage.itemsize,
            )
        return ()


def _allocate(
    interpreter: Interpreter, op: memref.AllocOp | memref.AllocaOp, sizes: PythonValues
) -> Buffer:
    name = op.memref.name_hint or "buffer"
    memory = cast(ReferenceInterpreter, interpreter).memory
    what = TAPE if is_tape(op) else None
    buffer = memory.allocate(name, op.memref.type, sizes, skew_of(op), what)
    return _fitting(buffer, op.memref.type)


def _fitting(buffer: Buffer, type_: Attribute) -> Buffer:
    """The buffer; raises ExecutionError unless it is of the type."""
    if isinstance(type_, MemRefType):
        problem = misfit(type_, buffer.shape, buffer.strides, buffer.offset)
        if problem is not None:
            raise ExecutionError(problem)
    return buffer


def _mixed(static: DenseArrayBase[Any], dynamic: Any) -> tuple[int, ...]:
    return tuple(
        next(dynamic) if number == DYNAMIC_INDEX else number
        for number in static.iter_values()
    )


def _reduced(view: Buffer, op: memref.SubviewOp) -> Buffer:
    """Without the dimensions of size one that the result type leaves out."""
    wanted = list(op.result.type.get_shape())
    unneeded = len(view.shape) - len(wanted)
    kept: list[int] = []
    for dimension, size in enumerate(op.static_sizes.iter_values()):
        fits = len(kept) < len(wanted) and wanted[len(kept)] == size
        if unneeded and size == 1 and not fits:
            unneeded -= 1
        else:
            kept.append(dimension)
    kept = kept[: len(wanted)]
    shape = tuple(view.shape[dimension] for dimension in kept)
    strides = tuple(view.strides[dimension] for dimension in kept)
    return Buffer(view.block, view.storage, shape, strides, view.offset)


def _global(
    run: ReferenceInterpreter, name: str, definition: memref.GlobalOp
) -> Buffer:
    buffer = run.memory.allocate(name, definition.type, ())
    initial = definition.initial_value
    if isinstance(initial, DenseIntOrFPElementsAttr):
        values = cast(tuple[Any, ...], initial.get_values())
        buffer.storage[:] = values[0] if len(values) == 1 else values
    buffer.storage.flags.writeable = definition.constant is None
    return buffer
