"""What compiled Python asks of the running program: `run.check(...)` and the rest.

run.check(condition, site, a, b)       leave with an error of that site if false
run.record(segment, address, ...)      append one event for the timing model
run.allocate_f64(site, count)          a buffer that begins at `run.allocated_at`
run.workspace_f64(site, count)         memory for the engine's own use, all zero
run.grow_f64(site, array, old, new)    the same elements in a larger memory
run.release(site, array)               give memory back
run.expect(site, records, bytes)       leave with an error unless a tape has the room
"""

import ast
from collections.abc import Sequence
from functools import partial

from tapeflow.backend.compiled.native.expressions import compile_expression, run_word
from tapeflow.backend.compiled.native.function_text import FunctionText
from tapeflow.backend.compiled.native.run_layout import (
    HOST_FAILED,
    SUCCEEDED,
    TRAPPED,
    WORD_OFFSETS,
)
from tapeflow.backend.compiled.native.types import ELEMENTS, NativeError, Value


def set_word(run: Value, name: str, value: Value, text: FunctionText) -> None:
    """Write a word of the running program."""
    pointer = text.value(
        f"getelementptr i8, ptr {run.text}, i64 {WORD_OFFSETS[name]}", "run"
    )
    text.emit(f"store {value.typed}, ptr {pointer.text}")


def leave_unless(condition: str, status: str, text: FunctionText) -> None:
    """Return with a status where an i1 is false."""
    proceed, leave = text.new_label("ok"), text.new_label("leave")
    text.emit(f"br i1 {condition}, label %{proceed}, label %{leave}, !prof !0")
    text.terminated = True
    text.begin(leave)
    text.emit(f"ret i64 {status}")
    text.terminated = True
    text.begin(proceed)


def _check(run: Value, arguments: Sequence[Value], text: FunctionText) -> Value:
    condition, *details = arguments
    proceed, trap = text.new_label("ok"), text.new_label("trap")
    text.emit(f"br i1 {condition.text}, label %{proceed}, label %{trap}, !prof !0")
    text.terminated = True
    text.begin(trap)
    operands = ", ".join(value.typed for value in (run, *details))
    status = text.value(f"call i64 @trap({operands})", "int")
    text.emit(f"ret i64 {status.text}")
    text.terminated = True
    text.begin(proceed)
    return Value("", "none")


def _record(run: Value, arguments: Sequence[Value], text: FunctionText) -> Value:
    end = run_word("event_end", run, text)
    limit = run_word("event_limit", run, text)
    full = text.value(f"icmp ugt ptr {end.text}, {limit.text}", "bool")
    flush, append = text.new_label("flush"), text.new_label("append")
    text.emit(f"br i1 {full.text}, label %{flush}, label %{append}, !prof !1")
    text.terminated = True
    text.begin(flush)
    status = text.value(f"call i64 @flush({run.typed})", "int")
    succeeded = text.value(f"icmp eq i64 {status.text}, {SUCCEEDED}", "bool")
    leave_unless(succeeded.text, str(HOST_FAILED), text)
    text.begin(append)
    end = run_word("event_end", run, text)
    for position, word in enumerate((*arguments, None)):
        pointer = text.value(
            f"getelementptr i64, ptr {end.text}, i64 {position}", "i64_array"
        )
        if word is None:
            set_word(run, "event_end", pointer, text)
        else:
            text.emit(f"store {word.typed}, ptr {pointer.text}")
    return Value("", "none")


def _call_host(
    callback: Value, result: str, operands: str, text: FunctionText
) -> Value:
    pointer = text.value(f"inttoptr i64 {callback.text} to ptr", "run")
    return text.value(f"call {result} {pointer.text}({operands})", "int")


def _host_array(
    word: str, run: Value, arguments: Sequence[Value], type_: str, text: FunctionText
) -> Value:
    callback = run_word(word, run, text)
    operands = ", ".join(value.typed for value in (run, *arguments))
    array = _call_host(callback, "ptr", operands, text)
    present = text.value(f"icmp ne ptr {array.text}, null", "bool")
    leave_unless(present.text, str(HOST_FAILED), text)
    return Value(array.text, type_)


def _ask_host(
    word: str, run: Value, arguments: Sequence[Value], text: FunctionText
) -> Value:
    """Leave if the host refuses."""
    callback = run_word(word, run, text)
    operands = ", ".join(value.typed for value in (run, *arguments))
    status = _call_host(callback, "i64", operands, text)
    succeeded = text.value(f"icmp eq i64 {status.text}, 0", "bool")
    leave_unless(succeeded.text, str(HOST_FAILED), text)
    return Value("", "none")


_METHODS = {
    "check": _check,
    "record": _record,
    "release": partial(_ask_host, "release"),
    "expect": partial(_ask_host, "expect"),
}


def is_run_method(node: ast.expr) -> bool:
    """Is it `run.method(...)`?"""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)


def compile_run_method(node: ast.Call, text: FunctionText) -> Value:
    """Append the instructions of `run.method(...)`.

    Raises:
        NativeError: there is no such method.
    """
    assert isinstance(node.func, ast.Attribute)
    run = compile_expression(node.func.value, text)
    arguments = [compile_expression(argument, text) for argument in node.args]
    rule = _METHODS.get(node.func.attr)
    if rule is not None:
        return rule(run, arguments, text)
    word, _, element = node.func.attr.partition("_")
    if (
        word not in ("allocate", "workspace", "grow")
        or f"{element}_array" not in ELEMENTS
    ):
        raise NativeError(f"no machine code for '{ast.unparse(node)}'")
    number = Value(str(list(ELEMENTS).index(f"{element}_array")), "int")
    return _host_array(word, run, [*arguments, number], f"{element}_array", text)


def _word_pointer(name: str) -> str:
    return f"%{name} = getelementptr i8, ptr %0, i64 {WORD_OFFSETS[name]}"


OUT_OF_LINE = f"""
define internal i64 @trap(ptr %0, i64 %1, i64 %2, i64 %3) cold noinline {{
  {_word_pointer("site")}
  store i64 %1, ptr %site
  {_word_pointer("detail0")}
  store i64 %2, ptr %detail0
  {_word_pointer("detail1")}
  store i64 %3, ptr %detail1
  ret i64 {TRAPPED}
}}
define internal i64 @flush(ptr %0) cold noinline {{
  {_word_pointer("flush")}
  %callback = load ptr, ptr %flush
  %status = call i64 %callback(ptr %0)
  ret i64 %status
}}"""
"""What `check` and `record` do where they leave the usual path."""
