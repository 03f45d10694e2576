"""Random loops and branches, whose insides are random statements."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace

from .memory import Memory
from .nests import longest_extent
from .rare_bounds import RARE_TRIPS, rare_bounds
from .writer import (
    STORED_BOUND,
    TRIPS_MAX,
    Buffer,
    Float,
    Integer,
    Scope,
    Value,
    stored_range,
)


@dataclass
class Blocks(ABC):
    """Writes operations that hold blocks; what stands in those, a subclass says."""

    memory: Memory

    def __post_init__(self) -> None:
        self.scalars = self.memory.scalars
        self.writer = self.memory.writer

    @abstractmethod
    def statements(self, scope: Scope, most: int, least: int = 1) -> None:
        """Write some random statements."""

    def branch(self, scope: Scope) -> None:
        """An scf.if, with or without results and an else."""
        condition = self.scalars.condition(scope)
        kinds = self._carried_types(scope) if self.writer.chance(0.5) else []
        chosen = self._chosen_buffers(scope)
        names = [self.writer.name() for _ in (*kinds, *chosen[:1])]
        types = [*kinds, *(buffer.type for buffer in chosen[:1])]
        arrow = f" -> ({', '.join(types)})" if types else ""
        left = f"{', '.join(names)} = " if names else ""
        self.writer.line(f"{left}scf.if {condition}{arrow} {{")
        self._arm(scope, kinds, chosen[:1])
        if types or self.writer.chance(0.4):
            self.writer.line("} else {")
            self._arm(scope, kinds, chosen[1:])
        self.writer.line("}")
        self._add_carried(scope, names, kinds)
        for name, buffer in zip(names[len(kinds) :], _mixed(chosen), strict=False):
            scope.add(replace(buffer, name=name))

    def _chosen_buffers(self, scope: Scope) -> list[Buffer]:
        """Two integer buffers of one type, between which a branch may choose."""
        integers = [b for b in scope.buffers if not b.is_float]
        if not integers or not self.writer.chance(0.1):
            return []
        one = self.writer.random.choice(integers)
        same = [b for b in integers if b.type == one.type]
        return [one, self.writer.random.choice(same)]

    def _arm(self, scope: Scope, kinds: list[str], buffers: list[Buffer]) -> None:
        inner = scope.inside()
        self.statements(inner, 4)
        self._yield(inner, kinds, [buffer.name for buffer in buffers])

    def _yield(
        self,
        scope: Scope,
        kinds: list[str],
        more: list[str],
        operation: str = "scf.yield",
    ) -> None:
        values = [self.memory.storable(scope, kind).name for kind in kinds] + more
        if values:
            types = [*kinds, *(self._type_of(scope, name) for name in more)]
            self.writer.line(f"{operation} {', '.join(values)} : {', '.join(types)}")

    def _type_of(self, scope: Scope, name: str) -> str:
        return next(b.type for b in scope.buffers if b.name == name)

    def _carried_types(self, scope: Scope) -> list[str]:
        kinds = ["f64"] * 6 + ["index"] * 3 + ["i32"] * 3 + ["i64", "i8", "i1"]
        if self.scalars.single:
            kinds += ["f32"] * 3
        return self.writer.random.choices(kinds, k=self.writer.random.randint(1, 3))

    def _carried(self, name: str, kind: str) -> Value:
        if kind in ("f32", "f64"):
            return Float(name, kind, STORED_BOUND)
        return Integer(name, kind, *stored_range(kind))

    def _add_carried(self, scope: Scope, names: list[str], kinds: list[str]) -> None:
        for name, kind in zip(names, kinds, strict=False):
            scope.add(self._carried(name, kind))

    def _bounds(self, scope: Scope, type_: str) -> tuple[Integer, Integer, Integer]:
        """Lower bound, upper bound and step of a loop; often constant, often not."""
        writer, some = self.writer, self.scalars.some_integer
        lower = writer.integer_constant(0, type_)
        if writer.chance(0.25):
            lower = some(scope, type_, -4, 4)
        elif writer.chance(0.3):
            lower = writer.integer_constant(writer.random.randint(-2, 2), type_)
        upper = some(scope, type_, -4, 6)
        if writer.chance(0.4):
            upper = writer.integer_constant(
                writer.random.choice([-1, 0, 1, 3, 4, 5]), type_
            )
        step = writer.integer_constant(1, type_)
        if writer.chance(0.3):
            step = writer.integer_constant(writer.random.randint(2, 3), type_)
        elif writer.chance(0.15):
            value = self.scalars.folded(some(scope, type_, 0, 4), 0, 2)
            name = writer.emit(f"arith.addi {value.name}, {step.name} : {type_}")
            step = Integer(name, type_, 1, 3)
        return lower, upper, step

    def loop(self, scope: Scope) -> None:
        """An scf.for; its bounds may come from anywhere, it may carry anything."""
        writer = self.writer
        type_ = writer.pick({"index": 6, "i32": 1, "i64": 0.5, "i8": 0.3})
        lower, upper, step = self._bounds(scope, type_)
        longest = max(0, upper.high - lower.low)
        bounds = rare_bounds(writer, type_)
        if bounds is not None:
            lower, upper, step = bounds
            longest = RARE_TRIPS
        indexed = (
            self._loop_buffer(scope) if type_ == "index" and bounds is None else None
        )
        if indexed is not None:
            lower, step = (writer.integer_constant(k) for k in (0, 1))
            name, longest = self.memory.extent(indexed, 0), longest_extent(indexed, 0)
            upper = Integer(name, "index", 1, longest)
        if scope.trips * max(1, longest) > TRIPS_MAX:
            return
        kinds = self._carried_types(scope) if writer.chance(0.6) else []
        buffers, permutation = self._permuted(scope)
        inits = [self.memory.storable(scope, kind).name for kind in kinds]
        inits += [buffer.name for buffer in buffers]
        types = [*kinds, *(buffer.type for buffer in buffers)]
        args, names = ([writer.name() for _ in inits] for _ in range(2))
        iv = Integer(writer.name(), type_, lower.low, max(lower.low, upper.high - 1))
        self._head(iv, (lower, upper, step), type_, args, inits, types, names)
        inner = scope.inside(longest)
        inner.add(iv)
        self._add_carried(inner, args, kinds)
        mixed = _mixed(buffers)
        carried = [
            replace(buffer, name=arg)
            for buffer, arg in zip(mixed, args[len(kinds) :], strict=True)
        ]
        for buffer in carried:
            inner.add(buffer)
        if indexed is not None and writer.chance(0.8):
            self.memory.visit(inner, indexed, iv)
        self.statements(inner, 6, 2)
        self._yield(inner, kinds, [carried[k].name for k in permutation])
        writer.line("}" + writer.policy())
        self._add_carried(scope, names, kinds)
        for name, buffer in zip(names[len(kinds) :], mixed, strict=True):
            scope.add(replace(buffer, name=name))

    def _head(
        self,
        iv: Integer,
        bounds: tuple[Integer, Integer, Integer],
        type_: str,
        args: list[str],
        inits: list[str],
        types: list[str],
        names: list[str],
    ) -> None:
        lower, upper, step = (bound.name for bound in bounds)
        left = f"{', '.join(names)} = " if names else ""
        pairs = ", ".join(f"{a} = {i}" for a, i in zip(args, inits, strict=True))
        carried = f" iter_args({pairs}) -> ({', '.join(types)})" if args else ""
        suffix = "" if type_ == "index" else f" : {type_}"
        self.writer.line(
            f"{left}scf.for {iv.name} = {lower} to {upper} step {step}"
            f"{carried}{suffix} {{"
        )

    def _loop_buffer(self, scope: Scope) -> Buffer | None:
        """A buffer whose elements the loop visits in order, perhaps."""
        buffer = self.memory.some_buffer(scope) if scope.buffers else None
        if buffer is None or not buffer.shape or not self.writer.chance(0.6):
            return None
        return buffer

    def _permuted(self, scope: Scope) -> tuple[list[Buffer], list[int]]:
        """Buffers a loop carries, and which one each becomes."""
        random = self.writer.random
        if not scope.buffers or not self.writer.chance(0.4):
            return [], []
        like = self.memory.some_buffer(scope)
        same = [b for b in scope.buffers if b.type == like.type]
        count = random.choice([1, 2, 3, 3])
        if len(same) < count and not self.writer.chance(0.3):
            count = len(same)
        buffers = random.sample(same, count) if len(same) >= count else []
        buffers = buffers or random.choices(same, k=count)
        permutation = random.sample(range(count), count)
        if not like.is_float and self.writer.chance(0.3):
            permutation = random.choices(range(count), k=count)
        return buffers, permutation

    def repeat(self, scope: Scope) -> None:
        """An scf.while that ends after a few turns, or earlier for a float's sake."""
        writer = self.writer
        most = writer.random.randint(0, 4)
        if scope.trips * max(1, most) > TRIPS_MAX:
            return
        kinds = ["index", *self._carried_types(scope)]
        inits = [writer.constant(0, "index")]
        inits += [self.memory.storable(scope, kind).name for kind in kinds[1:]]
        names, before, after = ([writer.name() for _ in kinds] for _ in range(3))
        pairs = ", ".join(f"{a} = {i}" for a, i in zip(before, inits, strict=True))
        types = ", ".join(kinds)
        writer.line(
            f"{', '.join(names)} = scf.while ({pairs}) : ({types}) -> ({types}) {{"
        )
        inner = scope.inside(most + 1)
        self._add_carried(inner, before, kinds)
        if writer.chance(0.4):
            self.statements(inner, 2)
        bound = writer.constant(most, "index")
        go = writer.emit(f"arith.cmpi slt, {before[0]}, {bound} : index")
        if writer.chance(0.5):
            go = writer.emit(f"arith.andi {go}, {self.scalars.condition(inner)} : i1")
        self._forward(inner, kinds, before, go)
        writer.line("} do {")
        args = ", ".join(f"{a}: {k}" for a, k in zip(after, kinds, strict=True))
        writer.line(f"^bb0({args}):")
        inner = scope.inside(most + 1)
        self._add_carried(inner, after, kinds)
        self.statements(inner, 4)
        one = writer.constant(1, "index")
        following = writer.emit(f"arith.addi {after[0]}, {one} : index")
        values = [self.memory.storable(inner, kind).name for kind in kinds[1:]]
        writer.line(f"scf.yield {', '.join([following, *values])} : {types}")
        writer.line("}")
        self._add_carried(scope, names, kinds)

    def _forward(
        self, scope: Scope, kinds: list[str], before: list[str], go: str
    ) -> None:
        values = [
            self.memory.storable(scope, kind).name if self.writer.chance(0.3) else name
            for name, kind in zip(before[1:], kinds[1:], strict=True)
        ]
        forwarded = ", ".join([before[0], *values])
        self.writer.line(f"scf.condition({go}) {forwarded} : {', '.join(kinds)}")


def _mixed(buffers: list[Buffer]) -> list[Buffer]:
    """The buffers, each of which may be any of them."""
    if len({buffer.extents for buffer in buffers}) <= 1:
        return buffers
    return [replace(buffer, extents=None) for buffer in buffers]
