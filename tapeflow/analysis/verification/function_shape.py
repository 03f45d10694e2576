"""Says what is wrong with functions and calls, where xDSL's verifiers say less.

xDSL tells a repeated name at the module, and a missing return as an operation that is
no terminator.
"""

from collections.abc import Iterable
from typing import NoReturn

from xdsl.dialects.builtin import FunctionType, ModuleOp
from xdsl.dialects.func import CallOp, FuncOp
from xdsl.ir import Operation
from xdsl.traits import IsTerminator
from xdsl.utils.exceptions import VerifyException

from tapeflow.analysis.ir.source_lines import file_location
from tapeflow.analysis.ir.walking import operations_in


def names_of(functions: Iterable[FuncOp]) -> str:
    """The functions of a module, for a message that says which there are."""
    names = ", ".join(f"@{function.sym_name.data}" for function in functions)
    return names or "none (what a module inside the module holds is not seen)"


def verify_functions(module: ModuleOp) -> None:
    """Check the names and the ends of functions, and that calls fit them.

    Raises `VerifyException` through `Operation.emit_error` at the first one at fault.
    """
    functions = [op for op in module.ops if isinstance(op, FuncOp)]
    named: dict[str, FuncOp] = {}
    for function in functions:
        _verify_function(function, named.get(function.sym_name.data))
        named[function.sym_name.data] = function
    for call in (op for function in functions for op in operations_in(function)):
        if isinstance(call, CallOp):
            _verify_call(call, named)


def _verify_function(function: FuncOp, other: FuncOp | None) -> None:
    name = function.sym_name.data
    if other is not None:
        place = file_location(other.location)
        where = "" if place is None else f" in line {place.line.data}"
        _reject(function, f"there is another @{name}{where}; rename one of them")
    for block in function.body.blocks:
        if block.last_op is None or not block.last_op.has_trait(IsTerminator):
            _reject(function, f"@{name} does not end with a 'func.return'")


def _verify_call(call: CallOp, functions: dict[str, FuncOp]) -> None:
    name = call.callee.string_value()
    if name not in functions:
        known = names_of(functions.values())
        _reject(call, f"there is no function @{name}; functions here: {known}")
    takes = functions[name].function_type
    given = FunctionType.from_lists(
        [value.type for value in call.arguments], list(call.result_types)
    )
    if takes != given:
        _reject(call, f"@{name} is {takes}, and this calls it as {given}")


def _reject(op: Operation, message: str) -> NoReturn:
    op.emit_error(f"'{op.name}': {message}", VerifyException(message))
