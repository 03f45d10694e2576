"""Expressions of the compiled part of Python, as LLVM instructions."""

import ast
import math
import struct
from collections.abc import Callable, Mapping
from typing import Any, cast

from tapeflow.backend.compiled.native.builtins import BUILTINS
from tapeflow.backend.compiled.native.function_text import FunctionText
from tapeflow.backend.compiled.native.run_layout import RUN_WORDS, WORD_OFFSETS
from tapeflow.backend.compiled.native.types import (
    ELEMENTS,
    LLVM_TYPES,
    NativeError,
    Value,
)

_BINARY: dict[tuple[type[ast.operator], str], str] = {
    (ast.Add, "int"): "add",
    (ast.Sub, "int"): "sub",
    (ast.Mult, "int"): "mul",
    (ast.BitAnd, "int"): "and",
    (ast.BitOr, "int"): "or",
    (ast.BitXor, "int"): "xor",
    (ast.RShift, "int"): "ashr",
    (ast.BitAnd, "bool"): "and",
    (ast.BitOr, "bool"): "or",
    (ast.BitXor, "bool"): "xor",
    (ast.Add, "float"): "fadd",
    (ast.Sub, "float"): "fsub",
    (ast.Mult, "float"): "fmul",
}

_COMPARISONS: dict[type[ast.cmpop], tuple[str, str]] = {
    ast.Eq: ("eq", "oeq"),
    ast.NotEq: ("ne", "une"),
    ast.Lt: ("slt", "olt"),
    ast.LtE: ("sle", "ole"),
    ast.Gt: ("sgt", "ogt"),
    ast.GtE: ("sge", "oge"),
}

_NAMED_CONSTANTS = {"inf": math.inf, "nan": math.nan}


def constant(value: float | bool) -> Value:
    """An LLVM constant; floats by their bits, so that none is rounded."""
    if isinstance(value, bool):
        return Value("true" if value else "false", "bool")
    if isinstance(value, int):
        return Value(str(value), "int")
    return Value(f"0x{struct.unpack('<Q', struct.pack('<d', value))[0]:016X}", "float")


def compile_expression(node: ast.expr, text: FunctionText) -> Value:
    """Append the instructions that compute an expression.

    Raises:
        NativeError: the expression is outside the compiled part of Python.
    """
    rule = _RULES.get(type(node))
    if rule is None:
        raise NativeError(f"no machine code for '{ast.unparse(node)}'")
    return rule(cast(Any, node), text)


def _constant(node: ast.Constant, text: FunctionText) -> Value:
    return constant(cast(float, node.value))


def _name(node: ast.Name, text: FunctionText) -> Value:
    if node.id in _NAMED_CONSTANTS:
        return constant(_NAMED_CONSTANTS[node.id])
    return text.read(node.id)


def _binary(node: ast.BinOp, text: FunctionText) -> Value:
    left = compile_expression(node.left, text)
    right = compile_expression(node.right, text)
    word = _BINARY.get((type(node.op), left.type))
    if word is None or left.type != right.type:
        raise NativeError(f"no machine code for '{ast.unparse(node)}'")
    return text.value(f"{word} {left.typed}, {right.text}", left.type)


def _unary(node: ast.UnaryOp, text: FunctionText) -> Value:
    operand = compile_expression(node.operand, text)
    match node.op, operand.type:
        case ast.Not(), "bool":
            return text.value(f"xor i1 {operand.text}, true", "bool")
        case ast.USub(), "int":
            return text.value(f"sub i64 0, {operand.text}", "int")
        case ast.USub(), "float":
            return text.value(f"fneg double {operand.text}", "float")
        case _:
            raise NativeError(f"no machine code for '{ast.unparse(node)}'")


