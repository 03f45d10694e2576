"""Reference engine: calls, assertions, and the turn to the reverse sweep."""

from collections.abc import Mapping
from typing import cast

from xdsl.dialects import cf, func
from xdsl.interpreter import (
    Interpreter,
    InterpreterFunctions,
    PythonValues,
    impl,
    register_impls,
)
from xdsl.ir import Operation

from tapeflow.backend.reference.interpreter import ReferenceInterpreter
from tapeflow.backend.runtime.execution_error import ExecutionError
from tapeflow.dialects import ad


@register_impls
class FuncFunctions(InterpreterFunctions):
    """A call runs its body in a frame of its own and costs nothing beyond it."""

    keeps_time = True

    def __init__(self, shared: Mapping[Operation, str]):
        """With what is wrong about calls that take the bytes of rings in use."""
        self._shared = shared

    @impl(func.CallOp)
    def run_call(
        self, interpreter: Interpreter, op: func.CallOp, args: PythonValues
    ) -> PythonValues:
        if op in self._shared:
            raise ExecutionError(self._shared[op])
        run = cast(ReferenceInterpreter, interpreter)
        name = op.callee.string_value()
        values, times = run.call(name, args, run.times_of(op.operands))
        run.set_times(op.results, times)
        return values


@register_impls
class CfFunctions(InterpreterFunctions):
    """An assertion costs nothing, as no check does."""

    @impl(cf.AssertOp)
    def run_assert(
        self, _interpreter: Interpreter, op: cf.AssertOp, args: PythonValues
    ) -> PythonValues:
        if not args[0]:
            raise ExecutionError(op.msg.data)
        return ()


@register_impls
class AdFunctions(InterpreterFunctions):
    """`ad.turn` does nothing but let the machine note the time."""

    @impl(ad.TurnOp)
    def run_turn(
        self, _interpreter: Interpreter, _op: ad.TurnOp, _args: PythonValues
    ) -> PythonValues:
        return ()
