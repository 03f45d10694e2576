"""One function of generated Python while it grows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias, TypeGuard

from xdsl.dialects.builtin import MemRefType
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, Block, Operation, SSAValue

from tapeflow.analysis.ir.call_graph import CallGraph
from tapeflow.analysis.memory.aliasing import Buffers, find_buffers
from tapeflow.analysis.memory.lifetimes import BufferLives
from tapeflow.analysis.memory.views import whole_of
from tapeflow.analysis.verification.what_runs import is_scalar
from tapeflow.backend.compiled.emit.buffer_view import BufferView
from tapeflow.backend.compiled.emit.generated_program import Site
from tapeflow.backend.compiled.emit.names import PythonNames
from tapeflow.backend.compiled.emit.tape_variables import (
    ArenaVariables,
    RingVariables,
    StackVariables,
    TapeVariables,
)
from tapeflow.backend.compiled.emit.timeline import Timeline
from tapeflow.backend.runtime.execution_error import ExecutionError, location_of
from tapeflow.dialects.ad import is_float
from tapeflow.dialects.tape_types import ArenaType

DEEPEST_NESTING = 90
"""Python takes up to 100 levels of indentation."""

Meaning: TypeAlias = str | BufferView | TapeVariables
"""What an SSA value is in Python: a scalar's text, a buffer, or a tape's memory."""

EmitRule: TypeAlias = Callable[["FunctionEmitter", Operation], Sequence[str] | None]
"""Writes an op; gives the byte addresses of its accesses, None if it times itself."""


@dataclass
class FunctionEmitter:
    """Lines, names and what each SSA value is called."""

    rules: Mapping[type[Operation], EmitRule]
    function: FuncOp
    graph: CallGraph
    """Of the module that the function stands in."""
    names: PythonNames
    sites: list[Site]
    """Places where the program may fail, shared by its functions."""
    timeline: Timeline | None
    """None for values only."""
    functions: Mapping[str, tuple[FuncOp, str]]
    """Symbol to function and Python name of every function that may be called."""
    meanings: dict[SSAValue, Meaning] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    prologue: list[str] = field(default_factory=list)
    """Lines that stand before all others of the body."""
    depth: int = 1
    globals: dict[str, BufferView] = field(default_factory=dict)
    """Views of the global buffers that the function has asked for, by symbol."""
    constants: list[int] = field(default_factory=list)
    """Numbers that the program is given when it runs, shared by its functions."""
    shared: Mapping[Operation, str] = field(default_factory=dict)
    """What is wrong about operations that take the bytes of a ring in use."""
    counts_tape: bool = False
    """Whether a line adds to the bytes pushed on tapes."""

    @cached_property
    def buffers(self) -> Buffers:
        """Which memrefs of the function may share elements."""
        return find_buffers(self.function, self.graph)

    @cached_property
    def lives(self) -> BufferLives:
        """Which accesses may come after the deallocation of their buffer."""
        return BufferLives(self.buffers)

    def check_live(self, op: Operation, value: SSAValue) -> None:
        """Leave with an error where an access finds its buffer deallocated."""
        view = self.buffer(value)
        if view.live is not None and self.lives.may_be_over(op, value):
            name = whole_of(value).name_hint or view.array
            message = f"buffer '{name}' was deallocated before"
            self.check(f"{view.live} != 0", op, message)

    def line(self, text: str) -> None:
        """Append a line at the current depth."""
        self.lines.append("    " * self.depth + text)

    def site(self, op: Operation, message: str) -> int:
        """Number of a place that may fail, with `{0}` and `{1}` for two integers."""
        self.sites.append(Site(op, message))
        return len(self.sites) - 1

    def check(self, condition: str, op: Operation, message: str, *details: str) -> None:
        """Leave with the message unless the condition holds."""
        numbers = (*details, "0", "0")[:2]
        site = self.site(op, message)
        self.line(f"run.check({condition}, {site}, {numbers[0]}, {numbers[1]})")

    def given(self, value: int, wish: str) -> str:
        """The name of a number that the program is given when it runs.

        Tile lengths and the like come this way, so that another number is no other
        program.
        """
        name = self.names.fresh(wish)
        place = len(self.constants)
        self.prologue.append(f"{name} = run.constants[{place}]  # {value}")
        self.constants.append(value)
        return name

    def refuse_constant(self, view: BufferView, op: Operation) -> None:
        """Leave with an error where a store would change a constant buffer."""
        if view.is_constant:
            self.check("False", op, f"'{view.array}' is constant")

    def refuse_shared_bytes(self, op: Operation) -> None:
        """Leave with an error where an operation takes the bytes of a ring in use."""
        if op in self.shared:
            self.check("False", op, self.shared[op])

    def count_tape(self, size_bytes: int) -> None:
        """Note that this many bytes were pushed on a tape, or popped if negative."""
        if size_bytes:
            self.line(f"tape_live = tape_live + {size_bytes}")
            self.counts_tape = True
        if size_bytes > 0:
            self.line("if tape_bytes < tape_live:")
            self.line("    tape_bytes = tape_live")

    def scalar(self, value: SSAValue) -> str:
        """The text of a scalar."""
        meaning = self.meanings[value]
        assert isinstance(meaning, str)
        return meaning

    def scalars(self, values: Sequence[SSAValue]) -> list[str]:
        """The texts of scalars."""
        return [self.scalar(value) for value in values]

    def buffer(self, value: SSAValue) -> BufferView:
        """The view that a memref is."""
        meaning = self.meanings[value]
        assert isinstance(meaning, BufferView)
        return meaning

    def tape(self, value: SSAValue) -> TapeVariables:
        """The memory of a tape, arena or ring."""
        meaning = self.meanings[value]
        assert isinstance(meaning, StackVariables | ArenaVariables | RingVariables)
        return meaning

    def assign(self, value: SSAValue, text: str) -> None:
        """Give a scalar result a variable, or a literal its text."""
        if _is_literal(text):
            self.meanings[value] = text
            return
        name = self.names.of(value)
        self.line(f"{name} = {text}")
        self.meanings[value] = name

    def declare(self, value: SSAValue, wish: str) -> list[tuple[str, str]]:
        """Name the variables that hold a value, with their types in Python.

        Raises:
            ExecutionError: values of this type do not pass between blocks.
        """
        type_ = value.type
        if isinstance(type_, MemRefType):
            name = self.names.buffer(value.name_hint or wish, type_.get_num_dims())
            view = BufferView.named(type_, name, self.timeline is not None)
            self.meanings[value] = view
            return list(view.variables())
        if isinstance(type_, ArenaType):
            name = self.names.buffer(value.name_hint or wish, 1)
            arena = ArenaVariables.named(name, self.timeline is not None)
            self.meanings[value] = arena
            return arena.variables()
        name = self.names.of(value, wish)
        self.meanings[value] = name
        return [(name, python_type(type_))]

    def parts(self, values: Sequence[SSAValue]) -> list[str]:
        """The texts that hold values, as `declare` lays them out."""
        texts: list[str] = []
        for value in values:
            meaning = self.meanings[value]
            if _passes_between_blocks(meaning):
                texts += [text for text, _ in meaning.variables()]
            elif isinstance(meaning, str):
                texts.append(meaning)
            else:
                raise ExecutionError(
                    f"a value of type {value.type} cannot pass between blocks or "
                    "functions; use it directly",
                    location_of(value.owner)
                    if isinstance(value.owner, Operation)
                    else None,
                )
        return texts

    def move(self, targets: Sequence[str], sources: Sequence[str]) -> None:
        """Assign in parallel, leaving out what stays as it is."""
        pairs = [(t, s) for t, s in zip(targets, sources, strict=True) if t != s]
        if pairs:
            self.line(
                f"{', '.join(t for t, _ in pairs)} = {', '.join(s for _, s in pairs)}"
            )

    def body(self, block: Block) -> None:
        """Write the ops of a block but for its terminator, one level deeper."""
        self.depth += 1
        self.block(block)
        self.depth -= 1

    def block(self, block: Block) -> None:
        """Write the ops of a block but for its terminator.

        Raises:
            ExecutionError: an op that no engine runs, or nesting too deep for Python.
        """
        if self.depth > DEEPEST_NESTING:
            parent = block.parent_op()
            raise ExecutionError(
                f"loops and branches nest more than {DEEPEST_NESTING} deep; "
                "move some of them to a function",
                None if parent is None else location_of(parent),
            )
        for op in list(block.ops)[:-1]:
            rule = self.rules.get(type(op))
            if rule is None:
                raise ExecutionError(f"'{op.name}' cannot be executed", location_of(op))
            addresses = rule(self, op)
            if addresses is not None and self.timeline is not None:
                self.timeline.operation(op, addresses)

    def flush_events(self) -> None:
        """Write the event of the straight-line code since the last one."""
        if self.timeline is not None:
            event = self.timeline.take_segment()
            if event is not None:
                self.line(f"run.record({', '.join(event)})")


def _passes_between_blocks(meaning: Meaning) -> TypeGuard[BufferView | ArenaVariables]:
    """Whether some variables say all of a buffer or arena."""
    if isinstance(meaning, BufferView):
        return meaning.passes_between_blocks
    return isinstance(meaning, ArenaVariables)


def python_type(type_: Attribute) -> str:
    """The type of a scalar in generated Python.

    Raises:
        ExecutionError: it is no scalar type that the engines hold.
    """
    if not is_scalar(type_):
        raise ExecutionError(f"a value of type {type_} cannot pass between blocks")
    if is_float(type_):
        return "float"
    return "bool" if str(type_) == "i1" else "int"


def _is_literal(text: str) -> bool:
    try:
        float(text.strip("()"))
    except ValueError:
        return text in ("True", "False", "inf", "nan")
    return True
