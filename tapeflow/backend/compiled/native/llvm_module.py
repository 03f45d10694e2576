"""A module of compiled Python as one LLVM module.

Functions call each other as `program.name(run, arguments..., result pointers...)` and
return a status (`run_layout`). For the host there is `entry(run, arguments, results)`
of the entry function, with arguments and results in rows of 64-bit words.
"""

import ast
from collections.abc import Iterable, Mapping

from tapeflow.backend.compiled.native.builtins import BUILTINS, builtin_text
from tapeflow.backend.compiled.native.function_text import FunctionText
from tapeflow.backend.compiled.native.run_methods import OUT_OF_LINE
from tapeflow.backend.compiled.native.statements import FunctionCompiler
from tapeflow.backend.compiled.native.types import LLVM_TYPES, NativeError, Signature

ENTRY = "tapeflow_entry"
"""Symbol of the function the host calls."""


def llvm_text(source: str, entry: str) -> str:
    """The LLVM module of a Python module, callable through `ENTRY`.

    Raises:
        NativeError: the source is outside the compiled part of Python.
    """
    body = ast.parse(source).body
    nodes = [node for node in body if isinstance(node, ast.FunctionDef)]
    constants = _constants(body)
    signatures = {node.name: _signature(node) for node in nodes}
    compilers = [_compiled(node, signatures, constants) for node in nodes]
    used = {name for c in compilers for name in c.text.used_builtins}
    return "\n".join(
        [
            OUT_OF_LINE,
            *_builtin_texts(used),
            *map(_function, compilers),
            _entry(signatures[entry]),
            '!0 = !{!"branch_weights", i32 1000000, i32 1}',
            '!1 = !{!"branch_weights", i32 1, i32 1000000}',
            "",
        ]
    )


def _constants(body: Iterable[ast.stmt]) -> dict[str, int]:
    """`NAME = 3` at the top of the module."""
    return {
        target.id: node.value.value
        for node in body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name) and isinstance(node.value.value, int)
    }


def _compiled(
    node: ast.FunctionDef,
    signatures: Mapping[str, Signature],
    constants: Mapping[str, int],
) -> FunctionCompiler:
    text = FunctionText(constants)
    compiler = FunctionCompiler(signatures[node.name], signatures, text)
    for name, type_ in signatures[node.name].parameters:
        slot = compiler.text.slot(name, type_)
        compiler.text.emit(f"store {LLVM_TYPES[type_]} %arg.{name}, ptr {slot}")
    compiler.compile_block(node.body)
    if not compiler.text.terminated:
        compiler.give_back(ast.Return(None))
    return compiler


def _signature(node: ast.FunctionDef) -> Signature:
    parameters = tuple((a.arg, _type_name(a.annotation)) for a in node.args.args)
    returns = node.returns
    if isinstance(returns, ast.Subscript):  # tuple[...]
        returns = returns.slice
    if isinstance(returns, ast.Tuple):
        results = tuple(_type_name(e) for e in returns.elts)
    elif returns is None or isinstance(returns, ast.Constant):
        results = ()
    else:
        results = (_type_name(returns),)
    marks = [mark.id for mark in node.decorator_list if isinstance(mark, ast.Name)]
    return Signature(node.name, parameters, results, "out_of_line" in marks)


def _type_name(annotation: ast.expr | None) -> str:
    if isinstance(annotation, ast.Name) and annotation.id in LLVM_TYPES:
        return annotation.id
    raise NativeError("every parameter and result needs a type")


def _function(compiler: FunctionCompiler) -> str:
    signature, text = compiler.signature, compiler.text
    parameters = [f"{LLVM_TYPES[t]} %arg.{name}" for name, t in signature.parameters]
    parameters += [f"ptr %out.{i}" for i in range(len(signature.results))]
    head = f"define internal i64 @program.{signature.name}({', '.join(parameters)})"
    attributes = "noinline nounwind" if signature.is_out_of_line else "nounwind"
    return "\n".join([f"{head} {attributes} {{", *text.slots, *text.lines, "}"])


def _entry(signature: Signature) -> str:
    """Unpack the words of the arguments, call, pack the words of the results."""
    lines: list[str] = []
    operands = ["ptr %run"]
    for number, (_, type_) in enumerate(signature.parameters[1:]):
        word = LLVM_TYPES[type_] if type_ != "bool" else "i64"
        lines.append(f"  %p{number} = getelementptr i64, ptr %arguments, i64 {number}")
        lines.append(f"  %a{number} = load {word}, ptr %p{number}")
        if type_ == "bool":
            lines.append(f"  %b{number} = icmp ne i64 %a{number}, 0")
            operands.append(f"i1 %b{number}")
        else:
            operands.append(f"{word} %a{number}")
    for number in range(len(signature.results)):
        lines.append(f"  %r{number} = getelementptr i64, ptr %results, i64 {number}")
        operands.append(f"ptr %r{number}")
    call = f"call i64 @program.{signature.name}({', '.join(operands)})"
    return "\n".join(
        [
            f"define i64 @{ENTRY}(ptr %run, ptr %arguments, ptr %results) nounwind {{",
            *lines,
            f"  %status = {call}",
            "  ret i64 %status",
            "}",
        ]
    )


def _builtin_texts(used: Iterable[str]) -> list[str]:
    """The text of the builtins that are used, and of those they use."""
    needed: list[str] = []
    pending = sorted(used)
    while pending:
        name = pending.pop()
        if name not in needed:
            needed.append(name)
            pending += BUILTINS[name].uses
    declarations = {d for name in needed for d in BUILTINS[name].declarations}
    return [*sorted(declarations), *(builtin_text(name) for name in sorted(needed))]
