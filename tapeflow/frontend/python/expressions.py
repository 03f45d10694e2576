"""The expressions of a function."""

import ast
from types import ModuleType
from typing import Any, cast

import numpy as np

from tapeflow.frontend.python.arithmetic import binary, inverted, multiply, negated
from tapeflow.frontend.python.arrays import (
    binary_arrays,
    elementwise,
    materialised,
    transposed,
)
from tapeflow.frontend.python.calls import call_known, call_method
from tapeflow.frontend.python.comparisons import (
    both,
    chosen,
    compare,
    either,
    opposite,
    truth,
)
from tapeflow.frontend.python.emitter import discard
from tapeflow.frontend.python.kinds import Kind
from tapeflow.frontend.python.loops import branch
from tapeflow.frontend.python.scope import Scope
from tapeflow.frontend.python.subscripts import load, part_of, subscript_values
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
from tapeflow.near_names import did_you_mean


def evaluate(scope: Scope, node: ast.expr) -> Value:
    """Write what computes an expression: its value."""
    with scope.at(node):
        return _evaluate(scope, node)


def _evaluate(scope: Scope, node: ast.expr) -> Value:
    match node:
        case ast.Constant():
            return python_value(node.value)
        case ast.Name():
            return _name(scope, node)
        case ast.BinOp():
            return _binary(scope, node)
        case ast.UnaryOp():
            return _unary(scope, node)
        case ast.Compare():
            return _compare(scope, node)
        case ast.BoolOp():
            return _bool(scope, node)
        case ast.IfExp():
            return _choice(scope, node)
        case ast.Subscript():
            return _subscript(scope, node)
        case ast.Attribute():
            return _attribute(scope, node)
        case ast.Call():
            return _call(scope, node)
        case ast.Tuple() | ast.List():
            return Several(tuple(_stored(scope, item) for item in node.elts))
        case _:
            name = type(node).__name__
            scope.refuse(
                f"{name} is no expression that can be compiled; write a loop over "
                "numbers and arrays instead"
            )


def python_value(thing: Any) -> Value:
    """What an object of Python is here."""
    type_ = _class_of(thing)
    kind = _NUMPY_KINDS.get(type_)
    if kind is not None:
        return Scalar(kind, thing.item())
    if type_ in (bool, int, float):
        return Scalar.of(thing)
    if isinstance(thing, tuple):
        items = cast(tuple[Any, ...], thing)
        return Several(tuple(map(python_value, items)))
    return Known(thing)


def _class_of(thing: object) -> type:
    return type(thing)


_NUMPY_KINDS: dict[type, Kind] = {
    np.bool_: Kind.BOOL,
    np.float32: Kind.F32,
    np.float64: Kind.F64,
    np.int32: Kind.NUMPY_INT,
    np.int64: Kind.NUMPY_INT,
}


def _stored(scope: Scope, node: ast.expr) -> Value:
    """A value that what is written later does not change."""
    if isinstance(node, ast.Starred):
        scope.refuse("'*' cannot be compiled; write each value", node)
    value = evaluate(scope, node)
    if isinstance(value, Elementwise):
        return materialised(scope, value, None)
    return value


def _name(scope: Scope, node: ast.Name) -> Value:
    value = scope.names.get(node.id)
    if isinstance(value, Unbound):
        scope.refuse(value.reason)
    if value is not None:
        return value
    if node.id in scope.source.bound:
        scope.refuse(f"'{node.id}' has no value yet; give it one before")
    try:
        thing = scope.source.around(node.id)
    except KeyError:
        known = [*scope.names, *scope.source.function.__globals__]
        hint = did_you_mean(node.id, known, mark="'")
        scope.refuse(f"there is no name '{node.id}' here;{hint}".rstrip(";"))
    if isinstance(thing, int) and not -(2**63) <= thing < 2**63:
        scope.refuse(f"'{node.id}' is {thing}, which does not fit 64 bits")
    return python_value(thing)


def _binary(scope: Scope, node: ast.BinOp) -> Value:
    first, second = evaluate(scope, node.left), evaluate(scope, node.right)
    if isinstance(first, Scalar) and isinstance(second, Scalar):
        return binary(scope, node.op, first, second)
    match first, second, node.op:
        case Several(), Several(), ast.Add():
            return Several(first.items + second.items)
        case _:
            pass
    return binary_arrays(scope, node.op, first, second)


