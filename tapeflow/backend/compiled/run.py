"""The compiled engine: the same semantics and counters as the reference, much faster.

The function is written as Python (`emit`), translated to machine code by LLVM
(`native`) and called; with a machine, it hands buffers of events to `hwmodel`. With
NUMBA_DISABLE_JIT=1 the same source runs as plain Python instead.
"""

import os
import time
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from xdsl.dialects.builtin import DYNAMIC_INDEX, MemRefType, ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute

from hwmodel import (
    UNWATCHED,
    Machine,
    Simulation,
    SimulationError,
    Watch,
    energy_of,
)
from tapeflow.backend.compiled import compile_cache
from tapeflow.backend.compiled.emit.buffer_view import BufferView, layout_of
from tapeflow.backend.compiled.event_consumer import EventConsumer, simulating
from tapeflow.backend.compiled.function_programs import FunctionPrograms
from tapeflow.backend.compiled.native.llvm_module import llvm_text
from tapeflow.backend.compiled.native.machine_code import (
    MachineCode,
    load_object_code,
    object_code,
)
from tapeflow.backend.compiled.native_run import NativeRun
from tapeflow.backend.compiled.plain_array import PlainArray
from tapeflow.backend.compiled.python_run import PythonRun
from tapeflow.backend.compiled.run_host import RunHost
from tapeflow.backend.runtime.array_type import Array
from tapeflow.backend.runtime.buffer import Buffer
from tapeflow.backend.runtime.execution import Execution
from tapeflow.backend.runtime.execution_error import ExecutionError
from tapeflow.backend.runtime.launch import make_simulation
from tapeflow.backend.runtime.run_memory import RunMemory
from tapeflow.backend.runtime.scalar_types import storage_dtype

MOST_THOROUGH_LINES = 5000
"""Longer sources are optimised less: LLVM's time grows faster than their length."""

PROGRAMS_KEPT = 64
"""Programs whose machine code stays in memory."""


def run_compiled(
    programs: FunctionPrograms,
    arguments: Sequence[Array | np.generic],
    machine: Machine | None,
    observer: EventConsumer | None = None,
    watch: Watch = UNWATCHED,
) -> Execution:
    """Run a function on checked arguments.

    Args:
        programs: of the function; what this run needs of them is generated now, unless
            an earlier run has needed it.
        observer: takes in the events in the place of a machine.
        watch: what to log of the machine's run.

    Raises:
        ExecutionError: the program cannot run, or not on this machine.
    """
    started = time.perf_counter()
    function = programs.function
    simulation = (
        None if machine is None else make_simulation(machine, programs.rings, watch)
    )
    consumer = observer if simulation is None else simulating(simulation)
    is_timed = consumer is not None
    program = programs.program(is_timed)
    is_native = os.environ.get("NUMBA_DISABLE_JIT", "0") in ("", "0")
    # With a machine, nearly all time is spent in its model: cheap code will do.
    lines = program.source.count("\n")
    thorough = not is_timed and lines <= MOST_THOROUGH_LINES
    code = None
    if is_native:
        code = machine_code(program.source, program.entry, thorough)
    prepared = time.perf_counter()
    host = RunHost(program.sites, RunMemory(), consumer, program.events)
    words = list(_words(function, arguments, host, is_timed, is_native))
    if code is None:
        run = PythonRun(host, program.constants)
        outcome = run.call(program, words)
    else:
        run = NativeRun(host, program.constants)
        outcome = run.call(code, program, words)
    results = tuple(_results(function, outcome, host, is_timed))
    return _execution(
        results,
        machine,
        simulation,
        host,
        run.tape_bytes,
        (prepared - started, time.perf_counter() - prepared),
    )


@lru_cache(maxsize=PROGRAMS_KEPT)
def machine_code(source: str, entry: str, thorough: bool) -> MachineCode:
    """Machine code of generated source: from memory, from disk, or compiled now."""
    key = compile_cache.key_of(source, entry, thorough)
    kept = compile_cache.load(key)
    if kept is None:
        kept = object_code(llvm_text(source, entry), thorough)
        compile_cache.save(key, kept)
    return load_object_code(kept)


def python_source(module: ModuleOp, function: FuncOp, timed: bool) -> str:
    """The readable Python that the engine compiles.

    Raises:
        ExecutionError: an op that no engine runs, or that has no machine cost.
    """
    return FunctionPrograms(module, function).program(timed).source


def _execution(
    results: tuple[Any, ...],
    machine: Machine | None,
    simulation: Simulation | None,
    host: RunHost,
    tape_bytes: int,
    seconds: tuple[float, float],
) -> Execution:
    try:
        counters = None if simulation is None else simulation.finish()
    except SimulationError as error:
        raise ExecutionError(str(error)) from error
    return Execution(
        results=results,
        counters=counters,
        energy=counters and machine and energy_of(counters, machine),
        addresses=host.memory.addresses,
        tape_bytes=tape_bytes,
        engine="compiled",
        compile_seconds=seconds[0],
        run_seconds=seconds[1],
        log=simulation and simulation.log(),
    )


def _words(
    function: FuncOp,
    arguments: Sequence[Array | np.generic],
    host: RunHost,
    timed: bool,
    is_native: bool,
) -> Iterator[Any]:
    """Arguments taken apart as the generated function takes them."""
    for parameter, argument in zip(function.body.block.args, arguments, strict=True):
        if not isinstance(argument, np.ndarray):
            yield argument.item()
            continue
        name = parameter.name_hint or f"arg{parameter.index}"
        buffer = host.adopt(name, argument)
        assert isinstance(parameter.type, MemRefType)
        storage = buffer.storage
        yield int(storage.ctypes.data) if is_native else PlainArray.of(storage)
        if timed:
            yield buffer.block.address
        yield from _layout(parameter.type, buffer)


def _layout(type_: MemRefType[Attribute], buffer: Buffer) -> Iterator[int]:
    """Sizes and strides that the type leaves open."""
    for static, size in zip(type_.get_shape(), buffer.shape, strict=True):
        if static == DYNAMIC_INDEX:
            yield size
    for static, stride in zip(layout_of(type_) or (), buffer.strides, strict=False):
        if static is None:
            yield stride


def _results(
    function: FuncOp, outcome: Sequence[Any], host: RunHost, timed: bool
) -> Iterator[Any]:
    """Results put together from their parts, in the exact types."""
    parts = iter(outcome)
    for type_ in function.function_type.outputs:
        if isinstance(type_, MemRefType):
            yield _array(type_, parts, host, timed)
        else:
            dtype = storage_dtype(type_)
            value = next(parts)
            yield value if dtype is None else dtype.type(value)


def _array(
    type_: MemRefType[Attribute], parts: Iterator[Any], host: RunHost, timed: bool
) -> Array:
    """The elements of a buffer result, sharing its memory."""
    view = BufferView.named(type_, "result", timed)
    values = {text: next(parts) for text, _ in view.variables()}
    first = values[view.array]
    pointer = first.pointer if isinstance(first, PlainArray) else int(first)
    buffer = host.owner(pointer)

    def number(text: str) -> int:
        return values[text] if text in values else int(text)

    shape = [number(text) for text in view.sizes]
    strides = list(
        Buffer.contiguous(buffer.block, buffer.storage, tuple(shape)).strides
    )
    if view.strides is not None:
        strides = [number(text) for text in view.strides]
    itemsize = buffer.storage.itemsize
    offset = (pointer - int(buffer.storage.ctypes.data)) // itemsize
    return np.lib.stride_tricks.as_strided(
        buffer.storage[offset:], shape, [stride * itemsize for stride in strides]
    )
