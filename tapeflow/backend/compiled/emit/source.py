"""A function of a module, and all it calls, as one Python source.

from __future__ import annotations

def f(run: run, x: f64_array, x_n0: int) -> float:
    ...
"""

import ast
from collections.abc import Mapping, Sequence
from pathlib import Path

from xdsl.dialects.builtin import MemRefType
from xdsl.dialects.func import CallOp, FuncOp, ReturnOp
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.traits import SymbolTable

from tapeflow.analysis.addresses.check_only import check_only
from tapeflow.analysis.ir.call_graph import CallGraph
from tapeflow.analysis.ir.walking import operations_in
from tapeflow.backend.compiled.emit import ring_functions
from tapeflow.backend.compiled.emit.buffer_view import BufferView
from tapeflow.backend.compiled.emit.control import CONTROL_RULES
from tapeflow.backend.compiled.emit.copies import COPY_RULES
from tapeflow.backend.compiled.emit.event_table import EventTableBuilder, Segment
from tapeflow.backend.compiled.emit.function_emitter import (
    EmitRule,
    FunctionEmitter,
    python_type,
)
from tapeflow.backend.compiled.emit.generated_program import GeneratedProgram, Site
from tapeflow.backend.compiled.emit.memory import MEMORY_RULES
from tapeflow.backend.compiled.emit.names import PythonNames
from tapeflow.backend.compiled.emit.scalars import SCALAR_RULES
from tapeflow.backend.compiled.emit.tapes import TAPE_RULES
from tapeflow.backend.compiled.emit.timeline import Timeline
from tapeflow.backend.compiled.emit.transfers import TRANSFER_RULES
from tapeflow.backend.compiled.emit.views import VIEW_RULES
from tapeflow.backend.compiled.native.python_words import PYTHON_WORDS
from tapeflow.backend.runtime.execution_error import ExecutionError, location_of
from tapeflow.dialects.spm import AllocateOp

RULES: dict[type[Operation], EmitRule] = {
    **SCALAR_RULES,
    **MEMORY_RULES,
    **VIEW_RULES,
    **COPY_RULES,
    **CONTROL_RULES,
    **TAPE_RULES,
    **TRANSFER_RULES,
}
"""Every op that the compiled engine runs."""

_RING_SOURCE = Path(ring_functions.__file__).read_text(encoding="utf-8")
_RING_FUNCTIONS = _RING_SOURCE[_RING_SOURCE.index("HEAD = ") :]
_RING_NAMES = frozenset(
    node.name
    for node in ast.parse(_RING_SOURCE).body
    if isinstance(node, ast.FunctionDef)
)


def generate(
    function: FuncOp,
    allocations: Sequence[AllocateOp],
    shared: Mapping[Operation, str],
    timed: bool,
) -> GeneratedProgram:
    """Write a function as Python, with events for the machine if `timed`.

    Args:
        allocations: the rings of the function and all it calls, in order of number.
        shared: what is wrong about operations that take the bytes of a ring in use.

    Raises:
        ExecutionError: an op that no engine runs, or that has no machine cost.
    """
    functions = _called(function)
    names = PythonNames({*PYTHON_WORDS, *_RING_NAMES})
    named = {f.sym_name.data: (f, names.fresh(f.sym_name.data)) for f in functions}
    rings: dict[SSAValue, int] = {
        op.ring: number for number, op in enumerate(allocations)
    }
    table = EventTableBuilder() if timed else None
    sites: list[Site] = []
    constants: list[int] = []
    graph = CallGraph.around(function)
    texts: list[str] = []
    for each in functions:
        timeline = None
        if table is not None:
            timeline = Timeline(Segment(table), rings, check_only(each))
        emitter = FunctionEmitter(
            RULES,
            each,
            graph,
            PythonNames(names.taken),
            sites,
            timeline,
            named,
            constants=constants,
            shared=shared,
        )
        texts.append(_function(emitter, each, each is function))
    if allocations:
        texts.append(_RING_FUNCTIONS)
    return GeneratedProgram(
        "from __future__ import annotations\n\n\n" + "\n\n".join(texts),
        named[function.sym_name.data][1],
        tuple(t for a in function.args for t in _types(a.type, timed)),
        tuple(t for a in function.function_type.outputs for t in _types(a, timed)),
        tuple(sites),
        tuple(constants),
        None if table is None else table.finished(),
    )


def _called(entry: FuncOp) -> list[FuncOp]:
    """The function and all it calls, callers first.

    Raises:
        ExecutionError: a call without a body, or recursion.
    """
    order: list[FuncOp] = []
    state: dict[FuncOp, bool] = {}

    def visit(function: FuncOp) -> None:
        state[function] = False
        for call in operations_in(function):
            if not isinstance(call, CallOp):
                continue
            callee = SymbolTable.lookup_symbol(call, call.callee)
            name = call.callee.string_value()
            if not isinstance(callee, FuncOp) or callee.is_declaration:
                message = f"there is no function @{name} with a body to run"
                raise ExecutionError(message, location_of(call))
            if state.get(callee) is False:
                message = (
                    f"@{name} calls itself; the compiled engine runs no recursion: "
                    "write it as a loop"
                )
                raise ExecutionError(message, location_of(call))
            if callee not in state:
                visit(callee)
        state[function] = True
        order.append(function)

    visit(entry)
    return order[::-1]


def _types(type_: Attribute, timed: bool) -> list[str]:
    """Types in Python of the variables that hold a value."""
    if isinstance(type_, MemRefType):
        view = BufferView.named(type_, "x", timed)
        return [python for _, python in view.variables()]
    return [python_type(type_)]


def _function(emitter: FunctionEmitter, function: FuncOp, is_entry: bool) -> str:
    """The text of one function."""
    name = emitter.functions[function.sym_name.data][1]
    block = function.body.block
    parameters = [("run", "run")]
    for argument in block.args:
        parameters += emitter.declare(argument, f"arg{argument.index}")
    timeline = emitter.timeline
    if timeline is not None:
        if is_entry:
            timeline.ready |= dict.fromkeys(block.args, frozenset())
        else:
            timeline.enter_function(function)
    emitter.block(block)
    terminator = block.last_op
    if not isinstance(terminator, ReturnOp):
        raise ExecutionError(
            f"no engine runs '{block.last_op}'; write the control flow with scf",
            location_of(function),
        )
    if timeline is not None and not is_entry:
        timeline.leave_function(function, terminator.arguments)
    emitter.flush_events()
    if emitter.counts_tape:
        emitter.prologue += ["tape_bytes = 0", "tape_live = 0"]
        emitter.line("run.tape_bytes = run.tape_bytes + tape_bytes")
    _return(emitter, terminator.arguments)
    types = [
        t for a in function.function_type.outputs for t in _types(a, bool(timeline))
    ]
    return "\n".join(
        [
            f"def {name}({_typed(parameters)}){_arrow(types)}:",
            *(f"    {line}" for line in emitter.prologue),
            *emitter.lines,
            "",
        ]
    )


def _return(emitter: FunctionEmitter, values: Sequence[SSAValue]) -> None:
    results = emitter.parts(values)
    emitter.line(f"return {', '.join(results)}" if results else "return")


def _typed(parameters: list[tuple[str, str]]) -> str:
    return ", ".join(f"{name}: {type_}" for name, type_ in parameters)


def _arrow(types: list[str]) -> str:
    if not types:
        return ""
    return f" -> {types[0]}" if len(types) == 1 else f" -> tuple[{', '.join(types)}]"
