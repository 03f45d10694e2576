"""Run one function of a module, with or without a machine, on either engine."""

from collections.abc import Sequence

from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.traits import SymbolTable

from hwmodel import UNWATCHED, Machine, Watch
from tapeflow.backend.arguments import checked_arguments
from tapeflow.backend.compiled.event_consumer import EventConsumer
from tapeflow.backend.runtime.execution import Engine, Execution
from tapeflow.backend.runtime.execution_error import ExecutionError

__all__ = [
    "DEFAULT_ENGINE",
    "Engine",
    "Execution",
    "ExecutionError",
    "execute",
    "observe",
]

DEFAULT_ENGINE: Engine = "compiled"


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
    op = _function(module, function)
    checked = checked_arguments(op, arguments)
    if engine == "compiled":
        from tapeflow.backend.compiled.run import run_compiled

        return run_compiled(module, op, checked, machine, watch=watch)
    from tapeflow.backend.reference.run import run_reference

    return run_reference(module, op, checked, machine, watch)


def observe(
    module: ModuleOp,
    function: str,
    arguments: Sequence[object],
    observer: EventConsumer,
) -> Execution:
    """Run a function on the compiled engine with an observer in place of a machine.

    Nothing is counted. Raises as `execute` does.
    """
    from tapeflow.backend.compiled.run import run_compiled

    op = _function(module, function)
    return run_compiled(module, op, checked_arguments(op, arguments), None, observer)


def _function(module: ModuleOp, name: str) -> FuncOp:
    op = SymbolTable.lookup_symbol(module, name)
    if not isinstance(op, FuncOp) or op.is_declaration:
        raise ExecutionError(f"there is no function @{name} with a body to run")
    return op
