"""Reference engine: rings in the scratchpad, their layers and their streams."""

from collections.abc import Callable, Mapping
from typing import Any, cast

from xdsl.interpreter import (
    Interpreter,
    InterpreterFunctions,
    PythonValues,
    impl,
    register_impls,
)
from xdsl.ir import Operation

from tapeflow.backend.reference.interpreter import ReferenceInterpreter
from tapeflow.backend.reference.ring import Ring
from tapeflow.backend.reference.tapes import required_capacity
from tapeflow.backend.runtime.execution_error import ExecutionError
from tapeflow.dialects import spm, stream


@register_impls
class SpmFunctions(InterpreterFunctions):
    """Records at scratchpad addresses and the boundaries of layers."""

    def __init__(
        self, numbers: dict[spm.AllocateOp, int], shared: Mapping[Operation, str]
    ):
        self._numbers = numbers
        self._shared = shared

    @impl(spm.AllocateOp)
    def run_allocate(
        self, interpreter: Interpreter, op: spm.AllocateOp, args: PythonValues
    ) -> PythonValues:
        if op in self._shared:
            raise ExecutionError(self._shared[op])
        run = cast(ReferenceInterpreter, interpreter)
        capacity = required_capacity(args[0])
        bound = capacity if op.growing is None else None
        run.ring_number = number = self._numbers[op]
        return (Ring(op.ring.type, number, run.memory.budget, bound),)

    @impl(spm.StoreOp)
    def run_store(
        self, interpreter: Interpreter, op: spm.StoreOp, args: PythonValues
    ) -> PythonValues:
        run = cast(ReferenceInterpreter, interpreter)
        value, ring, address = args
        field = op.field.data
        place = ring.place(address, field)
        ring.store(place, field, value)
        run.address = ring.scratchpad_address(place)
        if field == 0:
            run.memory.count_tape(ring.record.layout.stride_bytes)
        return ()

    @impl(spm.LoadOp)
    def run_load(
        self, interpreter: Interpreter, op: spm.LoadOp, args: PythonValues
    ) -> PythonValues:
        run = cast(ReferenceInterpreter, interpreter)
        ring, address = args
        field = op.field.data
        place = ring.place(address, field)
        run.address = ring.scratchpad_address(place)
        if field == 0:
            run.memory.count_tape(-ring.record.layout.stride_bytes)
        return (ring.load(place, field),)

    @impl(spm.AdvanceOp)
    def run_advance(
        self, _interpreter: Interpreter, _op: spm.AdvanceOp, args: PythonValues
    ) -> PythonValues:
        ring, address, limit = args
        return cast(Ring, ring).advance(address, limit)

    @impl(spm.RetreatOp)
    def run_retreat(
        self, _interpreter: Interpreter, _op: spm.RetreatOp, args: PythonValues
    ) -> PythonValues:
        ring, address, limit = args
        return cast(Ring, ring).retreat(address, limit)


def _transfer(action: Callable[[Ring, int], int | None]) -> Callable[..., PythonValues]:
    def run_transfer(
        _self: InterpreterFunctions,
        interpreter: Interpreter,
        _op: Operation,
        args: PythonValues,
    ) -> PythonValues:
        run = cast(ReferenceInterpreter, interpreter)
        ring, start = args
        slot = action(ring, start)
        run.address, run.ring_number = start, ring.number
        return () if slot is None else (slot,)

    return run_transfer


class TransferFunctions(InterpreterFunctions):
    """Tiles on their way between scratchpad and DRAM."""


_TRANSFERS: dict[type[Operation], Callable[[Ring, int], Any]] = {
    spm.DrainOp: Ring.drain,
    spm.FillOp: Ring.fill,
    stream.EnqueueOp: Ring.enqueue,
    stream.AcquireOp: Ring.acquire,
    stream.PrefetchOp: Ring.prefetch,
    stream.DequeueOp: Ring.dequeue,
    stream.ReloadOp: Ring.reload,
}
for _op_class, _action in _TRANSFERS.items():
    setattr(
        TransferFunctions, f"run_{_op_class.name}", impl(_op_class)(_transfer(_action))
    )
register_impls(TransferFunctions)
