"""Random switches, regions, parallel loops, and loops that carry integer buffers."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from .nests import Nests, longest_extent
from .writer import STORED_BOUND, Buffer, Float, Integer, Scope

REDUCTIONS: tuple[str, ...] = ("addf", "mulf", "maximumf", "minimumf")


@dataclass
class Branching:
    """Writes operations of scf beside for, if and while of scalars."""

    nests: Nests

    def __post_init__(self) -> None:
        self.memory = self.nests.memory
        self.scalars = self.nests.scalars
        self.writer = self.nests.writer
        self.random = self.writer.random

    def write(self, scope: Scope) -> None:
        """Write a random construct, unless it would run too often here."""
        constructs: dict[str, Callable[[Scope], bool]] = {
            "scf.index_switch": self._switch,
            "scf.execute_region": self._region,
            "scf.parallel": self._parallel,
            "select of buffers": self._select,
            "scf.while of buffers": self._while,
            "deep nest": self._deep,
        }
        name = self.writer.pick(
            dict(zip(constructs, (2, 1, 3, 0.7, 1, 1.5), strict=True))
        )
        if constructs[name](scope):
            self.writer.drew(name)

    def _kinds(self) -> list[str]:
        count = self.random.choice([0, 1, 2])
        return self.random.choices(["f64", "index", "i32"], k=count)

    def _add(self, scope: Scope, names: list[str], kinds: list[str]) -> None:
        for name, kind in zip(names, kinds, strict=True):
            if kind == "f64":
                scope.add(Float(name, kind, STORED_BOUND))
            else:
                scope.add(Integer(name, kind, 0, 4))

    def _block(self, scope: Scope, kinds: list[str]) -> None:
        inner = scope.inside()
        self.nests.statements(inner, 3)
        names = [self.memory.storable(inner, kind).name for kind in kinds]
        types = f" {', '.join(names)} : {', '.join(kinds)}" if kinds else ""
        self.writer.line(f"scf.yield{types}")
        self.writer.line("}")

    def _head(self, kinds: list[str]) -> tuple[list[str], str, str]:
        names = [self.writer.name() for _ in kinds]
        left = f"{', '.join(names)} = " if names else ""
        return (
            names,
            left,
            f" -> {', '.join(kinds)}"
            if len(kinds) == 1
            else (f" -> ({', '.join(kinds)})" if kinds else ""),
        )

    def _switch(self, scope: Scope) -> bool:
        """A switch of up to four cases and, always, a default."""
        kinds = self._kinds()
        value = self.scalars.some_integer(scope, "index", -9, 9)
        names, left, arrow = self._head(kinds)
        if len(kinds) > 1:
            arrow = f" -> {', '.join(kinds)}"
        self.writer.line(f"{left}scf.index_switch {value.name}{arrow}")
        for case in self.random.sample(range(-1, 5), self.random.randint(0, 4)):
            self.writer.line(f"case {case} {{")
            self._block(scope, kinds)
        self.writer.line("default {")
        self._block(scope, kinds)
        self._add(scope, names, kinds)
        return True

    def _region(self, scope: Scope) -> bool:
        """A region that runs once."""
        kinds = self._kinds()
        names, left, arrow = self._head(kinds)
        self.writer.line(f"{left}scf.execute_region{arrow} {{")
        self._block(scope, kinds)
        self._add(scope, names, kinds)
        return True

    def _parallel(self, scope: Scope) -> bool:
        """Iterations in any order, with reductions."""
        buffer = self.nests.float_buffer(scope)
        if buffer is None or not self.nests.fits(scope, longest_extent(buffer, 0) ** 2):
            return False
        n, element = self.memory.extent(buffer, 0), buffer.element
        ivs = [self.writer.name() for _ in range(self.random.randint(1, 2))]
        kinds = self.random.sample(REDUCTIONS, self.random.choice([0, 1, 1, 2]))
        names = [self.writer.name() for _ in kinds]
        inits = [self.scalars.some_float(scope, element, STORED_BOUND) for _ in kinds]
        types = ", ".join(element for _ in kinds)
        given = ", ".join(init.name for init in inits)
        lowers = [self.nests.number(self.random.choice([0, 0, 1])) for _ in ivs]
        steps = [self.nests.number(self.random.choice([1, 1, 2])) for _ in ivs]
        carried = f" init ({given}) -> ({types})" if kinds else ""
        left = f"{', '.join(names)} = " if names else ""
        self.writer.line(
            f"{left}scf.parallel ({', '.join(ivs)}) = ({', '.join(lowers)}) to "
            f"({', '.join(n for _ in ivs)}) step ({', '.join(steps)}){carried} {{"
        )
        inner = scope.inside(longest_extent(buffer, 0) ** len(ivs))
        for iv in ivs:
            inner.add(Integer(iv, "index", 0, longest_extent(buffer, 0) - 1))
        place = f"{buffer.name}[{', '.join(self._first(inner, buffer, ivs[0]))}]"
        value = self.nests.loaded(inner, buffer, place)
        if self.writer.chance(0.2):
            self.nests.statements(inner, 2)
        value = self.nests.function(inner, [value])
        if self.writer.chance(0.4):
            self.nests.store(value, buffer, place)
        values = [self.nests.function(inner, [value]) for _ in kinds]
        if kinds:
            given = ", ".join(v.name for v in values)
            self.writer.line(f"scf.reduce({given} : {types}) {{")
            self.writer.lines += self._combinations(kinds, element)
        self.writer.line("}")
        for name in names:
            scope.add(self.scalars.below(Float(name, element, 1e3), STORED_BOUND))
        return True

    def _first(self, scope: Scope, buffer: Buffer, iv: str) -> list[str]:
        others = [self.memory.index(scope, buffer, k) for k in range(len(buffer.shape))]
        return [iv, *others[1:]]

    def _combinations(self, kinds: list[str], element: str) -> list[str]:
        lines: list[str] = []
        for kind in kinds:
            a, b, c = (self.writer.name() for _ in range(3))
            operands = ", ".join(self.random.sample([a, b], 2))
            lines += [
                f"^bb0({a}: {element}, {b}: {element}):",
                f"{c} = arith.{kind} {operands} : {element}",
                f"scf.reduce.return {c} : {element}",
                "}, {" if kind is not kinds[-1] else "}",
            ]
        return lines

    def _integers(self, scope: Scope) -> list[Buffer]:
        """Two buffers of integers of one type and shape, perhaps new ones."""
        found = [
            b for b in scope.buffers if not b.is_float and b.shape and not b.layout
        ]
        if not found:
            found = [self._new_integers(scope) for _ in "ab"]
        one = self.random.choice(found)
        same = [b for b in found if (b.type, b.extents) == (one.type, one.extents)]
        return [one, self.random.choice(same)]

    def _new_integers(self, scope: Scope) -> Buffer:
        name = self.writer.emit("memref.alloc() : memref<2xindex>")
        buffer = Buffer(name, "index", (2,), "", (2,))
        self.memory.fill(scope, buffer)
        scope.add(buffer)
        return buffer

    def _select(self, scope: Scope) -> bool:
        """One of two integer buffers."""
        buffers = self._integers(scope)
        condition = self.scalars.condition(scope)
        one, other = (b.name for b in buffers)
        name = self.writer.emit(
            f"arith.select {condition}, {one}, {other} : {buffers[0].type}"
        )
        scope.add(replace(buffers[0], name=name))
        return True

    def _while(self, scope: Scope) -> bool:
        """A loop that ends by a count and swaps two buffers of integers."""
        most = self.random.randint(0, 3)
        if not self.nests.fits(scope, most + 1):
            return False
        buffers = self._integers(scope)
        type_ = buffers[0].type
        kinds = ["index", "f64"]
        start = self.memory.storable(scope, "f64").name
        inits = [self.nests.number(0), start, *(b.name for b in buffers)]
        names, before, after = ([self.writer.name() for _ in inits] for _ in range(3))
        pairs = ", ".join(f"{a} = {i}" for a, i in zip(before, inits, strict=True))
        types = ", ".join([*kinds, type_, type_])
        self.writer.line(
            f"{', '.join(names)} = scf.while ({pairs}) : ({types}) -> ({types}) {{"
        )
        bound = self.nests.number(most)
        go = self.writer.emit(f"arith.cmpi slt, {before[0]}, {bound} : index")
        self.writer.line(f"scf.condition({go}) {', '.join(before)} : {types}")
        self.writer.line("} do {")
        each = [*kinds, type_, type_]
        args = ", ".join(f"{a}: {k}" for a, k in zip(after, each, strict=True))
        self.writer.line(f"^bb0({args}):")
        inner = scope.inside(most + 1)
        self._add(inner, after[:2], kinds)
        roles = [replace(b, name=a) for b, a in zip(buffers, after[2:], strict=True)]
        for role in roles:
            inner.add(role)
        self.memory.store(inner, roles[0], self.memory.place(inner, roles[0]))
        self.nests.statements(inner, 3)
        following = self.nests.shifted(after[0], 1)
        value = self.memory.storable(inner, "f64").name
        swapped = self.random.sample(after[2:], 2)
        given = ", ".join([following, value, *swapped])
        self.writer.line(f"scf.yield {given} : {types}")
        self.writer.line("}")
        self._add(scope, names[:2], kinds)
        for buffer, name in zip(buffers, names[2:], strict=True):
            scope.add(replace(buffer, name=name))
        return True

    def _deep(self, scope: Scope) -> bool:
        """Five or six loops of few iterations, floats carried through some of them."""
        if scope.depth > 1 or not self.nests.fits(scope, 2**5):
            return False
        self._deeper(scope, self.random.choice([5, 6]))
        return True

    def _deeper(self, scope: Scope, levels: int) -> None:
        trips = 1 if levels in (2, 5) else 2
        bounds = self.nests.number(0), self.nests.number(trips)
        inits = [self.memory.storable(scope, "f64")] if self.writer.chance(0.4) else []
        floats = [i for i in inits if isinstance(i, Float)]
        with self.nests.loop(scope, bounds, trips, floats) as loop:
            buffer = self.nests.float_buffer(loop.scope)
            if buffer is not None and self.writer.chance(0.5):
                place = self.memory.place(loop.scope, buffer)
                self.memory.update(loop.scope, buffer, place)
            if levels > 1:
                self._deeper(loop.scope, levels - 1)
            else:
                self.nests.statements(loop.scope, 3)
            if floats:
                value = self.memory.storable(loop.scope, "f64")
                loop.yielded.append(value.name)
