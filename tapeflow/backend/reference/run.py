"""One run on the reference engine."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from xdsl.dialects.builtin import MemRefType, ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, Operation

from hwmodel import (
    UNWATCHED,
    Machine,
    SimulationError,
    Watch,
    energy_of,
)
from tapeflow.backend.reference.buffers import CopyFunctions, MemrefFunctions
from tapeflow.backend.reference.calls import AdFunctions, CfFunctions, FuncFunctions
from tapeflow.backend.reference.control import ScfFunctions
from tapeflow.backend.reference.interpreter import ReferenceInterpreter
from tapeflow.backend.reference.rings import SpmFunctions, TransferFunctions
from tapeflow.backend.reference.scalars import ScalarFunctions
from tapeflow.backend.reference.tapes import ArenaFunctions, TapeFunctions
from tapeflow.backend.reference.views import ViewFunctions
from tapeflow.backend.runtime.array_type import Array
from tapeflow.backend.runtime.buffer import Buffer
from tapeflow.backend.runtime.execution import Execution
from tapeflow.backend.runtime.execution_error import ExecutionError
from tapeflow.backend.runtime.launch import (
    make_simulation,
    reachable_rings,
    shared_scratchpad,
)
from tapeflow.backend.runtime.run_memory import RunMemory
from tapeflow.backend.runtime.scalar_types import storage_dtype
from tapeflow.backend.semantics.timing import Clock
from tapeflow.dialects import spm


def run_reference(
    module: ModuleOp,
    function: FuncOp,
    arguments: Sequence[Array | np.generic],
    machine: Machine | None,
    watch: Watch = UNWATCHED,
) -> Execution:
    """Run a function on checked arguments.

    Raises:
        ExecutionError: the program cannot run, or not on this machine.
    """
    started = time.perf_counter()
    allocations = reachable_rings(module, function)
    simulation = (
        None if machine is None else make_simulation(machine, allocations, watch)
    )
    memory = RunMemory()
    shared = shared_scratchpad(module, function)
    run = _interpreter(module, allocations, shared, memory, Clock(simulation))
    values = _values(function, arguments, memory)
    try:
        outcome, _ = run.call(function.sym_name.data, values, [0] * len(values))
        counters = None if simulation is None else simulation.finish()
    except RecursionError:
        raise ExecutionError("loops and calls nest too deeply to run") from None
    except SimulationError as error:
        raise ExecutionError(str(error)) from error
    return Execution(
        results=tuple(map(_result, outcome, function.function_type.outputs)),
        counters=counters,
        energy=counters and machine and energy_of(counters, machine),
        addresses=memory.addresses,
        tape_bytes=memory.tape_bytes,
        engine="reference",
        run_seconds=time.perf_counter() - started,
        log=simulation and simulation.log(),
    )


def _interpreter(
    module: ModuleOp,
    allocations: Sequence[spm.AllocateOp],
    shared: Mapping[Operation, str],
    memory: RunMemory,
    clock: Clock,
) -> ReferenceInterpreter:
    numbers = {op: number for number, op in enumerate(allocations)}
    functions = (
        FuncFunctions(shared),
        ScfFunctions(),
        ScalarFunctions(),
        MemrefFunctions(),
        CopyFunctions(),
        ViewFunctions(),
        AdFunctions(),
        CfFunctions(),
        TapeFunctions(),
        ArenaFunctions(),
        SpmFunctions(numbers, shared),
        TransferFunctions(),
    )
    return ReferenceInterpreter(module, functions, memory, clock)


def _values(
    function: FuncOp, arguments: Sequence[Array | np.generic], memory: RunMemory
) -> list[Any]:
    """Arguments as the engine holds them, buffers with addresses in order."""
    values: list[Any] = []
    parameters = function.body.blocks[0].args
    for parameter, argument in zip(parameters, arguments, strict=True):
        if isinstance(argument, np.ndarray):
            name = parameter.name_hint or f"arg{parameter.index}"
            values.append(memory.adopt(name, argument))
        else:
            values.append(argument.item())
    return values


def _result(value: Any, type_: Attribute) -> Any:
    if isinstance(value, Buffer):
        return value.array()
    dtype = None if isinstance(type_, MemRefType) else storage_dtype(type_)
    return value if dtype is None else dtype.type(value)