def _unary(scope: Scope, node: ast.UnaryOp) -> Value:
    value = evaluate(scope, node.operand)
    if isinstance(node.op, ast.Not):
        return opposite(scope, _condition(scope, value))
    if isinstance(value, View | Elementwise):
        if not isinstance(node.op, ast.USub):
            scope.refuse("only '-' can be before an array")
        return elementwise(scope, (value,), lambda s, v: negated(s, v[0]))
    if not isinstance(value, Scalar):
        scope.refuse(f"a sign before {describe(value)}")
    if isinstance(node.op, ast.USub):
        return negated(scope, value)
    if isinstance(node.op, ast.Invert):
        return inverted(scope, value)
    return value


def _condition(scope: Scope, value: Value) -> Scalar:
    if isinstance(value, Known) and value.thing is None:
        return Scalar.of(False)
    if not isinstance(value, Scalar):
        scope.refuse(f"{describe(value)} is no truth value; compare numbers")
    return truth(scope, value)


def _compare(scope: Scope, node: ast.Compare) -> Value:
    """`a < b < c`: the second comparison only if the first one holds."""
    first = evaluate(scope, node.left)
    return _compare_rest(scope, first, node.ops, node.comparators)


def _compare_rest(
    scope: Scope, first: Value, ops: list[ast.cmpop], nodes: list[ast.expr]
) -> Value:
    second = evaluate(scope, nodes[0])
    here = _compared(scope, ops[0], first, second)
    if len(ops) == 1:
        return here
    if not isinstance(here, Scalar):
        scope.refuse("a chain of comparisons of arrays; compare two at a time")
    return _short(scope, here, lambda: _compare_rest(scope, second, ops[1:], nodes[1:]))


def _compared(scope: Scope, op: ast.cmpop, first: Value, second: Value) -> Value:
    if isinstance(op, ast.Is | ast.IsNot) and isinstance(second, Known):
        is_same = isinstance(first, Known) and first.thing is second.thing
        return Scalar.of(is_same is isinstance(op, ast.Is))
    if isinstance(first, Scalar) and isinstance(second, Scalar):
        return compare(scope, op, first, second)
    return elementwise(scope, (first, second), lambda s, v: compare(s, op, v[0], v[1]))


def _bool(scope: Scope, node: ast.BoolOp) -> Value:
    """`and` and `or` give one of their operands; the later only if it is needed."""
    value = evaluate(scope, node.values[0])
    for operand in node.values[1:]:
        if not isinstance(value, Scalar):
            value = _condition(scope, value)
        is_and = isinstance(node.op, ast.And)
        value = _short(scope, value, lambda o=operand: evaluate(scope, o), is_and)
    return value


def _short(scope: Scope, first: Scalar, second: Any, is_and: bool = True) -> Value:
    condition = truth(scope, first)
    if condition.constant is not None:
        return second() if bool(condition.constant) is is_and else first
    simple = _simple(scope, second, condition, is_and)
    if simple is not None and first.kind is simple.kind is Kind.BOOL:
        return (both if is_and else either)(scope, first, simple)
    results: dict[str, Value] = {}
    name = ".operand"

    def evaluated() -> None:
        value = second()
        if not isinstance(value, Scalar):
            value = _condition(scope, value)
        scope.names[name] = results[name] = value

    def kept() -> None:
        scope.names[name] = first

    sides = (evaluated, kept) if is_and else (kept, evaluated)
    branch(scope, condition, *sides, [name])
    value = scope.names.pop(name)
    if isinstance(value, Unbound):
        scope.refuse(value.reason)
    if is_and and isinstance(value, Scalar) and value.kind is Kind.BOOL:
        inner = results[name]
        more = inner.if_true if isinstance(inner, Scalar) else ()
        return Scalar(Kind.BOOL, ssa=value.ssa, if_true=condition.if_true + more)
    return value


def _simple(
    scope: Scope, second: Any, condition: Scalar, is_and: bool
) -> Scalar | None:
    """An operand that reads no memory and cannot fail is computed in any case."""
    from xdsl.ir import Block
    from xdsl.traits import is_side_effect_free

    facts, names = scope.facts, dict(scope.names)
    scope.facts = facts.copy()
    with scope.emitter.inside(Block()) as trial:
        value = second()
    scope.facts, scope.names = facts, names
    ops = list(trial.ops)
    is_simple = isinstance(value, Scalar) and len(ops) <= 4
    if not is_simple or not all(
        op.dialect_name() == "arith" and is_side_effect_free(op) for op in ops
    ):
        discard(trial)
        return None
    for op in ops:
        op.detach()
        scope.emitter.block.add_op(op)
    del condition, is_and
    return value


