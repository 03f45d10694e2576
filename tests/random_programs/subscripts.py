"""Random loops that visit neighbours: stencils, scans, mirrors, strides, triangles."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from .nests import Nests, longest_extent
from .patterns import Loop
from .writer import Buffer, Float, Scope

Place = Callable[[str], str]
"""From an index along one axis to an element."""


@dataclass
class Subscripts:
    """Writes a nest whose subscripts are related to its induction variables."""

    nests: Nests

    def __post_init__(self) -> None:
        self.memory = self.nests.memory
        self.writer = self.nests.writer

    def write(self, scope: Scope) -> None:
        """Write a random relation, unless it would run too often here."""
        buffer = self.nests.float_buffer(scope)
        if buffer is None:
            return
        random = self.writer.random
        axis = random.randrange(len(buffer.shape))
        most = longest_extent(buffer, axis)
        if not self.nests.fits(scope, most * most * 2):
            return
        relations = {
            "i+c": self._shifts,
            "n-1-i": self._mirror,
            "2*i": self._stride,
            "i+j": self._diagonal,
            "triangle": self._triangle,
            "i*m+j": self._row_major,
            "tiles": self._tiles,
            "stencil of all axes": self._stencil,
        }
        name = random.choice([*relations])
        self.writer.drew(f"subscript {name}")
        with ExitStack() as stack:
            if self.writer.chance(0.3):
                bounds = self.nests.number(0), self.nests.number(2)
                scope = stack.enter_context(self.nests.loop(scope, bounds, 2)).scope
            relations[name](scope, buffer, axis)

    def _place(self, scope: Scope, buffer: Buffer, axis: int) -> Place:
        """Elements along an axis, the other indices fixed."""
        before = self.memory.place(scope, buffer)[len(buffer.name) + 1 : -1].split(", ")

        def place(index: str) -> str:
            indices = [*before[:axis], index, *before[axis + 1 :]]
            return f"{buffer.name}[{', '.join(indices)}]"

        return place

    def _carried(self, scope: Scope, buffer: Buffer) -> list[Float]:
        if not self.writer.chance(0.3):
            return []
        return [self.memory.scalars.some_float(scope, buffer.element, 2.0)]

    def _body(
        self, loop: Loop, buffer: Buffer, reads: Sequence[str], writes: Sequence[str]
    ) -> None:
        """Read elements, compute, write elements; the order is left to chance."""
        writer, inner = self.writer, loop.scope
        if writer.chance(0.2):
            self.nests.statements(inner, 2)
        values = [self.nests.loaded(inner, buffer, place) for place in reads]
        if loop.args:
            values.append(Float(loop.args[0], buffer.element, 2.0))
        value = self.nests.function(inner, values)
        inner.add(value)
        if writer.chance(0.2):
            self.nests.statements(inner, 2)
        for place in writes:
            self.nests.store(value, buffer, place)
            if writer.chance(0.3):
                value = self.nests.function(
                    inner,
                    [self.nests.loaded(inner, buffer, writer.random.choice(reads))],
                )
        if loop.args:
            loop.yielded.append(self.nests.scalars.below(value, 2.0).name)

    def _some(self, places: Sequence[str], least: int = 1) -> list[str]:
        count = self.writer.random.randint(least, len(places))
        return self.writer.random.sample(places, count)

    def _shifts(self, scope: Scope, buffer: Buffer, axis: int) -> None:
        """Accesses at i+c; the loop's bounds keep them inside."""
        random = self.writer.random
        offsets = random.sample([-2, -1, 0, 1, 2], random.choice([1, 2, 2, 3]))
        n = self.memory.extent(buffer, axis)
        lower, upper = max(0, -min(offsets)), max(0, *offsets)
        place = self._place(scope, buffer, axis)
        bounds = self.nests.number(lower), self.nests.shifted(n, -upper)
        most = longest_extent(buffer, axis)
        carried = self._carried(scope, buffer)
        with self.nests.loop(scope, bounds, most, carried) as loop:
            indices = [self.nests.shifted(loop.iv.name, c) for c in offsets]
            if self.writer.chance(0.3):
                indices = [self._narrowed(index) for index in indices]
            places = [place(index) for index in indices]
            self._body(loop, buffer, self._some(places), self._some(places, 0)[:1])

    def _narrowed(self, index: str) -> str:
        """The same index by way of i32."""
        narrow = self.writer.emit(f"arith.index_cast {index} : index to i32")
        return self.writer.emit(f"arith.index_cast {narrow} : i32 to index")

    def _mirror(self, scope: Scope, buffer: Buffer, axis: int) -> None:
        """Accesses at n-1-i and perhaps at i."""
        n = self.memory.extent(buffer, axis)
        place = self._place(scope, buffer, axis)
        bounds, most = (self.nests.number(0), n), longest_extent(buffer, axis)
        carried = self._carried(scope, buffer)
        with self.nests.loop(scope, bounds, most, carried) as loop:
            there = self.nests.mirrored(n, loop.iv.name)
            places = [place(there), place(loop.iv.name)]
            reads = places[:1] if self.writer.chance(0.4) else places
            writes = places[:1] if self.writer.chance(0.6) else self._some(places, 0)
            self._body(loop, buffer, reads, writes)

    def _stride(self, scope: Scope, buffer: Buffer, axis: int) -> None:
        """Accesses at s*i+c and perhaps at i."""
        nests, random = self.nests, self.writer.random
        step, first = random.choice([2, 3]), random.choice([0, 0, 1])
        n = self.memory.extent(buffer, axis)
        place = self._place(scope, buffer, axis)
        rest = nests.shifted(n, step - 1 - first)
        upper = nests.index("divui", rest, nests.number(step))
        if first:
            upper = nests.index(
                "ceildivsi", nests.shifted(n, -first), nests.number(step)
            )
        with nests.loop(
            scope, (nests.number(0), upper), longest_extent(buffer, axis)
        ) as loop:
            i = loop.iv.name
            scaled = nests.sum(i, i) if step == 2 and self.writer.chance(0.4) else None
            scaled = scaled or nests.index("muli", i, nests.number(step))
            places = [place(nests.shifted(scaled, first)), place(i)]
            reads = places[:1] if self.writer.chance(0.5) else places
            self._body(loop, buffer, reads, self._some(places, 0)[:1])

    def _diagonal(self, scope: Scope, buffer: Buffer, axis: int) -> None:
        """Accesses at i+j or i-j."""
        nests, most = self.nests, longest_extent(buffer, axis)
        n, zero = self.memory.extent(buffer, axis), nests.number(0)
        place = self._place(scope, buffer, axis)
        plus = self.writer.chance(0.6)
        with nests.loop(scope, (zero, n), most) as outer:
            i = outer.iv.name
            upper = nests.index("subi", n, i) if plus else nests.shifted(i, 1)
            carried = self._carried(outer.scope, buffer)
            with nests.loop(outer.scope, (zero, upper), most, carried) as loop:
                j = loop.iv.name
                there = nests.sum(i, j) if plus else nests.index("subi", i, j)
                places = [place(there), place(i), place(j)]
                self._body(loop, buffer, self._some(places), self._some(places, 0)[:1])

    def _triangle(self, scope: Scope, buffer: Buffer, axis: int) -> None:
        """A triangular nest: j from i on, or up to i."""
        nests, most = self.nests, longest_extent(buffer, axis)
        n, zero = self.memory.extent(buffer, axis), nests.number(0)
        place = self._place(scope, buffer, axis)
        with nests.loop(scope, (zero, n), most) as outer:
            i = outer.iv.name
            choices = [(zero, i), (zero, nests.shifted(i, 1)), (i, n)]
            bounds = self.writer.random.choice(choices)
            carried = self._carried(outer.scope, buffer)
            with nests.loop(outer.scope, bounds, most, carried) as loop:
                places = [place(i), place(loop.iv.name)]
                self._body(loop, buffer, self._some(places), self._some(places, 0))

    def _row_major(self, scope: Scope, buffer: Buffer, axis: int) -> None:
        """Accesses at i*m+j: an axis as if it were two."""
        nests, most = self.nests, longest_extent(buffer, axis)
        n, m = self.memory.extent(buffer, axis), self.writer.random.choice([2, 3])
        rows = nests.index("divui", n, nests.number(m))
        place, zero = self._place(scope, buffer, axis), nests.number(0)
        with nests.loop(scope, (zero, rows), most) as outer:
            start = nests.index("muli", outer.iv.name, nests.number(m))
            carried = self._carried(outer.scope, buffer)
            bounds = zero, nests.number(m)
            with nests.loop(outer.scope, bounds, m, carried) as loop:
                places = [place(nests.sum(start, loop.iv.name)), place(start)]
                self._body(loop, buffer, self._some(places), self._some(places, 0)[:1])

    def _tiles(self, scope: Scope, buffer: Buffer, axis: int) -> None:
        """A loop over tiles around one inside a tile, the last one cut."""
        nests, most = self.nests, longest_extent(buffer, axis)
        n, zero = self.memory.extent(buffer, axis), nests.number(0)
        place = self._place(scope, buffer, axis)
        with nests.loop(scope, (zero, n), most, step=2) as outer:
            first = outer.iv.name
            end = nests.index("minsi", nests.shifted(first, 2), n)
            carried = self._carried(outer.scope, buffer)
            with nests.loop(outer.scope, (first, end), most, carried) as loop:
                places = [place(loop.iv.name), place(first)]
                self._body(loop, buffer, self._some(places), self._some(places, 0)[:1])

    def _stencil(self, scope: Scope, buffer: Buffer, axis: int) -> None:
        """Neighbours along all axes at once, from one buffer to itself or another."""
        nests, random = self.nests, self.writer.random
        lower, upper = random.choice([(0, 1), (1, 1), (1, 0)])
        ivs: list[str] = []
        with ExitStack() as stack:
            for k in range(len(buffer.shape)):
                n = self.memory.extent(buffer, k)
                bounds = nests.number(lower), nests.shifted(n, -upper)
                most = longest_extent(buffer, k)
                loop = stack.enter_context(nests.loop(scope, bounds, most))
                scope = loop.scope
                ivs.append(loop.iv.name)
            places: list[str] = [f"{buffer.name}[{', '.join(ivs)}]"]
            for k in range(len(ivs)):
                near = nests.shifted(ivs[k], -1 if lower else 1)
                indices = [*ivs[:k], near, *ivs[k + 1 :]]
                places.append(f"{buffer.name}[{', '.join(indices)}]")
            self._body(loop, buffer, self._some(places), self._some(places, 0)[:1])  # pyright: ignore[reportPossiblyUnboundVariable]
