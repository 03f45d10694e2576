"""Reference engine: tapes before they are memory, and arenas."""

from typing import cast

from xdsl.interpreter import (
    Interpreter,
    InterpreterFunctions,
    PythonValues,
    impl,
    register_impls,
)

from tapeflow.backend.reference.interpreter import ReferenceInterpreter
from tapeflow.backend.reference.record_memory import Arena, RecordFormat
from tapeflow.backend.reference.tape_memory import TapeStack, TiledTape
from tapeflow.backend.runtime.execution_error import ExecutionError
from tapeflow.backend.runtime.memory_budget import TAPE
from tapeflow.dialects import tape
from tapeflow.dialects.record import field_bytes
from tapeflow.dialects.tape_attributes import TAPE_MOVED
from tapeflow.dialects.tape_expect import ExpectOp


@register_impls
class TapeFunctions(InterpreterFunctions):
    """Abstract stacks and tape regions, with and without tiles."""

    @impl(tape.StackOp)
    def run_stack(
        self, interpreter: Interpreter, op: tape.StackOp, _args: PythonValues
    ) -> PythonValues:
        budget = cast(ReferenceInterpreter, interpreter).memory.budget
        return (TapeStack(field_bytes(op.tape.type.element), budget),)

    @impl(tape.AllocateOp)
    def run_allocate(
        self, interpreter: Interpreter, op: tape.AllocateOp, args: PythonValues
    ) -> PythonValues:
        budget = cast(ReferenceInterpreter, interpreter).memory.budget
        type_ = op.tape.type
        room = required_capacity(args[0])
        capacity = room if op.growing is None else None
        width = type_.pushed_bytes
        if type_.tile_records is None:
            return (TapeStack(width, budget, capacity),)
        return (TiledTape(width, budget, capacity, type_.tile_records),)

    @impl(tape.ReserveOp)
    def run_reserve(
        self, _interpreter: Interpreter, _op: tape.ReserveOp, _args: PythonValues
    ) -> PythonValues:
        return ()

    @impl(ExpectOp)
    def run_expect(
        self, interpreter: Interpreter, op: ExpectOp, args: PythonValues
    ) -> PythonValues:
        budget = cast(ReferenceInterpreter, interpreter).memory.budget
        budget.expect_tape(required_capacity(args[0]), op.record_bytes.value.data)
        return ()

    @impl(tape.PushOp)
    def run_push(
        self, interpreter: Interpreter, _op: tape.PushOp, args: PythonValues
    ) -> PythonValues:
        memory: TapeStack = args[0]
        memory.push(args[1:])
        run = cast(ReferenceInterpreter, interpreter)
        run.memory.count_tape(memory.record_bytes)
        return ()

    @impl(tape.PopOp)
    def run_pop(
        self, interpreter: Interpreter, _op: tape.PopOp, args: PythonValues
    ) -> PythonValues:
        memory: TapeStack = args[0]
        run = cast(ReferenceInterpreter, interpreter)
        run.memory.count_tape(-memory.record_bytes)
        return memory.pop()

    @impl(tape.AdvanceOp)
    def run_advance(
        self, _interpreter: Interpreter, _op: tape.AdvanceOp, args: PythonValues
    ) -> PythonValues:
        return (cast(TiledTape, args[0]).advance(),)

    @impl(tape.RetreatOp)
    def run_retreat(
        self, _interpreter: Interpreter, _op: tape.RetreatOp, args: PythonValues
    ) -> PythonValues:
        return (cast(TiledTape, args[0]).retreat(),)


@register_impls
class ArenaFunctions(InterpreterFunctions):
    """Records in memory behind the cache."""

    @impl(tape.AllocateArenaOp)
    def run_allocate_arena(
        self, interpreter: Interpreter, op: tape.AllocateArenaOp, args: PythonValues
    ) -> PythonValues:
        memory = cast(ReferenceInterpreter, interpreter).memory
        record = RecordFormat.of(op.arena.type.fields, op.arena.type.record_layout)
        capacity = required_capacity(args[0])
        memory.budget.expect_tape(capacity, record.layout.pushed_bytes)
        size = record.layout.size_bytes(capacity)
        memory.budget.take(size, TAPE)
        block = memory.block(op.arena.name_hint or "arena", size)
        return (Arena(block, record),)

    @impl(tape.DeallocateArenaOp)
    def run_deallocate_arena(
        self, interpreter: Interpreter, _op: tape.DeallocateArenaOp, args: PythonValues
    ) -> PythonValues:
        memory = cast(ReferenceInterpreter, interpreter).memory
        memory.release(cast(Arena, args[0]).block)
        return ()

    @impl(tape.StoreOp)
    def run_store(
        self, interpreter: Interpreter, op: tape.StoreOp, args: PythonValues
    ) -> PythonValues:
        run = cast(ReferenceInterpreter, interpreter)
        value, arena, address = args
        field = op.field.data
        place = arena.place(address, field)
        arena.store(place, field, value)
        run.address = arena.block.address + place
        if field == 0 and TAPE_MOVED not in op.attributes:
            run.memory.count_tape(arena.record.layout.pushed_bytes)
        return ()

    @impl(tape.LoadOp)
    def run_load(
        self, interpreter: Interpreter, op: tape.LoadOp, args: PythonValues
    ) -> PythonValues:
        run = cast(ReferenceInterpreter, interpreter)
        arena, address = args
        field = op.field.data
        place = arena.place(address, field)
        run.address = arena.block.address + place
        if field == 0 and TAPE_MOVED not in op.attributes:
            run.memory.count_tape(-arena.record.layout.pushed_bytes)
        return (arena.load(place, field),)


def required_capacity(records: int) -> int:
    """Raises ExecutionError if it is negative."""
    if records < 0:
        raise ExecutionError(f"a tape cannot have room for {records} records")
    return records