def _choice(scope: Scope, node: ast.IfExp) -> Value:
    condition = _condition(scope, evaluate(scope, node.test))
    if condition.constant is not None:
        return evaluate(scope, node.body if condition.constant else node.orelse)
    if all(isinstance(n, ast.Name | ast.Constant) for n in (node.body, node.orelse)):
        pair = [evaluate(scope, n) for n in (node.body, node.orelse)]
        if isinstance(pair[0], Scalar) and isinstance(pair[1], Scalar):
            return chosen(scope, condition, pair[0], pair[1])
    name = ".choice"

    def side(operand: ast.expr) -> None:
        scope.names[name] = _stored(scope, operand)

    branch(scope, condition, lambda: side(node.body), lambda: side(node.orelse), [name])
    value = scope.names.pop(name)
    if isinstance(value, Unbound):
        scope.refuse(value.reason.replace("'.choice'", "this"))
    return value


def _subscript(scope: Scope, node: ast.Subscript) -> Value:
    value = evaluate(scope, node.value)
    if isinstance(value, Several):
        return _item(scope, value, node)
    if isinstance(value, Elementwise):
        value = materialised(scope, value, None)
    if not isinstance(value, View):
        hint = ""
        if isinstance(value, Known) and isinstance(value.thing, np.ndarray):
            hint = "; pass the array as an argument"
        scope.refuse(f"{describe(value)} has no elements here{hint}")
    part = part_of(scope, value, subscript_values(scope, node.slice))
    return part if part.rank else load(scope, part)


def _item(scope: Scope, value: Several, node: ast.Subscript) -> Value:
    where = evaluate(scope, node.slice)
    number = where.whole if isinstance(where, Scalar) else None
    if number is None or not -len(value.items) <= number < len(value.items):
        scope.refuse(
            f"a tuple of {len(value.items)} needs a subscript that is written in the "
            "program, and in its range"
        )
    return value.items[number]


def _attribute(scope: Scope, node: ast.Attribute) -> Value:
    value = evaluate(scope, node.value)
    if isinstance(value, View | Elementwise):
        match node.attr:
            case "shape":
                return Several(value.shape)
            case "ndim":
                return Scalar.of(value.rank)
            case "size":
                size = Scalar.of(1)
                for extent in value.shape:
                    size = multiply(scope, size, extent)
                return size
            case "T":
                if isinstance(value, Elementwise):
                    value = materialised(scope, value, None)
                return transposed(value)
            case _:
                scope.refuse(
                    f"'{node.attr}' of an array cannot be compiled; shape, ndim, size, "
                    "T, and the methods copy, sum, mean, max, min, dot and fill can"
                )
    if isinstance(value, Known):
        thing = value.thing
        if isinstance(thing, ModuleType | type) or hasattr(thing, node.attr):
            if hasattr(thing, node.attr):
                return python_value(getattr(thing, node.attr))
            hint = did_you_mean(node.attr, dir(thing), mark="'")
            name = getattr(thing, "__name__", repr(thing))
            scope.refuse(f"'{name}' has no '{node.attr}';{hint}".rstrip(";"))
    scope.refuse(f"'{node.attr}' of {describe(value)} cannot be compiled")


def _call(scope: Scope, node: ast.Call) -> Value:
    keywords: dict[str, Value] = {}
    if isinstance(node.func, ast.Attribute):
        holder = evaluate(scope, node.func.value)
        if isinstance(holder, View | Elementwise):
            given = [evaluate(scope, arg) for arg in node.args]
            return call_method(scope, holder, node.func.attr, given)
    function = evaluate(scope, node.func)
    given = [_argument(scope, arg) for arg in node.args]
    for keyword in node.keywords:
        if keyword.arg is None:
            scope.refuse("'**' cannot be compiled; name each argument")
        keywords[keyword.arg] = evaluate(scope, keyword.value)
    if not isinstance(function, Known):
        scope.refuse(f"{describe(function)} cannot be called")
    return call_known(scope, node, function.thing, given, keywords)


def _argument(scope: Scope, node: ast.expr) -> Value:
    if isinstance(node, ast.Starred):
        scope.refuse("'*' cannot be compiled; write each argument", node)
    return evaluate(scope, node)
