"""Run one function of a module, with or without a machine, on either engine."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, get_args

from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.traits import SymbolTable

from hwmodel import UNWATCHED, Machine, Watch
from tapeflow.backend.arguments import checked_arguments
from tapeflow.backend.compiled.event_consumer import EventConsumer
from tapeflow.backend.runtime.execution import Engine, Execution
from tapeflow.backend.runtime.execution_error import ExecutionError

if TYPE_CHECKING:
    from tapeflow.backend.compiled.function_programs import FunctionPrograms

__all__ = [
    "DEFAULT_ENGINE",
    "Engine",
    "Execution",
    "ExecutionError",
    "Runnable",
    "execute",
]

DEFAULT_ENGINE: Engine = "compiled"


class Runnable:
    """A function of a module that does not change any more, to be run many times.

    What the compiled engine generates from it serves all its runs.
    """

    def __init__(self, module: ModuleOp, function: str):
        """Raises ExecutionError if there is no such function with a body."""
        self._module = module
        self._function = _function(module, function)

    def run(
        self,
        arguments: Sequence[object],
        machine: Machine | None = None,
        engine: Engine = DEFAULT_ENGINE,
        watch: Watch = UNWATCHED,
    ) -> Execution:
        """Run as `execute` does."""
        if engine not in get_args(Engine):
            raise ExecutionError(
                f"there is no engine {engine!r}; engines: {', '.join(get_args(Engine))}"
            )
        checked = checked_arguments(self._function, arguments)
        if engine == "compiled":
            from tapeflow.backend.compiled.run import run_compiled

            return run_compiled(self._programs, checked, machine, watch=watch)
        from tapeflow.backend.reference.run import run_reference

        return run_reference(self._module, self._function, checked, machine, watch)

    def observe(
        self, arguments: Sequence[object], observer: EventConsumer
    ) -> Execution:
        """Run on the compiled engine with an observer in place of a machine.

        Nothing is counted. Raises as `execute` does.
        """
        from tapeflow.backend.compiled.run import run_compiled

        checked = checked_arguments(self._function, arguments)
        return run_compiled(self._programs, checked, None, observer)

    @cached_property
    def _programs(self) -> FunctionPrograms:
        from tapeflow.backend.compiled.function_programs import FunctionPrograms

        return FunctionPrograms(self._module, self._function)


def execute(
    module: ModuleOp,
    function: str,
    arguments: Sequence[object],
    machine: Machine | None = None,
    engine: Engine = DEFAULT_ENGINE,
    watch: Watch = UNWATCHED,
) -> Execution:
    """Run a function at any level of the IR.

    Args:
        arguments: for each memref a writeable array in C order of its exact element
            type, changed in place; a Python or NumPy number for each scalar.
        machine: counts cycles, accesses and energy; None computes values only.
        watch: what to log of the machine's run.

    Raises:
        ExecutionError: wrong arguments, or a program that cannot run: an access out
            of bounds, a misused tape, an op without meaning or without a cost.
        KeyboardInterrupt: Ctrl-C. Compiled code that asks the host for nothing, as an
            inner loop, cannot be stopped: a thread of this process goes on with it
            until the process ends. Call from a process that can be ended, or with
            `engine="reference"`, where that matters.
    """
    return Runnable(module, function).run(arguments, machine, engine, watch)


def _function(module: ModuleOp, name: str) -> FuncOp:
    op = SymbolTable.lookup_symbol(module, name)
    if not isinstance(op, FuncOp) or op.is_declaration:
        raise ExecutionError(f"there is no function @{name} with a body to run")
    return op
