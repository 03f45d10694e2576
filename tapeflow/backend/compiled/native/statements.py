"""Statements of the compiled part of Python, as LLVM blocks."""

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tapeflow.backend.compiled.native.expressions import (
    compile_expression,
    element_pointer,
)
from tapeflow.backend.compiled.native.function_text import FunctionText
from tapeflow.backend.compiled.native.run_layout import SUCCEEDED
from tapeflow.backend.compiled.native.run_methods import (
    compile_run_method,
    is_run_method,
    leave_unless,
    set_word,
)
from tapeflow.backend.compiled.native.types import (
    ELEMENTS,
    LLVM_TYPES,
    NativeError,
    Signature,
    Value,
)


@dataclass
class FunctionCompiler:
    """One function on its way to LLVM text."""

    signature: Signature
    functions: Mapping[str, Signature]
    """All functions of the program, for calls."""
    text: FunctionText = field(default_factory=FunctionText)
    loop_exits: list[str] = field(default_factory=list)

    def compile_block(self, statements: Sequence[ast.stmt]) -> None:
        """Compile statements in order; those behind a jump are unreachable."""
        for statement in statements:
            if self.text.terminated:
                return
            rule = _RULES.get(type(statement))
            if rule is None:
                raise NativeError(f"no machine code for '{ast.unparse(statement)}'")
            rule(self, statement)

    def _values(self, node: ast.expr, count: int) -> list[Value]:
        """The values of the right-hand side of an assignment to `count` targets."""
        if isinstance(node, ast.Tuple):
            return [compile_expression(e, self.text) for e in node.elts]
        if isinstance(node, ast.Call) and is_run_method(node):
            return [compile_run_method(node, self.text)]
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            signature = self.functions.get(node.func.id)
            if signature is not None:
                return self._call(node, signature)
        return [compile_expression(node, self.text)]

    def _call(self, node: ast.Call, signature: Signature) -> list[Value]:
        """Call a function of the program; where it traps, so does the caller."""
        text = self.text
        operands = [compile_expression(a, text).typed for a in node.args]
        places: list[str] = []
        for number, type_ in enumerate(signature.results):
            place = f"%result.{type_}.{number}"
            line = f"  {place} = alloca {LLVM_TYPES[type_]}"
            if line not in text.slots:
                text.slots.append(line)
            places.append(place)
        operands += [f"ptr {place}" for place in places]
        status = text.value(
            f"call i64 @program.{signature.name}({', '.join(operands)})", "int"
        )
        succeeded = text.value(f"icmp eq i64 {status.text}, {SUCCEEDED}", "bool")
        leave_unless(succeeded.text, status.text, text)
        return [
            text.value(f"load {LLVM_TYPES[type_]}, ptr {place}", type_)
            for place, type_ in zip(places, signature.results, strict=True)
        ]

    def assign(self, node: ast.Assign) -> None:
        target = node.targets[0]
        targets = target.elts if isinstance(target, ast.Tuple) else [target]
        values = self._values(node.value, len(targets))
        if len(values) != len(targets) or len(node.targets) != 1:
            raise NativeError(f"no machine code for '{ast.unparse(node)}'")
        for one, value in zip(targets, values, strict=True):
            self._assign_one(one, value)

    def _assign_one(self, target: ast.expr, value: Value) -> None:
        if isinstance(target, ast.Name):
            self.text.assign(target.id, value)
            return
        if isinstance(target, ast.Attribute):
            run = compile_expression(target.value, self.text)
            set_word(run, target.attr, value, self.text)
            return
        if not isinstance(target, ast.Subscript):
            raise NativeError(f"cannot assign to '{ast.unparse(target)}'")
        array, pointer = element_pointer(target, self.text)
        element = ELEMENTS[array.type]
        if element.register != value.type:
            raise NativeError(f"'{ast.unparse(target)}' cannot hold a {value.type}")
        stored = value.text
        if element.store:
            stored = self.text.value(element.store.format(value.text), "int").text
        self.text.emit(f"store {element.memory} {stored}, ptr {pointer.text}")

    def expression(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):  # a docstring
            self._values(node.value, 0)

    def branch(self, node: ast.If) -> None:
        text = self.text
        condition = compile_expression(node.test, text)
        then, end = text.new_label("then"), text.new_label("end")
        otherwise = text.new_label("else") if node.orelse else end
        text.branch_if(condition, then, otherwise)
        text.begin(then)
        self.compile_block(node.body)
        text.branch(end)
        if node.orelse:
            text.begin(otherwise)
            self.compile_block(node.orelse)
        text.begin(end)

    def count(self, node: ast.For) -> None:
        """`for i in range(first, bound, step)`, steps positive."""
        text = self.text
        if not isinstance(node.target, ast.Name) or not isinstance(node.iter, ast.Call):
            raise NativeError(f"no machine code for '{ast.unparse(node.iter)}'")
        first, bound, step = (compile_expression(a, text) for a in node.iter.args)
        if step.text != "1":
            self._count_in_steps(node, first, bound, step)
            return
        counter = f"{text.new_label('next')}"
        text.assign(counter, first)
        head, body, end = (text.new_label(n) for n in ("for", "body", "end"))
        text.begin(head)
        current = text.read(counter)
        text.branch_if(_is_less(current, bound, text), body, end)
        text.begin(body)
        text.assign(node.target.id, current)
        self._loop_body(node.body, end)
        if not text.terminated:
            following = text.value(f"add i64 {current.text}, 1", "int")
            text.assign(counter, following)
            text.branch(head)
        text.begin(end)

    def _count_in_steps(
        self, node: ast.For, first: Value, bound: Value, step: Value
    ) -> None:
        """The number behind the last may not fit 64 bits, so it is never computed.

        There is a next number where the current one is below `bound - step`, which is
        the least integer where it would be less: below that there is none.
        """
        text = self.text
        assert isinstance(node.target, ast.Name) and isinstance(node.iter, ast.Call)
        counter = f"{text.new_label('next')}"
        text.assign(counter, first)
        body, following, end = (text.new_label(n) for n in ("body", "following", "end"))
        text.used_builtins.add("size_between")
        last = text.value(
            f"call i64 @size_between(i64 {step.text}, i64 {bound.text})", "int"
        )
        text.branch_if(_is_less(first, bound, text), body, end)
        text.begin(body)
        current = text.read(counter)
        text.assign(node.target.id, current)
        self._loop_body(node.body, end)
        if not text.terminated:
            text.branch_if(_is_less(current, last, text), following, end)
            text.begin(following)
            next_ = text.value(f"add i64 {current.text}, {step.text}", "int")
            text.assign(counter, next_)
            text.branch(body)
        text.begin(end)

    def repeat(self, node: ast.While) -> None:
        text = self.text
        head, body, end = (text.new_label(n) for n in ("while", "body", "end"))
        text.begin(head)
        text.branch_if(compile_expression(node.test, text), body, end)
        text.begin(body)
        self._loop_body(node.body, end)
        text.branch(head)
        text.begin(end)

    def _loop_body(self, body: Sequence[ast.stmt], end: str) -> None:
        self.loop_exits.append(end)
        self.compile_block(body)
        self.loop_exits.pop()

    def leave_loop(self, node: ast.Break) -> None:
        self.text.branch(self.loop_exits[-1])

    def give_back(self, node: ast.Return) -> None:
        values = [] if node.value is None else self._values(node.value, 1)
        types = tuple(value.type for value in values)
        if types != self.signature.results:
            raise NativeError(f"{self.signature.name} returns {types}")
        for number, value in enumerate(values):
            self.text.emit(f"store {value.typed}, ptr %out.{number}")
        self.text.emit(f"ret i64 {SUCCEEDED}")
        self.text.terminated = True

    def nothing(self, node: ast.Pass) -> None:
        """`pass` stands where Python wants a statement."""


def _is_less(one: Value, other: Value, text: FunctionText) -> Value:
    return text.value(f"icmp slt i64 {one.text}, {other.text}", "bool")


_RULES: Mapping[type[ast.stmt], Callable[[FunctionCompiler, Any], None]] = {
    ast.Assign: FunctionCompiler.assign,
    ast.Expr: FunctionCompiler.expression,
    ast.If: FunctionCompiler.branch,
    ast.For: FunctionCompiler.count,
    ast.While: FunctionCompiler.repeat,
    ast.Break: FunctionCompiler.leave_loop,
    ast.Return: FunctionCompiler.give_back,
    ast.Pass: FunctionCompiler.nothing,
}
