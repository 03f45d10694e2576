"""Random affine loops, conditions, subscripts and reductions."""

from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass

from .nests import Nests, longest_extent
from .patterns import Loop
from .writer import STORED_BOUND, Buffer, Float, Integer, Scope

REDUCTIONS = ("addf", "mulf", "maximumf", "minimumf")


@dataclass
class AffineText:
    """Writes operations of the affine dialect."""

    nests: Nests

    def __post_init__(self) -> None:
        self.memory = self.nests.memory
        self.writer = self.nests.writer
        self.random = self.writer.random

    def write(self, scope: Scope) -> None:
        """Write a random construct, unless it would run too often here."""
        constructs: dict[str, Callable[[Scope], None]] = {
            "affine.for": self._loop,
            "affine.for of a triangle": self._triangle,
            "affine.parallel": self._parallel,
            "affine.apply": self._index,
            "affine.if": self._condition,
        }
        name = self.writer.pick(dict(zip(constructs, (5, 2, 3, 1, 1), strict=True)))
        self.writer.drew(name)
        constructs[name](scope)

    @contextmanager
    def _for(
        self,
        scope: Scope,
        bounds: tuple[str, str],
        most: int,
        inits: list[Float] | None = None,
        step: int = 1,
    ):
        """An affine.for between bounds written in affine syntax."""
        writer, inits = self.writer, inits or []
        iv = writer.name()
        args, results = ([writer.name() for _ in inits] for _ in range(2))
        pairs = ", ".join(f"{a} = {i.name}" for a, i in zip(args, inits, strict=True))
        types = ", ".join(init.type for init in inits)
        carried = f" iter_args({pairs}) -> ({types})" if inits else ""
        left = f"{', '.join(results)} = " if inits else ""
        stepped = "" if step == 1 else f" step {step}"
        writer.line(
            f"{left}affine.for {iv} = {bounds[0]} to {bounds[1]}{stepped}{carried} {{"
        )
        inner = scope.inside(most)
        inner.add(Integer(iv, "index", 0, max(0, most - 1)))
        for arg, init in zip(args, inits, strict=True):
            inner.add(Float(arg, init.type, STORED_BOUND))
        loop = Loop(inner, inner.integers[-1], args, results, [])
        yield loop
        if inits:
            writer.line(f"affine.yield {', '.join(loop.yielded)} : {types}")
        writer.line("}")
        for result, init in zip(results, inits, strict=True):
            scope.add(Float(result, init.type, STORED_BOUND))

    def _chosen(self, scope: Scope) -> tuple[Buffer, str, int] | None:
        """A buffer, the extent of its first axis and the most that is."""
        buffer = self.nests.float_buffer(scope)
        if buffer is None or not self.nests.fits(scope, longest_extent(buffer, 0) ** 2):
            return None
        return buffer, self.memory.extent(buffer, 0), longest_extent(buffer, 0)

    def _bounds(self, n: str, slack: int) -> tuple[str, str]:
        """Bounds from at least 0 to at most n - slack, in one of many ways."""
        lowers = ["0", "0", f"max affine_map<()[s0] -> (s0 - {slack + 3}, 0)>()[{n}]"]
        over = f"(s0 - {slack})" if slack else "(s0)"
        uppers = [
            f"affine_map<()[s0] -> {over}>()[{n}]",
            f"min affine_map<()[s0] -> (s0 - {slack}, 4)>()[{n}]",
            f"affine_map<(d0) -> (d0 - {slack})>({n})",
            f"affine_map<()[s0] -> ((s0 - {slack - 1}) floordiv 2)>()[{n}]"
            if slack
            else f"affine_map<()[s0] -> (s0 ceildiv 2)>()[{n}]",
        ]
        if slack == 0:
            uppers.append(n)
        return self.random.choice(lowers), self.random.choice(uppers)

    def _place(self, scope: Scope, buffer: Buffer, first: str) -> str:
        """An element; the first index is an affine expression."""
        place = self.memory.place(scope, buffer)[len(buffer.name) + 1 : -1]
        return f"{buffer.name}[{', '.join([first, *place.split(', ')[1:]])}]"

    def _load(self, scope: Scope, buffer: Buffer, place: str) -> Float:
        name = self.writer.emit(f"affine.load {place} : {buffer.type}")
        value = Float(name, buffer.element, STORED_BOUND)
        scope.add(value)
        return value

    def _store(self, value: Float, buffer: Buffer, place: str) -> None:
        self.writer.line(f"affine.store {value.name}, {place} : {buffer.type}")

    def _subscript(self, iv: str, n: str, slack: int) -> str:
        """An expression that is inside where iv is from 0 to n - slack - 1."""
        c = self.random.randint(0, slack)
        return self.random.choice(
            [
                iv,
                f"{iv} + {c}",
                f"{c} + {iv}",
                f"symbol({n}) - {iv} - {1 + c}",
                f"{n} - 1 - {iv}",
                f"{iv} floordiv 2",
                f"{iv} ceildiv 2",
                f"{iv} mod 2 + {iv} floordiv 2" if slack else f"{iv} - {iv} mod 2",
                f"2 * {iv} - {iv}",
                f"(3 * {iv} + {c}) floordiv 3",
            ]
        )

    def _body(self, loop: Loop, buffer: Buffer, subscripts: list[str]) -> None:
        """Loads at some subscripts, a function, and perhaps a store at another."""
        writer, scope = self.writer, loop.scope
        places = [self._place(scope, buffer, s) for s in subscripts]
        values = [self._load(scope, buffer, place) for place in places[:2]]
        if writer.chance(0.2):
            self.nests.statements(scope, 2)
        values += [Float(arg, buffer.element, STORED_BOUND) for arg in loop.args]
        value = self.nests.function(scope, values)
        if writer.chance(0.3):
            value = self._chosen_value(scope, loop.iv.name, value)
        if writer.chance(0.75):
            self._store(value, buffer, places[-1])
        loop.yielded += [value.name for _ in loop.args]

    def _chosen_value(self, scope: Scope, iv: str, value: Float) -> Float:
        """The value, or another one where a condition on the index does not hold."""
        self.writer.drew("affine.if with a result")
        name = self.writer.name()
        self.writer.line(f"{name} = affine.if {self._set(iv)} -> {value.type} {{")
        inner = scope.inside()
        other = self.nests.function(inner, [value])
        values = self.random.sample([value.name, other.name], 2)
        self.writer.line(f"affine.yield {values[0]} : {value.type}")
        self.writer.line("} else {")
        if values[1] == other.name:
            values[1] = self.nests.function(scope.inside(), [value]).name
        self.writer.line(f"affine.yield {values[1]} : {value.type}")
        self.writer.line("}")
        return Float(name, value.type, STORED_BOUND)

    def _set(self, iv: str) -> str:
        conditions = [
            "d0 - 1 >= 0",
            "d0 mod 2 == 0",
            "-d0 + 2 >= 0",
            "d0 floordiv 2 == 1",
        ]
        chosen = self.random.sample(conditions, self.random.randint(1, 2))
        return f"affine_set<(d0) : ({', '.join(chosen)})>({iv})"

    def _loop(self, scope: Scope) -> None:
        """One loop along an axis with neighbours."""
        chosen = self._chosen(scope)
        if chosen is None:
            return
        buffer, n, most = chosen
        slack = self.random.choice([0, 0, 1, 2])
        inits: list[Float] = []
        if self.writer.chance(0.3):
            inits = [self.nests.scalars.some_float(scope, buffer.element, 2.0)]
        bounds, step = self._bounds(n, slack), self.random.choice([1, 1, 2])
        with self._for(scope, bounds, most, inits, step) as loop:
            subscripts = [
                self._subscript(loop.iv.name, n, slack)
                for _ in range(self.random.randint(1, 3))
            ]
            self._body(loop, buffer, subscripts)

    def _triangle(self, scope: Scope) -> None:
        """A nest whose inner bounds are the outer index, and subscripts i+j."""
        chosen = self._chosen(scope)
        if chosen is None:
            return
        buffer, n, most = chosen
        with self._for(scope, ("0", n), most) as outer:
            i = outer.iv.name
            shapes = [
                (("0", f"affine_map<(d0)[s0] -> (s0 - d0)>({i})[{n}]"), "{i} + {j}"),
                (("0", f"affine_map<(d0) -> (d0 + 1)>({i})"), "{i} - {j}"),
                ((f"affine_map<(d0) -> (d0)>({i})", n), "{j} - {i}"),
                (("0", n), "({i} + {j}) mod symbol({n})"),
                (
                    (
                        f"max affine_map<(d0) -> (d0 - 1, 0)>({i})",
                        f"min affine_map<(d0)[s0] -> (d0 + 2, s0)>({i})[{n}]",
                    ),
                    "{j}",
                ),
            ]
            del shapes[3]  # a divisor has to be a number
            bounds, related = self.random.choice(shapes)
            with self._for(outer.scope, bounds, most) as loop:
                j = loop.iv.name
                subscripts = [related.format(i=i, j=j, n=n), i, j]
                self._body(loop, buffer, self.random.sample(subscripts, 3))

    def _parallel(self, scope: Scope) -> None:
        """Iterations in any order, which give sums, products and extrema."""
        chosen = self._chosen(scope)
        if chosen is None:
            return
        buffer, n, _ = chosen
        kinds = [*self.random.sample(REDUCTIONS, self.random.choice([0, 1, 1, 2]))]
        ivs = [self.writer.name() for _ in range(self.random.randint(1, 2))]
        names = [self.writer.name() for _ in kinds]
        types = ", ".join(buffer.element for _ in kinds)
        quoted = ", ".join(f'"{kind}"' for kind in kinds)
        reduce = f" reduce ({quoted}) -> ({types})" if kinds else ""
        left = f"{', '.join(names)} = " if names else ""
        uppers = ", ".join(self.random.choice([n, f"min({n}, 3)"]) for _ in ivs)
        lowers = ", ".join(
            self.random.choice(["0", "0", f"max({n} - 3, 0)"]) for _ in ivs
        )
        step = self.random.choice(["", f" step ({', '.join('2' for _ in ivs)})"])
        self.writer.line(
            f"{left}affine.parallel ({', '.join(ivs)}) = ({lowers}) to ({uppers})"
            f"{step}{reduce} {{"
        )
        inner = scope.inside(longest_extent(buffer, 0) ** len(ivs))
        for iv in ivs:
            inner.add(Integer(iv, "index", 0, longest_extent(buffer, 0) - 1))
        read = self.random.choice([ivs[0], f"{n} - 1 - {ivs[-1]}"])
        values = [self._load(inner, buffer, self._place(inner, buffer, read))]
        value = self.nests.function(inner, values)
        if self.writer.chance(0.4):
            self._store(value, buffer, self._place(inner, buffer, ivs[0]))
        if kinds:
            some = [self.nests.function(inner, [value]) for _ in kinds]
            given = ", ".join(one.name for one in some)
            self.writer.line(f"affine.yield {given} : {types}")
        self.writer.line("}")
        for name, kind in zip(names, kinds, strict=True):
            total = Float(name, buffer.element, 1e3)
            if kind in ("addf", "mulf"):
                scope.add(self.nests.scalars.below(total, STORED_BOUND))
            else:
                one = self.nests.scalars.writer.constant(1.5, buffer.element)
                text = f"arith.minimumf {name}, {one} : {buffer.element}"
                low = Float(self.writer.emit(text), buffer.element, 1e3)
                scope.add(self.nests.scalars.below(low, STORED_BOUND))

    def _index(self, scope: Scope) -> None:
        """An index from affine.apply, min or max."""
        a, b = (self.nests.scalars.some_integer(scope, "index", 0, 4) for _ in range(2))
        text, low, high = self.random.choice(
            [
                ("apply affine_map<(d0)[s0] -> (d0 + s0 * 2)>({a})[{b}]", 0, 12),
                ("apply affine_map<(d0, d1) -> ((d0 - d1) mod 3)>({a}, {b})", 0, 2),
                (
                    "apply affine_map<()[s0, s1] -> (s0 floordiv 2 - s1)>()[{a}, {b}]",
                    -4,
                    2,
                ),
                (
                    "apply affine_map<(d0)[s0] -> ((d0 - s0) ceildiv 2)>({a})[{b}]",
                    -2,
                    2,
                ),
                ("min affine_map<(d0)[s0] -> (d0 + 1, s0, 3)>({a})[{b}]", 0, 3),
                ("max affine_map<(d0)[s0] -> (d0 - 2, s0 - d0)>({a})[{b}]", -2, 4),
            ]
        )
        name = self.writer.emit(f"affine.{text.format(a=a.name, b=b.name)}")
        scope.add(Integer(name, "index", low, high))

    def _condition(self, scope: Scope) -> None:
        """An affine.if with effects."""
        value = self.nests.scalars.some_integer(scope, "index", 0, 4)
        self.writer.line(f"affine.if {self._set(value.name)} {{")
        self.nests.statements(scope.inside(), 3)
        if self.writer.chance(0.5):
            self.writer.line("} else {")
            self.nests.statements(scope.inside(), 3)
        self.writer.line("}")
