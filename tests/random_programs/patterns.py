"""Random variants of loops that programs need no tape, or little, for.

They look like sums over samples, time steps between swapped buffers, buffers written
again and again, running extrema and counters; details that matter are left to chance.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from .memory import Memory
from .writer import STORED_BOUND, TRIPS_MAX, Buffer, Float, Integer, Scope

EXTENT = 3
"""The extent of the buffers that they allocate."""
EXTREMA = ("maximumf", "minimumf", "maxnumf", "minnumf")


@dataclass
class Loop:
    """A loop that is being written; what it yields is set by its body."""

    scope: Scope
    iv: Integer
    args: list[str]
    results: list[str]
    yielded: list[str]


@dataclass
class Patterns:
    """Writes one of the patterns."""

    memory: Memory
    sums: list[Float]
    """Sums that nothing but the function's end uses: it returns them."""

    def __post_init__(self) -> None:
        self.scalars = self.memory.scalars
        self.writer = self.memory.writer

    def write(self, scope: Scope) -> None:
        """Write a random one, unless it would run too often here."""
        if scope.trips * EXTENT**3 > TRIPS_MAX:
            return
        patterns: list[Callable[[Scope], None]] = [
            self._samples,
            self._steps,
            self._rewrites,
            self._extremum,
            self._counter,
        ]
        self.writer.random.choice(patterns)(scope)

    @contextmanager
    def _loop(
        self,
        scope: Scope,
        inits: list[str],
        types: list[str],
        trips: int = EXTENT,
        type_: str = "index",
        step: int = 1,
    ):
        writer = self.writer
        iv, *args = (writer.name() for _ in range(1 + len(inits)))
        results = [writer.name() for _ in inits]
        inner = scope.inside(trips)
        inner.add(Integer(iv, type_, 0, (trips - 1) * step))
        bounds = [writer.constant(k, type_) for k in (0, trips * step, step)]
        pairs = ", ".join(f"{a} = {i}" for a, i in zip(args, inits, strict=True))
        left = f"{', '.join(results)} = " if results else ""
        carried = f" iter_args({pairs}) -> ({', '.join(types)})" if args else ""
        suffix = "" if type_ == "index" else f" : {type_}"
        writer.line(
            f"{left}scf.for {iv} = {bounds[0]} to {bounds[1]} step {bounds[2]}"
            f"{carried}{suffix} {{"
        )
        loop = Loop(inner, inner.integers[-1], args, results, [])
        yield loop
        if inits:
            writer.line(f"scf.yield {', '.join(loop.yielded)} : {', '.join(types)}")
        writer.line("}")

    def _sum(
        self, scope: Scope, init: str, trips: int = EXTENT
    ) -> AbstractContextManager[Loop]:
        return self._loop(scope, [init], ["f64"], trips)

    def _allocate(self) -> Buffer:
        type_ = f"memref<{EXTENT}xf64>"
        name = self.writer.emit(f"memref.alloc() : {type_}")
        return Buffer(name, "f64", (EXTENT,), "", (EXTENT,))

    def _place(self, scope: Scope, buffer: Buffer, iv: Integer) -> str:
        """The element that a loop is at, or any other."""
        if self.writer.chance(0.7):
            return f"{buffer.name}[{iv.name}]"
        return self.memory.place(scope, buffer)

    def _load(self, buffer: Buffer, place: str) -> Float:
        value = self.memory.load(Scope(), buffer, place)
        assert isinstance(value, Float)
        return value

    def _store(self, value: str, buffer: Buffer, place: str) -> None:
        self.writer.line(f"memref.store {value}, {place} : {buffer.type}")

    def _float(self, scope: Scope) -> Float:
        """A float; often one that the loop's own index tells where to load."""
        floats = [b for b in scope.buffers if b.is_float]
        if floats and self.writer.chance(0.7):
            buffer = self.writer.random.choice(floats)
            value = self.memory.load(scope, buffer, self.memory.place(scope, buffer))
            scope.add(value)
        return self.scalars.some_float(scope, "f64", STORED_BOUND)

    def _function(self, scope: Scope, value: Float) -> Float:
        """A bounded nonlinear function of a value."""
        product = self.scalars.product(scope, value)
        one, other = self.writer.random.sample(["math.sin", "math.tanh"], 2)
        once = self.writer.emit(f"{one} {product.name} : f64")
        return Float(self.writer.emit(f"{other} {once} : f64"), "f64", 1.0)

    def _fill(self, scope: Scope, buffer: Buffer) -> None:
        with self._loop(scope, [], []) as loop:
            self._store(
                self._float(loop.scope).name, buffer, f"{buffer.name}[{loop.iv.name}]"
            )

    def _samples(self, scope: Scope) -> None:
        """A sum over samples; a work buffer may carry something between them."""
        work, trips = self._allocate(), self.writer.random.randint(0, 3)
        start = self.scalars.some_float(scope, "f64", STORED_BOUND)
        with self._sum(scope, start.name, trips) as samples:
            inner = samples.scope
            if self.writer.chance(0.5):
                zero = self.writer.constant(0, "index")
                is_first = self.writer.emit(
                    f"arith.cmpi eq, {samples.iv.name}, {zero} : index"
                )
                self.writer.line(f"scf.if {is_first} {{")
                self._fill(inner, work)
                self.writer.line("}")
            else:
                self._fill(inner, work)
            for _ in range(self.writer.random.randint(0, 2)):
                self._rewrite(inner, work)
            with self._sum(inner, samples.args[0]) as loop:
                value = self._load(work, self._place(loop.scope, work, loop.iv))
                term = self._function(loop.scope, value)
                loop.yielded.append(
                    self.writer.emit(f"arith.addf {loop.args[0]}, {term.name} : f64")
                )
            samples.yielded.append(loop.results[0])
        self._finish(scope, samples.results[0], [work])

    def _finish(self, scope: Scope, result: str, buffers: list[Buffer]) -> None:
        """Make a result visible, perhaps twice what it is."""
        for buffer in buffers:
            if self.writer.chance(0.5):
                self.writer.line(f"memref.dealloc {buffer.name} : {buffer.type}")
        if scope.depth == 0 and self.writer.chance(0.6):
            self.sums.append(Float(result, "f64", 1e3))
            return
        scope.add(self.scalars.below(Float(result, "f64", 1e3), STORED_BOUND))
        if self.writer.chance(0.3):
            scope.add(Float(result, "f64", 1e3))

    def _rewrite(self, scope: Scope, buffer: Buffer) -> None:
        """A loop over a buffer that loads and stores, in any order and number."""
        with self._loop(scope, [], []) as loop:
            inner = loop.scope
            value = self._float(inner)
            for _ in range(self.writer.random.randint(1, 4)):
                place = self._place(inner, buffer, loop.iv)
                if self.writer.chance(0.5):
                    value = self._function(inner, self._load(buffer, place))
                else:
                    value = self._function(inner, value)
                    self._store(value.name, buffer, place)
                inner.add(value)

    def _rewrites(self, scope: Scope) -> None:
        """Loops that overwrite a buffer one after the other."""
        buffer, result = self._allocate(), self._float(scope).name
        self._fill(scope, buffer)
        for _ in range(self.writer.random.randint(2, 4)):
            if self.writer.chance(0.5):
                self._rewrite(scope, buffer)
                continue
            with self._sum(scope, result) as loop:
                carried = Float(loop.args[0], "f64", STORED_BOUND)
                place = f"{buffer.name}[{loop.iv.name}]"
                if self.writer.chance(0.5):
                    loop.scope.add(self._load(buffer, place))
                value = self._function(loop.scope, carried)
                self._store(value.name, buffer, place)
                loop.yielded.append(value.name)
            result = loop.results[0]
        scope.add(self._load(buffer, self.memory.place(scope, buffer)))
        self._finish(scope, result, [])

    def _steps(self, scope: Scope) -> None:
        """Time steps between buffers that change roles, and writes behind them."""
        random = self.writer.random
        count = random.choice([2, 2, 3])
        buffers = [self._allocate() for _ in range(count)]
        for buffer in buffers:
            self._fill(scope, buffer)
        names, types = [b.name for b in buffers], [b.type for b in buffers]
        with self._loop(scope, names, types, random.randint(0, 3)) as steps:
            roles = [Buffer(a, "f64", (EXTENT,), "", (EXTENT,)) for a in steps.args]
            with self._loop(steps.scope, [], []) as loop:
                with self._sum(loop.scope, self._float(loop.scope).name) as whole:
                    read = random.choice(roles)
                    value = self._load(read, f"{read.name}[{whole.iv.name}]")
                    carried = Float(whole.args[0], "f64", STORED_BOUND)
                    whole.scope.add(carried)
                    whole.yielded.append(self._function(whole.scope, value).name)
                role = random.choice(roles)
                self._store(
                    whole.results[0], role, self._place(loop.scope, role, loop.iv)
                )
            steps.yielded += random.sample(steps.args, count)
        ends = [Buffer(r, "f64", (EXTENT,), "", (EXTENT,)) for r in steps.results]
        for _ in range(random.randint(0, 2)):
            self._rewrite(scope, random.choice([*buffers, *ends]))
        last = random.choice([*buffers, *ends])
        value = self._load(last, self.memory.place(scope, last))
        self._finish(scope, value.name, [])

    def _extremum(self, scope: Scope) -> None:
        """A running extremum, through one loop or two."""
        if self.writer.chance(0.4):
            return self._used_extremum(scope)
        start = self.scalars.some_float(scope, "f64", STORED_BOUND)
        with self._sum(scope, start.name) as loop:
            if self.writer.chance(0.5):
                self._change(loop)
            else:
                with self._sum(loop.scope, loop.args[0]) as inner:
                    self._change(inner)
                loop.yielded.append(inner.results[0])
        self._finish(scope, loop.results[0], [])
        return None

    def _used_extremum(self, scope: Scope) -> None:
        """A running extremum that each iteration uses: before it changes, or after."""
        self.writer.drew("extremum with other uses")
        starts = [
            self.scalars.some_float(scope, "f64", STORED_BOUND).name for _ in "ab"
        ]
        with self._loop(scope, starts, ["f64", "f64"]) as loop:
            self._change(loop)
            name = self.writer.random.choice([loop.args[0], loop.yielded[0]])
            used = self._function(loop.scope, Float(name, "f64", STORED_BOUND))
            text = f"arith.addf {loop.args[1]}, {used.name} : f64"
            loop.yielded.append(self.writer.emit(text))
        for result in loop.results:
            self._finish(scope, result, [])

    def _change(self, loop: Loop) -> None:
        if self.writer.chance(0.3):  # then it is more than a running extremum
            loop.scope.add(Float(loop.args[0], "f64", STORED_BOUND))
        value = self._function(loop.scope, self._float(loop.scope))
        operands = self.writer.random.sample([loop.args[0], value.name], 2)
        operation = self.writer.random.choice(EXTREMA)
        loop.yielded.append(
            self.writer.emit(f"arith.{operation} {', '.join(operands)} : f64")
        )

    def _counter(self, scope: Scope) -> None:
        """A carried integer that grows, shrinks or wraps, read by a derivative."""
        type_ = self.writer.random.choice(["index", "index", "i32", "i8"])
        self.writer.drew("counter")
        step = self.writer.random.choice([1, 1, 2, 3])
        increment = self.writer.random.choice([-2, -1, 1, 2, 3, 126])
        if type_ != "i8" and self.writer.chance(0.4):
            increment *= step
        start = self.scalars.some_float(scope, "f64", STORED_BOUND)
        first = self.writer.constant(self.writer.random.randint(0, 4), type_)
        with self._loop(
            scope, [start.name, first], ["f64", type_], type_=type_, step=step
        ) as loop:
            k = loop.args[1]
            if type_ == "index":
                k = self.writer.emit(f"arith.index_cast {k} : index to i64")
            whole = "i64" if type_ == "index" else type_
            float_ = self.writer.emit(f"arith.sitofp {k} : {whole} to f64")
            sine = self.writer.emit(f"math.sin {float_} : f64")
            factor = self._float(loop.scope)
            loop.scope.add(Float(loop.args[0], "f64", STORED_BOUND))
            product = self.writer.emit(f"arith.mulf {factor.name}, {sine} : f64")
            value = self._function(loop.scope, Float(product, "f64", STORED_BOUND))
            by = self.writer.constant(increment, type_)
            grown = self.writer.emit(f"arith.addi {loop.args[1]}, {by} : {type_}")
            loop.yielded += [value.name, grown]
        self._finish(scope, loop.results[0], [])
