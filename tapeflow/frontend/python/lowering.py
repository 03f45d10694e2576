"""A Python function as a function of MLIR, for some types of its arguments."""

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from xdsl.dialects import func
from xdsl.dialects.builtin import FunctionType, ModuleOp
from xdsl.ir import Attribute, Block, Region, SSAValue

from tapeflow.analysis.verification.module import verify_module
from tapeflow.frontend.nesting import make_room_on_stack
from tapeflow.frontend.python.annotations import ArrayAnnotation
from tapeflow.frontend.python.argument_types import (
    ArgumentType,
    argument_names,
    type_of,
)
from tapeflow.frontend.python.arrays import materialised
from tapeflow.frontend.python.emitter import Emitter
from tapeflow.frontend.python.escapes import RESULT, straighten
from tapeflow.frontend.python.expressions import evaluate, python_value
from tapeflow.frontend.python.kinds import Kind
from tapeflow.frontend.python.scope import Scope
from tapeflow.frontend.python.statements import Statements
from tapeflow.frontend.python.subscripts import whole_view
from tapeflow.frontend.python.user_source import UserSource
from tapeflow.frontend.python.values import (
    Elementwise,
    Known,
    Scalar,
    Several,
    Unbound,
    Value,
    View,
    describe,
)

DEEPEST_CALLS = 32
"""Functions of the user's that call each other."""


@dataclass(frozen=True)
class Lowered:
    """A module with one function, and what Python gets back from it."""

    module: ModuleOp
    results: tuple[Kind | None, ...]
    """The kinds of the results in order, None for arrays."""
    is_tuple: bool
    """Whether several results, or one in a tuple, are returned."""


def lower(source: UserSource, types: Sequence[ArgumentType]) -> Lowered:
    """The function in MLIR.

    Raises:
        PythonError: something in it cannot be compiled.
    """
    make_room_on_stack()
    block = Block(arg_types=[type_of(type_) for type_ in types])
    emitter = Emitter(block, block, source.location(source.tree))
    scope = Scope(source, emitter, evaluate, call_function)
    with scope.at(source.tree):
        for name, type_, argument in zip(
            argument_names(source), types, block.args, strict=True
        ):
            argument.name_hint = name
            scope.names[name] = _argument(scope, type_, argument)
        value = _run(scope)
        returned = _returned(scope, value)
    location = source.location(source.tree)
    for op in reversed(emitter.first):
        block.insert_op_before(op, block.first_op) if block.first_op else block.add_op(
            op
        )
    for op in emitter.last:
        op.location = location
        if not any(op.memref is value for value, _ in returned):
            block.add_op(op)
    with scope.at(source.tree):
        emitter.add(func.ReturnOp(*(value for value, _ in returned)))
    outputs: list[Attribute] = [value.type for value, _ in returned]
    inputs = [argument.type for argument in block.args]
    function = func.FuncOp(
        source.name, FunctionType.from_lists(inputs, outputs), Region(block)
    )
    function.location = location
    module = ModuleOp([function])
    module.location = location
    verify_module(module)
    return Lowered(module, tuple(k for _, k in returned), isinstance(value, Several))


def _argument(scope: Scope, type_: ArgumentType, argument: SSAValue) -> Value:
    if isinstance(type_, ArrayAnnotation):
        return whole_view(scope, argument, type_.element, at_entry=True)
    return Scalar(type_, ssa=argument)


def _run(scope: Scope) -> Value:
    """Lower the body of a function: what it returns."""
    straight = straighten(scope.source.tree)
    Statements(scope, straight).run(straight.body, frozenset((RESULT,)))
    if scope.is_dead:
        scope.refuse("this function always raises", scope.source.tree)
    value = scope.names.get(RESULT)
    if not straight.returns:
        return Known(None)
    if isinstance(value, Unbound) or value is None or not straight.always_returns:
        scope.refuse(
            "this function may end without 'return'; return a value on every way",
            scope.source.tree,
        )
    return value


def _returned(scope: Scope, value: Value) -> list[tuple[SSAValue, Kind | None]]:
    """The results as SSA values, with their kinds."""
    match value:
        case Known(thing=None):
            return []
        case Scalar():
            return [(scope.emitter.ssa(value), value.kind)]
        case View() | Elementwise():
            if not (isinstance(value, View) and value.is_whole):
                value = materialised(scope, value, "result")
            return [(value.buffer, None)]
        case Several():
            return [pair for item in value.items for pair in _returned(scope, item)]
        case _:
            scope.refuse(f"{describe(value)} is returned; return numbers or arrays")


def call_function(
    scope: Scope,
    node: ast.Call,
    source: UserSource,
    given: list[Value],
    keywords: dict[str, Value],
) -> Value:
    """Lower the body of a function of the user's where it is called."""
    callers = (*scope.callers, scope.source)
    if source.function in [caller.function for caller in callers]:
        scope.refuse(f"'{source.name}' calls itself; write a loop")
    if len(callers) > DEEPEST_CALLS:
        scope.refuse(f"calls nest more than {DEEPEST_CALLS} deep")
    inner = Scope(
        source,
        scope.emitter,
        scope.evaluate,
        scope.call,
        names=_bound(scope, node, source, given, keywords),
        facts=scope.facts,
        callers=callers,
    )
    with inner.at(source.tree):
        value = _run(inner)
    scope.facts = inner.facts
    return value


def _bound(
    scope: Scope,
    node: ast.Call,
    source: UserSource,
    given: list[Value],
    keywords: dict[str, Value],
) -> dict[str, Value]:
    """The values of a called function's arguments by name."""
    names = argument_names(source)
    arguments = source.tree.args
    positional = len(arguments.posonlyargs) + len(arguments.args)
    if arguments.vararg or arguments.kwarg or len(given) > positional:
        scope.refuse(
            f"'{source.name}' cannot be called like this; it takes {names}", node
        )
    bound = dict(zip(names, given, strict=False)) | keywords
    function = source.function
    defaults = function.__defaults__ or ()
    behind = names[:positional][positional - len(defaults) :]
    known: dict[str, Any] = dict(zip(behind, defaults, strict=True)) | (
        function.__kwdefaults__ or {}
    )
    for name in names:
        if name not in bound and name in known:
            bound[name] = python_value(known[name])
    if set(bound) != set(names):
        wrong = sorted(set(bound) ^ set(names))
        scope.refuse(
            f"'{source.name}' is called with other arguments: {wrong[0]}", node
        )
    return {
        name: materialised(scope, value, name)
        if isinstance(value, Elementwise)
        else value
        for name, value in bound.items()
    }
