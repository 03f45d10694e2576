"""Random values that travel through memory: shifted stores and loads, work rows.

An iteration stores what another one loads; elements are written once, or again and
again; whether an element is still there when the reverse sweep runs depends on shifts,
bounds and orders that are left to chance.
"""

from dataclasses import dataclass

from .nests import Nests
from .patterns import Loop
from .writer import STORED_BOUND, Buffer, Float, Scope

EXTENT = 7
"""Elements of the buffers; loops leave one at either end for shifts."""
SHIFTS = (-1, 0, 0, 1)


@dataclass
class ThroughMemory:
    """Writes sequences of loops over one buffer."""

    nests: Nests

    def __post_init__(self) -> None:
        self.scalars = self.nests.scalars
        self.writer = self.nests.writer
        self.random = self.writer.random

    def write(self, scope: Scope) -> None:
        """Write a sequence, unless it would run too often here."""
        if not self.nests.fits(scope, 3 * EXTENT * EXTENT):
            return
        self.writer.drew("values through memory")
        type_ = f"memref<{EXTENT}xf64>"
        name = self.writer.emit(f"memref.alloc() : {type_}")
        buffer = Buffer(name, "f64", (EXTENT,), "", (EXTENT,))
        with self._loop(scope, 0, EXTENT, []) as loop:
            value = self.scalars.some_float(loop.scope, "f64", STORED_BOUND)
            self.nests.store(value, buffer, f"{buffer.name}[{loop.iv.name}]")
        total = self.scalars.some_float(scope, "f64", STORED_BOUND)
        if self.writer.chance(0.5):
            with self._loop(scope, 0, self.random.randint(0, 3), [total]) as steps:
                carried = Float(steps.args[0], "f64", STORED_BOUND)
                steps.yielded.append(self._loops(steps.scope, buffer, carried).name)
            total = Float(steps.results[0], "f64", STORED_BOUND)
        else:
            total = self._loops(scope, buffer, total)
        self.nests.finish(scope, total)

    def _loop(self, scope: Scope, low: int, high: int, inits: list[Float]):
        bounds = self.nests.number(low), self.nests.number(high)
        return self.nests.loop(scope, bounds, max(high, 1), inits)

    def _loops(self, scope: Scope, buffer: Buffer, total: Float) -> Float:
        for _ in range(self.random.randint(1, 3)):
            low, high = self.random.choice([(1, 6), (1, 6), (1, 4), (3, 6), (5, 2)])
            with self._loop(scope, low, high, [total]) as loop:
                carried = Float(loop.args[0], "f64", STORED_BOUND)
                if self.writer.chance(0.25):
                    value = self._triangle(loop, buffer, carried)
                else:
                    value = self._step(loop.scope, buffer, loop.iv.name, carried)
                loop.yielded.append(value.name)
            total = Float(loop.results[0], "f64", STORED_BOUND)
        return total

    def _triangle(self, loop: Loop, buffer: Buffer, carried: Float) -> Float:
        """An inner loop behind the element of the outer one, or up to it."""
        here, ends = loop.iv.name, (self.nests.number(1), self.nests.number(EXTENT - 1))
        after = self.nests.shifted(here, self.random.choice([0, 1]))
        bounds = (after, ends[1]) if self.writer.chance(0.6) else (ends[0], here)
        pivot = self.nests.loaded(loop.scope, buffer, f"{buffer.name}[{here}]")
        with self.nests.loop(loop.scope, bounds, EXTENT - 1, [carried]) as inner:
            so_far = Float(inner.args[0], "f64", STORED_BOUND)
            value = self.nests.function(inner.scope, [so_far, pivot])
            value = self._step(inner.scope, buffer, inner.iv.name, value)
            inner.yielded.append(value.name)
        return Float(inner.results[0], "f64", STORED_BOUND)

    def _step(self, scope: Scope, buffer: Buffer, iv: str, carried: Float) -> Float:
        """Load, compute and store, or store and load; perhaps not in all iterations."""
        source, target = (self._place(buffer, iv) for _ in range(2))
        if self.writer.chance(0.2):
            self.nests.store(carried, buffer, target)
            target = self._place(buffer, iv)
        value = self.nests.loaded(scope, buffer, source)
        value = self.nests.function(scope, [value, carried])
        kind = self.random.choice(["store", "store", "branch", "nothing"])
        if kind == "branch":
            number = self.nests.number(self.random.randrange(1, 6))
            text = f"arith.cmpi {self.random.choice(['slt', 'ne'])}, {iv}, {number}"
            self.writer.line(f"scf.if {self.writer.emit(f'{text} : index')} {{")
        if kind != "nothing":
            self.nests.store(value, buffer, target)
        if kind == "branch":
            self.writer.line("}")
        return value

    def _place(self, buffer: Buffer, iv: str) -> str:
        index = self.nests.shifted(iv, self.random.choice(SHIFTS))
        if self.writer.chance(0.2):
            index = self.nests.mirrored(self.nests.number(EXTENT), index)
        elif self.writer.chance(0.1):
            index = self.nests.number(self.random.randrange(EXTENT))
        return f"{buffer.name}[{index}]"
