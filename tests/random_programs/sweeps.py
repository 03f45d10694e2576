"""Random work buffers: written in parts by one loop, read in other parts by the next.

Whether an iteration overwrites all that it reads, and what a later sweep finds, depends
on bounds and subscripts that are left to chance.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from .linalg_buffers import LinalgBuffers
from .nests import Nests
from .patterns import Loop
from .views import Slice, Views
from .writer import STORED_BOUND, Buffer, Float, Scope

EXTENT = 4
STEPS = 3


@dataclass
class Sweeps:
    """Writes sums over samples and time steps around such buffers."""

    nests: Nests
    views: Views

    def __post_init__(self) -> None:
        self.memory = self.nests.memory
        self.writer = self.nests.writer
        self.random = self.writer.random
        self.linalg = LinalgBuffers(self.nests)

    def samples(self, scope: Scope) -> None:
        """Write samples, unless they would run too often here."""
        if self.nests.fits(scope, STEPS * EXTENT * 3):
            self._samples(scope)

    def steps(self, scope: Scope) -> None:
        """Write steps, unless they would run too often here."""
        if self.nests.fits(scope, STEPS * EXTENT * 3):
            self._steps(scope)

    def _work(self) -> tuple[Buffer, str]:
        """A new buffer of one axis, and its extent."""
        static = self.writer.chance(0.6)
        n = self.nests.number(EXTENT)
        shape = (EXTENT if static else None,)
        model = Buffer("", "f64", shape, "", (EXTENT,))
        size = "" if static else n
        name = self.writer.emit(f"memref.alloc({size}) : {model.type}")
        return replace(model, name=name), n

    def _samples(self, scope: Scope) -> None:
        """A sum over samples; each writes a work buffer and reads it."""
        self.writer.drew("samples through a work buffer")
        work, n = self._work()
        within = self.writer.chance(0.75)
        if not within:
            self.linalg.give_contents(scope, work)
        start = self.nests.scalars.some_float(scope, "f64", STORED_BOUND)
        bounds = self.nests.number(0), self.nests.number(STEPS)
        with self.nests.loop(scope, bounds, STEPS, [start]) as samples:
            inner = samples.scope
            self._hide(samples)
            mine = work
            if within:
                self._begin(inner, work, n, samples.iv.name)
            elif self.writer.chance(0.2):
                mine, n = self._work()
                self.linalg.give_contents(inner, mine)
            for _ in range(self.random.randint(1, 2)):
                self._overwrite(inner, mine, n)
            so_far = Float(samples.args[0], "f64", STORED_BOUND)
            samples.yielded.append(self._read(inner, mine, n, so_far))
        total = Float(samples.results[0], "f64", 1e3)
        if scope.depth == 0 and self.writer.chance(0.8):
            scope.floats.pop()
            self.nests.sums.append(total)
        if self.writer.chance(0.3) and not within:
            scope.add(work)

    def _hide(self, loop: Loop) -> None:
        """Mostly, use what a loop carries for nothing but the sum that it is."""
        if self.writer.chance(0.9):
            loop.scope.floats.pop()

    def _begin(self, scope: Scope, work: Buffer, n: str, iv: str) -> None:
        """The first iteration gives the buffer contents, or each does."""
        if self.writer.chance(0.2):
            return self.linalg.give_contents(scope, work)
        text = f"arith.cmpi eq, {iv}, {self.nests.number(0)} : index"
        self.writer.line(f"scf.if {self.writer.emit(text)} {{")
        first = scope.inside()
        with self.nests.loop(first, (self.nests.number(0), n), EXTENT) as loop:
            value = self.nests.function(loop.scope, [self._source(loop.scope)])
            self.nests.store(value, work, f"{work.name}[{loop.iv.name}]")
        self.writer.line("}")
        return None

    def _source(self, scope: Scope) -> Float:
        """Often an element of a buffer, which a gradient is asked for more often."""
        source = self.nests.float_buffer(scope)
        if source is None or self.writer.chance(0.3):
            return self.nests.scalars.some_float(scope, "f64", STORED_BOUND)
        value = self.nests.loaded(scope, source, self.memory.place(scope, source))
        return self.nests.scalars.converted(value, "f64")

    def _read(self, scope: Scope, work: Buffer, n: str, so_far: Float) -> str:
        """What is so far plus functions of elements; the name of the sum."""
        lower = self.random.choice([0, 0, 0, 0, 1])
        bounds = (
            self.nests.number(lower),
            self.nests.shifted(n, -self.random.choice([0, 0, 0, 0, 1])),
        )
        with self.nests.loop(scope, bounds, EXTENT, [so_far]) as loop:
            self._hide(loop)
            i = loop.iv.name
            indices = [i, self.nests.mirrored(n, i)]
            if lower:
                indices.append(self.nests.shifted(i, -1))
            index = self.random.choice(indices)
            value = self.nests.loaded(loop.scope, work, f"{work.name}[{index}]")
            term = self.nests.function(loop.scope, [value])
            text = f"arith.addf {loop.args[0]}, {term.name} : f64"
            loop.yielded.append(self.writer.emit(text))
        return loop.results[0]

    def _overwrite(self, scope: Scope, work: Buffer, n: str) -> None:
        """Write all elements, or all but some, in one of many ways."""
        styles: dict[str, Callable[[Scope, Buffer, str], None]] = {
            "from a loop": self._by_loop,
            "in a branch": self._by_branch,
            "by linalg": lambda scope, work, n: self.linalg.give_contents(scope, work),
            "by a fill": lambda scope, work, n: self.memory.fill(scope, work),
            "through a view": self._by_view,
            "by a copy": self._by_copy,
        }
        style = self.writer.pick(dict(zip(styles, (8, 1, 1, 1, 1, 1), strict=True)))
        self.writer.drew(f"work buffer written {style}")
        styles[style](scope, work, n)

    def _by_loop(self, scope: Scope, work: Buffer, n: str) -> None:
        nests = self.nests
        lower, upper = self.random.choice([(0, 0), (1, 0), (0, 1)])
        step = 2 if self.writer.chance(0.15) else 1
        bounds = nests.number(lower), nests.shifted(n, -upper)
        with nests.loop(scope, bounds, EXTENT, step=step) as loop:
            i = loop.iv.name
            inner = loop.scope
            target = nests.mirrored(n, i) if self.writer.chance(0.2) else i
            values = [self._source(inner)]
            if self.writer.chance(0.25):
                back = nests.shifted(i, -1) if lower else i
                values.append(nests.loaded(inner, work, f"{work.name}[{back}]"))
            value = nests.function(inner, values)
            nests.store(value, work, f"{work.name}[{target}]")

    def _by_branch(self, scope: Scope, work: Buffer, n: str) -> None:
        condition = self.nests.scalars.condition(scope)
        self.writer.line(f"scf.if {condition} {{")
        self._by_loop(scope.inside(), work, n)
        if self.writer.chance(0.6):
            self.writer.line("} else {")
            self._by_loop(scope.inside(), work, n)
        self.writer.line("}")

    def _by_view(self, scope: Scope, work: Buffer, n: str) -> None:
        first, step = self.random.choice([(0, 1), (1, 1), (0, 2), (1, 2)])
        size = (EXTENT - first + step - 1) // step
        part = self.views.subview(work, [Slice(first, size, step)])
        with self.nests.over(scope, part, 0) as loop:
            value = self.nests.scalars.some_float(loop.scope, "f64", STORED_BOUND)
            value = self.nests.function(loop.scope, [value])
            self.nests.store(value, part, f"{part.name}[{loop.iv.name}]")

    def _by_copy(self, scope: Scope, work: Buffer, n: str) -> None:
        other = self.linalg.filled(scope, work, [0])
        self.memory.copy_to(other, work)

    def _steps(self, scope: Scope) -> None:
        """Time steps between two buffers that change roles, then a sum."""
        self.writer.drew("time steps with a stencil")
        (one, n), (other, _) = self._work(), self._work()
        for buffer in (one, other):
            self.linalg.give_contents(scope, buffer)
        if one.type != other.type:
            other = replace(
                one,
                name=self.writer.emit(
                    f'"memref.cast"({other.name}) : ({other.type}) -> {one.type}'
                ),
            )
        args, results = ([self.writer.name() for _ in "ab"] for _ in range(2))
        trips = self.nests.number(self.random.randint(0, STEPS))
        self.writer.line(
            f"{', '.join(results)} = scf.for {self.writer.name()} = "
            f"{self.nests.number(0)} to {trips} step {self.nests.number(1)} "
            f"iter_args({args[0]} = {one.name}, {args[1]} = {other.name}) "
            f"-> ({one.type}, {one.type}) {{"
        )
        inner = scope.inside(STEPS)
        now, then = (replace(one, name=name) for name in args)
        bounds = self.nests.number(1), self.nests.shifted(n, -1)
        with self.nests.loop(inner, bounds, EXTENT) as loop:
            values = [
                self.nests.loaded(
                    loop.scope,
                    now,
                    f"{now.name}[{self.nests.shifted(loop.iv.name, by)}]",
                )
                for by in self.random.sample([-1, 0, 1], 2)
            ]
            value = self.nests.function(loop.scope, values)
            self.nests.store(value, then, f"{then.name}[{loop.iv.name}]")
        if self.writer.chance(0.5):
            inner.add(then)
            self._overwrite(inner, self.random.choice([now, then]), n)
        order = self.random.sample(args, 2)
        self.writer.line(f"scf.yield {', '.join(order)} : {one.type}, {one.type}")
        self.writer.line("}")
        last = replace(one, name=self.random.choice(results))
        start = self.nests.scalars.some_float(scope, "f64", STORED_BOUND)
        total = self._read(scope, last, n, start)
        scope.add(self.nests.scalars.below(Float(total, "f64", 1e3), STORED_BOUND))
