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
    MachineError,
    Ring,
    Simulation,
    SimulationError,
    Watch,
    energy_of,
)
from tapeflow.analysis.ir.call_graph import CallGraph
from tapeflow.analysis.streams.shared_rings import shared_by_calls, shared_inside
from tapeflow.backend.reference.buffers import CopyFunctions, MemrefFunctions
from tapeflow.backend.reference.calls import AdFunctions, FuncFunctions
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
        placement=memory.placed,
        tape_bytes=memory.tape_bytes,
        engine="reference",
        run_seconds=time.perf_counter() - started,
        recording=simulation and simulation.recording(),
    )


def reachable_rings(module: ModuleOp, function: FuncOp) -> tuple[spm.AllocateOp, ...]:
    """The rings of a function and all it calls; a ring's number is its position.

    The order is that of the module's text.
    """
    components = CallGraph(module).components(function)
    reached = {member for component in components for member in component}
    return tuple(
        op
        for candidate in module.walk()
        if isinstance(candidate, FuncOp) and candidate in reached
        for op in candidate.walk()
        if isinstance(op, spm.AllocateOp)
    )


def shared_scratchpad(module: ModuleOp, function: FuncOp) -> dict[Operation, str]:
    """By operation of a function, or of one it calls, how it takes a used ring's bytes.

    These are calls, and allocations of rings.
    """
    graph = CallGraph(module)
    return {
        shared.where: f"a ring is in use here: {shared.reason}; give each ring "
        "bytes of its own, as assign-scratchpad does"
        for component in graph.components(function)
        for member in component
        for shared in (*shared_by_calls(member, graph), *shared_inside(member))
        if shared.is_certain
    }


def make_simulation(
    machine: Machine, allocations: Sequence[spm.AllocateOp], watch: Watch
) -> Simulation:
    """The machine at work, with rings numbered by position.

    Raises:
        ExecutionError: the rings do not fit its scratchpad.
    """
    types = [allocation.ring.type for allocation in allocations]
    rings = tuple(
        Ring(t.tile_bytes, t.slots.data, t.pitch_bytes, t.base.data) for t in types
    )
    try:
        return Simulation(machine, rings, watch)
    except (SimulationError, MachineError) as error:
        raise ExecutionError(str(error)) from error


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
        TapeFunctions(),
        ArenaFunctions(),
        SpmFunctions(numbers, shared),
        TransferFunctions(),
    )
    return ReferenceInterpreter(module, functions, memory, clock)


def _values(
    function: FuncOp, arguments: Sequence[Array | np.generic], memory: RunMemory
) -> list[Any]:
    """Arguments as the engine holds them, buffers placed in order."""
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
