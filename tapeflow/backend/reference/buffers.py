"""Reference engine: buffers and their elements."""

from collections.abc import Iterable
from typing import Any, cast

from xdsl.dialects import memref
from xdsl.dialects.builtin import (
    DenseIntOrFPElementsAttr,
)
from xdsl.interpreter import (
    Interpreter,
    InterpreterFunctions,
    PythonValues,
    impl,
    register_impls,
)
from xdsl.ir import Operation
from xdsl.traits import SymbolTable

from tapeflow.analysis.verification.what_runs import DEALLOCATED_GLOBAL, is_global
from tapeflow.backend.reference.interpreter import ReferenceInterpreter
from tapeflow.backend.reference.views import fitting
from tapeflow.backend.runtime.buffer import Buffer
from tapeflow.backend.runtime.execution_error import ExecutionError
from tapeflow.backend.runtime.memory_budget import TAPE
from tapeflow.backend.runtime.run_memory import is_tape, skew_of
from tapeflow.dialects import address
from tapeflow.dialects.tape_attributes import TAPE_FIELD, is_saved


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
        buffer: Buffer = args[0]
        if is_global(op.memref):
            raise ExecutionError(DEALLOCATED_GLOBAL)
        if buffer.offset and buffer.block.is_live:
            raise ExecutionError(
                f"a part of buffer '{buffer.block.name}' cannot be deallocated"
            )
        cast(ReferenceInterpreter, interpreter).memory.release(buffer.block)
        return ()

    @impl(memref.LoadOp)
    def run_load(
        self, interpreter: Interpreter, op: memref.LoadOp, args: PythonValues
    ) -> PythonValues:
        return _load(interpreter, op, args[0], args[1:])

    @impl(memref.StoreOp)
    def run_store(
        self, interpreter: Interpreter, op: memref.StoreOp, args: PythonValues
    ) -> PythonValues:
        return _store(interpreter, op, args[0], args[1], args[2:])

    @impl(address.LoadOp)
    def run_address_load(
        self, interpreter: Interpreter, op: address.LoadOp, args: PythonValues
    ) -> PythonValues:
        return _load(interpreter, op, args[0], _checked_subscripts(op, args))

    @impl(address.StoreOp)
    def run_address_store(
        self, interpreter: Interpreter, op: address.StoreOp, args: PythonValues
    ) -> PythonValues:
        subscripts = _checked_subscripts(op, args)
        return _store(interpreter, op, args[0], args[1], subscripts)

    @impl(address.PointOp)
    def run_point(
        self, interpreter: Interpreter, op: address.PointOp, args: PythonValues
    ) -> PythonValues:
        return (args[1],)

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
    """A copy is a loop, so it keeps time itself.

    All of the source is read before any of the target is written.
    """

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
        source.require_live()
        target.require_live()
        index = max(run.times_of(op.operands))
        values: Iterable[Any] = map(source.storage.item, source.positions())
        if source.block is target.block:
            values = list(values)
        for origin, place, value in zip(
            source.positions(), target.positions(), values, strict=True
        ):
            target.store(place, value)
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
    return fitting(buffer, op.memref.type)


def _load(
    interpreter: Interpreter, op: Operation, buffer: Buffer, subscripts: PythonValues
) -> PythonValues:
    position = buffer.position(subscripts)
    run = cast(ReferenceInterpreter, interpreter)
    run.address = buffer.address_of(position)
    if TAPE_FIELD in op.attributes:
        run.memory.count_tape(-buffer.storage.itemsize)
    return (buffer.storage.item(position),)


def _store(
    interpreter: Interpreter,
    op: Operation,
    value: Any,
    buffer: Buffer,
    subscripts: PythonValues,
) -> PythonValues:
    position = buffer.position(subscripts)
    buffer.store(position, value)
    run = cast(ReferenceInterpreter, interpreter)
    run.address = buffer.address_of(position)
    if is_saved(op):
        run.memory.count_tape(buffer.storage.itemsize)
    return ()


def _checked_subscripts(
    op: address.LoadOp | address.StoreOp, args: PythonValues
) -> PythonValues:
    """The subscripts; raises `ExecutionError` unless the address is theirs."""
    places = op.subscript_operands
    buffer: Buffer = args[places.start - 1]
    subscripts = args[places.start : places.stop]
    element = buffer.position(subscripts) - buffer.offset
    computed = sum(args[places.stop :]) + op.elements_ahead
    if (computed - element) % 2**64:
        raise ExecutionError(
            f"the address is that of element {computed}, but the subscripts mean "
            f"element {element}"
        )
    return subscripts


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