def _is_zero(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value == 0


def _compare(node: ast.Compare, text: FunctionText) -> Value:
    values = [compile_expression(e, text) for e in (node.left, *node.comparators)]
    if (
        [type(op) for op in node.ops] == [ast.LtE, ast.Lt]
        and _is_zero(node.left)
        and values[1].type == "int"
    ):
        # `0 <= i < n` for a size n, which is never negative: one unsigned comparison.
        return text.value(f"icmp ult i64 {values[1].text}, {values[2].text}", "bool")
    result: Value | None = None
    for op, left, right in zip(node.ops, values, values[1:], strict=False):
        if left.type != right.type or type(op) not in _COMPARISONS:
            raise NativeError(f"no machine code for '{ast.unparse(node)}'")
        integer, floating = _COMPARISONS[type(op)]
        word = f"fcmp {floating}" if left.type == "float" else f"icmp {integer}"
        one = text.value(f"{word} {left.typed}, {right.text}", "bool")
        result = one if result is None else _both(result, one, text)
    assert result is not None
    return result


def _both(left: Value, right: Value, text: FunctionText) -> Value:
    return text.value(f"and i1 {left.text}, {right.text}", "bool")


def _boolean(node: ast.BoolOp, text: FunctionText) -> Value:
    # Operands have no effects, so all of them may be computed.
    word = "and" if isinstance(node.op, ast.And) else "or"
    values = [compile_expression(e, text) for e in node.values]
    result = values[0]
    for value in values[1:]:
        result = text.value(f"{word} i1 {result.text}, {value.text}", "bool")
    return result


def _choice(node: ast.IfExp, text: FunctionText) -> Value:
    condition = compile_expression(node.test, text)
    then = compile_expression(node.body, text)
    otherwise = compile_expression(node.orelse, text)
    if then.type != otherwise.type:
        raise NativeError(f"two types in '{ast.unparse(node)}'")
    return text.value(
        f"select i1 {condition.text}, {then.typed}, {otherwise.typed}", then.type
    )


def element_pointer(node: ast.Subscript, text: FunctionText) -> tuple[Value, Value]:
    """The array of `array[index]`, and a pointer to the element."""
    array = compile_expression(node.value, text)
    if array.type not in ELEMENTS:
        raise NativeError(f"'{ast.unparse(node.value)}' is no array")
    index = compile_expression(node.slice, text)
    memory = ELEMENTS[array.type].memory
    return array, text.value(
        f"getelementptr {memory}, ptr {array.text}, i64 {index.text}", array.type
    )


def _subscript(node: ast.Subscript, text: FunctionText) -> Value:
    if isinstance(node.slice, ast.Slice):
        return _tail(node, node.slice, text)
    array, pointer = element_pointer(node, text)
    element = ELEMENTS[array.type]
    loaded = text.value(f"load {element.memory}, ptr {pointer.text}", element.register)
    if not element.load:
        return loaded
    return text.value(element.load.format(loaded.text), element.register)


def _tail(node: ast.Subscript, part: ast.Slice, text: FunctionText) -> Value:
    """`array[start:]`: the rest of an array, sharing its memory."""
    if part.lower is None or part.upper is not None or part.step is not None:
        raise NativeError(f"no machine code for '{ast.unparse(node)}'")
    start = ast.Subscript(node.value, part.lower)
    return element_pointer(start, text)[1]


def run_word(name: str, run: Value, text: FunctionText) -> Value:
    """Read a word of the running program."""
    pointer = text.value(
        f"getelementptr i8, ptr {run.text}, i64 {WORD_OFFSETS[name]}", "run"
    )
    type_ = RUN_WORDS[name]
    return text.value(f"load {LLVM_TYPES[type_]}, ptr {pointer.text}", type_)


def _attribute(node: ast.Attribute, text: FunctionText) -> Value:
    run = compile_expression(node.value, text)
    if run.type != "run" or node.attr not in RUN_WORDS:
        raise NativeError(f"no machine code for '{ast.unparse(node)}'")
    return run_word(node.attr, run, text)


def _overloaded(name: str, arguments: list[Value], text: FunctionText) -> Value | None:
    """The calls whose operands may have several types; None if it is another."""
    match name, [argument.type for argument in arguments]:
        case "select", ["bool", then, otherwise] if then == otherwise:
            operands = ", ".join(argument.typed for argument in arguments)
            return text.value(f"select {operands}", then)
        case "int", ["bool"]:
            return text.value(f"zext i1 {arguments[0].text} to i64", "int")
        case "int", ["int"]:
            return arguments[0]
        case _:
            return None


def _call(node: ast.Call, text: FunctionText) -> Value:
    arguments = [compile_expression(argument, text) for argument in node.args]
    if isinstance(node.func, ast.Name):
        overloaded = _overloaded(node.func.id, arguments, text)
        if overloaded is not None:
            return overloaded
    if not isinstance(node.func, ast.Name) or node.func.id not in BUILTINS:
        raise NativeError(f"no machine code for '{ast.unparse(node)}'")
    builtin = BUILTINS[node.func.id]
    if tuple(argument.type for argument in arguments) != builtin.parameters:
        raise NativeError(f"wrong arguments in '{ast.unparse(node)}'")
    text.used_builtins.add(node.func.id)
    operands = ", ".join(argument.typed for argument in arguments)
    call = f"call {LLVM_TYPES[builtin.result]} @{node.func.id}({operands})"
    if builtin.result == "none":
        text.emit(call)
        return Value("", "none")
    return text.value(call, builtin.result)


_RULES: Mapping[type[ast.expr], Callable[[Any, FunctionText], Value]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.BinOp: _binary,
    ast.UnaryOp: _unary,
    ast.Compare: _compare,
    ast.BoolOp: _boolean,
    ast.IfExp: _choice,
    ast.Subscript: _subscript,
    ast.Attribute: _attribute,
    ast.Call: _call,
}
