"""Random statements: which kind comes next, and those without blocks of their own."""

from dataclasses import dataclass, field, replace

from .blocks import Blocks
from .features import FEATURES, features
from .patterns import Patterns
from .writer import Buffer, Float, Integer, Scope, Value

STATEMENTS = {
    "float": 8.0,
    "integer": 3.0,
    "load": 4.0,
    "store": 3.0,
    "update": 2.0,
    "fill": 0.4,
    "relay": 1.5,
    "copy": 0.6,
    "view": 0.6,
    "allocate": 0.7,
    "for": 4.0,
    "if": 2.0,
    "while": 0.8,
    "call": 1.0,
    "pattern": 1.0,
    **FEATURES,
}
DEEP = 3


@dataclass(frozen=True)
class Helper:
    """A function that `main` may call: its parameters and what it returns."""

    name: str
    parameters: tuple[Value, ...]
    results: tuple[Float | Integer, ...]


@dataclass
class Control(Blocks):
    """Writes random statements with blocks of random statements inside."""

    helpers: list[Helper] = field(default_factory=list[Helper])
    left: int = 30
    """How many more statements the function may get."""
    sums: list[Float] = field(default_factory=list[Float])
    """What the function has to return."""
    freed: list[Buffer] = field(default_factory=list[Buffer])
    """What the block being written allocated and frees at its end."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.features = features(self.memory, self.statements, self.sums)

    def statements(self, scope: Scope, most: int, least: int = 1) -> None:
        """Write up to so many statements, then free some of what they allocated."""
        outer, self.freed = self.freed, []
        floats, integers = len(scope.floats), len(scope.integers)
        for _ in range(self.writer.random.randint(least, most)):
            if self.left > 0:
                self.left -= 1
                self.statement(scope)
        self._keep_unused(scope, [*scope.floats[floats:], *scope.integers[integers:]])
        for buffer in self.freed:
            self.writer.line(f"memref.dealloc {buffer.name} : {buffer.type}")
        self.freed = outer

    def sum_at_the_end(self, scope: Scope) -> None:
        """Sums over samples to return, behind everything else that writes memory."""
        self.writer.drew("sum at the end")
        for _ in range(self.writer.random.randint(1, 3)):
            self.features["samples"](scope)

    def _keep_unused(self, scope: Scope, values: list[Float | Integer]) -> None:
        """Let some of what nothing reads matter."""
        for value in values:
            if value.name in self.writer.used or self.writer.chance(0.4):
                continue
            if isinstance(value, Integer):
                value = self.scalars.times(scope, value)
            self.memory.keep(scope, value)

    def statement(self, scope: Scope) -> None:
        """Write one random statement."""
        kind = self.writer.pick(STATEMENTS)
        if scope.depth == 0:
            if self.writer.chance(0.3):
                kind = "for"
            elif self.writer.chance(0.2):
                kind = "pattern"
            elif self.writer.chance(0.4):
                kind = self.writer.pick(FEATURES)
        if kind in ("for", "if", "while") and scope.depth >= DEEP:
            kind = "float"
        if kind == "call" and not self.helpers:
            kind = "float"
        self.writer.drew(kind)
        match kind:
            case "float":
                for _ in range(self.writer.random.randint(1, 3)):
                    scope.add(self.scalars.new_float(scope))
            case "integer":
                scope.add(self.scalars.new_integer(scope))
            case "for":
                self.loop(scope)
            case "if":
                self.branch(scope)
            case "while":
                self.repeat(scope)
            case "call":
                self.call(scope)
            case "allocate":
                self._allocate(scope)
            case _ if kind in self.features:
                self.features[kind](scope)
            case "pattern":
                Patterns(self.memory, self.sums).write(scope)
            case _:
                self._on_buffer(kind, scope)

    def _allocate(self, scope: Scope) -> None:
        buffer = self.memory.allocate(scope)
        if buffer is not None:
            scope.add(buffer)
            if self.memory.can_free and self.writer.chance(0.5):
                self.freed.append(buffer)

    def _on_buffer(self, kind: str, scope: Scope) -> None:
        if not scope.buffers:
            return
        memory, buffer = self.memory, self.memory.some_buffer(scope)
        match kind:
            case "load":
                self.memory.recall(scope, buffer, memory.place(scope, buffer))
            case "store":
                memory.store(scope, buffer, memory.place(scope, buffer))
            case "update":
                memory.update(scope, buffer, memory.place(scope, buffer))
            case "relay":
                place = memory.place(scope, buffer)
                memory.store(scope, buffer, place)
                self.memory.recall(scope, buffer, place)
            case "fill":
                memory.fill(scope, buffer)
            case "copy":
                memory.copy(scope, buffer)
            case _:
                view = memory.view(scope, buffer)
                if view is not None:
                    scope.add(view)

    def call(self, scope: Scope) -> None:
        """Call a helper with whatever fits its parameters."""
        helper = self.writer.random.choice(self.helpers)
        arguments = [self._argument(scope, p) for p in helper.parameters]
        if any(argument is None for argument in arguments):
            return
        if any(isinstance(a, Buffer) and a.layout for a in arguments):
            self.writer.drew("call with a view")
        names = [self.writer.name() for _ in helper.results]
        types = ", ".join(p.type for p in helper.parameters)
        results = ", ".join(r.type for r in helper.results)
        given = ", ".join(a.name for a in arguments if a is not None)
        left = f"{', '.join(names)} = " if names else ""
        self.writer.line(
            f"{left}func.call @{helper.name}({given}) : ({types}) -> ({results})"
        )
        for name, result in zip(names, helper.results, strict=True):
            scope.add(replace(result, name=name))

    def _argument(self, scope: Scope, parameter: Value) -> Value | None:
        match parameter:
            case Float():
                return self.scalars.some_float(scope, parameter.type, parameter.bound)
            case Integer():
                return self.scalars.some_integer(
                    scope, parameter.type, parameter.low, parameter.high
                )
            case Buffer():
                return self._buffer_argument(scope, parameter)

    def _buffer_argument(self, scope: Scope, parameter: Buffer) -> Buffer | None:
        fitting = [
            b
            for b in scope.buffers
            if (b.element, len(b.shape)) == (parameter.element, len(parameter.shape))
            and (parameter.layout or not b.layout)
        ]
        if not fitting:
            return None
        views = [b for b in fitting if b.layout]
        chosen = self.writer.random.choice(views or fitting)
        if chosen.type == parameter.type:
            return chosen
        name = self.writer.emit(
            f'"memref.cast"({chosen.name}) : ({chosen.type}) -> {parameter.type}'
        )
        return replace(parameter, name=name)
