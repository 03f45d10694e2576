"""Reference engine: arith and math, from the table of scalar semantics."""

from collections.abc import Callable
from functools import cache
from typing import Any

from xdsl.interpreter import (
    Interpreter,
    InterpreterFunctions,
    PythonValues,
    impl,
    register_impls,
)
from xdsl.ir import Operation

from tapeflow.backend.semantics.python_functions import PYTHON_NAMESPACE
from tapeflow.backend.semantics.scalars import SCALAR_OPS, scalar_templates


@cache
def _compiled(texts: tuple[str, ...], operands: int) -> Callable[..., PythonValues]:
    """The texts as one Python function from operands to a tuple of results."""
    names = [f"v{number}" for number in range(operands)]
    body = "".join(f"{text.format(*names)}, " for text in texts)
    return eval(f"lambda {', '.join(names)}: ({body})", dict(PYTHON_NAMESPACE))


def _run_scalar(
    self: "ScalarFunctions",
    _interpreter: Interpreter,
    op: Operation,
    args: PythonValues,
) -> PythonValues:
    function = self.compiled.get(op)
    if function is None:
        function = _compiled(scalar_templates(op), len(op.operands))
        self.compiled[op] = function
    return function(*args)


class ScalarFunctions(InterpreterFunctions):
    """One implementation for every op of the table."""

    def __init__(self) -> None:
        self.compiled: dict[Operation, Callable[..., Any]] = {}


for _op_class in SCALAR_OPS:
    setattr(ScalarFunctions, f"run_{_op_class.name}", impl(_op_class)(_run_scalar))
register_impls(ScalarFunctions)
