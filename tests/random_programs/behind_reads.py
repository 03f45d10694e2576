"""Random sequences of loops over one buffer that store in it and read it, and again.

What a store overwrites was read before, or was not; what was stored is read again while
it is there, or when it no longer is. So the reverse sweep has to undo some of the
writes, and to know which of them it does not undo.
"""

from dataclasses import dataclass

from .nests import Nests
from .writer import STORED_BOUND, Buffer, Float, Scope

EXTENT = 4
EXPENSIVE = ("math.exp", "math.sinh", "math.erf", "math.tanh")
"""Functions of small numbers that cost more than a load."""


@dataclass
class BehindReads:
    """Writes such sequences."""

    nests: Nests

    def __post_init__(self) -> None:
        self.scalars = self.nests.scalars
        self.writer = self.nests.writer
        self.random = self.writer.random

    def write(self, scope: Scope) -> None:
        """Write a sequence, unless it would run too often here."""
        if not self.nests.fits(scope, EXTENT):
            return
        self.writer.drew("writes behind reads")
        buffer = self._buffer(scope)
        total = self.scalars.some_float(scope, "f64", STORED_BOUND)
        self._give_contents(scope, buffer)
        for _ in range(self.random.randint(2, 5)):
            if self.writer.chance(0.5):
                total = self._store(scope, buffer, total, True)
            else:
                total = self._read(scope, buffer, total)
        total = self._read(scope, buffer, total)
        if self.writer.chance(0.7):
            self._store(scope, buffer, total, False)
        self.nests.finish(scope, total)

    def _buffer(self, scope: Scope) -> Buffer:
        """A new buffer, or one that is an argument."""
        found = [
            b
            for b in scope.buffers
            if b.element == "f64"
            and len(b.shape) == 1
            and b.extents is not None
            and b.extents[0] >= EXTENT
            and not b.layout
        ]
        if found and self.writer.chance(0.4):
            return self.random.choice(found)
        type_ = f"memref<{EXTENT}xf64>"
        name = self.writer.emit(f"memref.alloc() : {type_}")
        return Buffer(name, "f64", (EXTENT,), "", (EXTENT,))

    def _loop(self, scope: Scope, total: Float):
        bounds = self.nests.number(0), self.nests.number(EXTENT)
        return self.nests.loop(scope, bounds, EXTENT, [total])

    def _place(self, buffer: Buffer, iv: str) -> str:
        index = iv
        if self.writer.chance(0.2):
            index = self.nests.mirrored(self.nests.number(EXTENT), iv)
        elif self.writer.chance(0.1):
            index = self.nests.number(self.random.randrange(EXTENT))
        return f"{buffer.name}[{index}]"

    def _give_contents(self, scope: Scope, buffer: Buffer) -> None:
        """Store something in all elements."""
        bounds = self.nests.number(0), self.nests.number(EXTENT)
        with self.nests.loop(scope, bounds, EXTENT) as loop:
            value = self.scalars.some_float(loop.scope, "f64", STORED_BOUND)
            value = self._expensive(self.nests.function(loop.scope, [value]))
            self.nests.store(value, buffer, f"{buffer.name}[{loop.iv.name}]")

    def _store(self, scope: Scope, buffer: Buffer, total: Float, used: bool) -> Float:
        """Store something expensive in all elements; perhaps it is used, too."""
        with self._loop(scope, total) as loop:
            carried = Float(loop.args[0], "f64", STORED_BOUND)
            inner = loop.scope
            source = self.nests.float_buffer(inner)
            value = self.scalars.some_float(inner, "f64", STORED_BOUND)
            if source is not None and self.writer.chance(0.6):
                place = self.nests.memory.place(inner, source)
                loaded = self.nests.loaded(inner, source, place)
                value = self.scalars.converted(loaded, "f64")
            value = self._expensive(self.nests.function(inner, [value, carried]))
            self.nests.store(value, buffer, self._place(buffer, loop.iv.name))
            following = carried
            if used:
                following = self._square(value, carried)
            loop.yielded.append(following.name)
        return Float(loop.results[0], "f64", STORED_BOUND)

    def _read(self, scope: Scope, buffer: Buffer, total: Float) -> Float:
        """Read all elements; a derivative reads them again."""
        with self._loop(scope, total) as loop:
            carried = Float(loop.args[0], "f64", STORED_BOUND)
            value = self.nests.loaded(
                loop.scope, buffer, self._place(buffer, loop.iv.name)
            )
            loop.yielded.append(self._square(value, carried).name)
        return Float(loop.results[0], "f64", STORED_BOUND)

    def _expensive(self, value: Float) -> Float:
        """A function of a bounded value, below the bound of what is stored."""
        operation = self.random.choice(EXPENSIVE)
        text = f"{operation} {value.name} : f64"
        number = Float(self.writer.emit(text), "f64", 5.0)
        return self.scalars.below(number, STORED_BOUND)

    def _square(self, value: Float, carried: Float) -> Float:
        """The sine of a square plus something."""
        text = f"arith.mulf {value.name}, {value.name} : f64"
        square = self.writer.emit(text)
        total = self.writer.emit(f"arith.addf {square}, {carried.name} : f64")
        return Float(self.writer.emit(f"math.sin {total} : f64"), "f64", 1.0)
