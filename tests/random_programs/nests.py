"""Loops whose bounds the construct that needs them chooses, and index arithmetic."""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from .memory import Memory
from .patterns import Loop
from .writer import STORED_BOUND, TRIPS_MAX, Buffer, Float, Integer, Scope

UNKNOWN_EXTENT = 5
"""The largest extent that an argument has."""


def longest_extent(buffer: Buffer, axis: int) -> int:
    """The largest that an extent can be."""
    known = buffer.shape[axis]
    if known is None and buffer.extents is not None:
        known = buffer.extents[axis]
    return UNKNOWN_EXTENT if known is None else known


@dataclass
class Nests:
    """Writes loops and index arithmetic; what else stands inside is random."""

    memory: Memory
    statements: Callable[[Scope, int], None]
    sums: list[Float]
    """What the function has to return."""

    def __post_init__(self) -> None:
        self.scalars = self.memory.scalars
        self.writer = self.memory.writer

    def fits(self, scope: Scope, trips: int) -> bool:
        """Whether something may run so often here."""
        return scope.trips * trips <= TRIPS_MAX

    def number(self, value: int) -> str:
        """A constant index."""
        return self.writer.constant(value, "index")

    def index(self, operation: str, a: str, b: str) -> str:
        """An operation on two indices."""
        return self.writer.emit(f"arith.{operation} {a}, {b} : index")

    def sum(self, a: str, b: str) -> str:
        """a + b, in either order."""
        return self.index("addi", *self.writer.random.sample([a, b], 2))

    def shifted(self, a: str, by: int) -> str:
        """a + by, in one of the ways that people write it."""
        if by == 0:
            return a
        if by < 0 and self.writer.chance(0.6):
            return self.index("subi", a, self.number(-by))
        return self.sum(a, self.number(by))

    def mirrored(self, n: str, a: str) -> str:
        """n - 1 - a."""
        if self.writer.chance(0.5):
            return self.index("subi", self.shifted(n, -1), a)
        return self.shifted(self.index("subi", n, a), -1)

    @contextmanager
    def loop(
        self,
        scope: Scope,
        bounds: tuple[str, str],
        most: int,
        inits: Sequence[Float] = (),
        step: int = 1,
    ) -> Generator[Loop]:
        """An scf.for from 0 or more to below `most`, which may carry floats."""
        writer = self.writer
        iv = writer.name()
        args, results = ([writer.name() for _ in inits] for _ in range(2))
        types = [init.type for init in inits]
        pairs = ", ".join(f"{a} = {i.name}" for a, i in zip(args, inits, strict=True))
        left = f"{', '.join(results)} = " if results else ""
        carried = f" iter_args({pairs}) -> ({', '.join(types)})" if args else ""
        writer.line(
            f"{left}scf.for {iv} = {bounds[0]} to {bounds[1]} "
            f"step {self.number(step)}{carried} {{"
        )
        inner = scope.inside(most)
        inner.add(Integer(iv, "index", 0, max(0, most - 1)))
        for arg, type_ in zip(args, types, strict=True):
            inner.add(Float(arg, type_, STORED_BOUND))
        loop = Loop(inner, inner.integers[-1], args, results, [])
        yield loop
        if args:
            writer.line(f"scf.yield {', '.join(loop.yielded)} : {', '.join(types)}")
        writer.line("}")
        for result, type_ in zip(results, types, strict=True):
            scope.add(Float(result, type_, STORED_BOUND))

    def over(self, scope: Scope, buffer: Buffer, axis: int):
        """A loop along an axis of a buffer."""
        bounds = self.number(0), self.memory.extent(buffer, axis)
        return self.loop(scope, bounds, longest_extent(buffer, axis))

    def float_buffer(self, scope: Scope, rank: int = 1) -> Buffer | None:
        """Some buffer of floats with so many axes or more."""
        found = [b for b in scope.buffers if b.is_float and len(b.shape) >= rank]
        return self.writer.random.choice(found) if found else None

    def loaded(self, scope: Scope, buffer: Buffer, place: str) -> Float:
        """An element of a buffer of floats, visible from now on."""
        value = self.memory.load(scope, buffer, place)
        assert isinstance(value, Float)
        scope.add(value)
        return value

    def function(self, scope: Scope, values: Sequence[Float]) -> Float:
        """A bounded nonlinear function of values of one type."""
        value = values[0]
        for other in values[1:]:
            operation = self.writer.random.choice(["addf", "mulf", "subf"])
            text = f"arith.{operation} {value.name}, {other.name} : {value.type}"
            value = Float(self.writer.emit(text), value.type, 8.0)
        value = self.scalars.product(scope, value)
        operation = self.writer.random.choice(["math.sin", "math.tanh", "math.atan"])
        text = f"{operation} {value.name} : {value.type}"
        return Float(self.writer.emit(text), value.type, 1.6)

    def finish(self, scope: Scope, value: Float) -> None:
        """Let a value matter: the function returns it, or others use it."""
        if scope.depth == 0 and self.writer.chance(0.7):
            self.sums.append(value)
        else:
            scope.add(self.scalars.below(value, STORED_BOUND))

    def store(self, value: Float, buffer: Buffer, place: str) -> None:
        """Write an element."""
        self.writer.line(f"memref.store {value.name}, {place} : {buffer.type}")
