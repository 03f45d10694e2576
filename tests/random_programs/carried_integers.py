"""Integers that a loop carries, which no index tells: the tape holds them, cut narrow.

Their ranges end near the ends of narrow types, on one side or the other of them.
"""

from collections.abc import Callable
from dataclasses import dataclass

from .nests import Nests
from .writer import STORED_BOUND, Float, Integer, Scope

TRIPS = 4
ENDS = (1, 3, 100, 127, 128, 200, 255, 256, 300, 30_000, 40_000, 65_535)
"""Extents of the ranges; those of 8 and 16 bits end among them."""
NEAR_HALVES = ((100, 120, 127), (20_000, 30_000), ENDS)
"""Of a narrow type, so that two are all of it."""
TYPES = {"i32": 3.0, "i64": 1.5, "index": 1.0}


@dataclass
class CarriedIntegers:
    """Writes loops in which derivatives read such an integer."""

    nests: Nests

    def __post_init__(self) -> None:
        self.scalars = self.nests.scalars
        self.writer = self.nests.writer
        self.random = self.writer.random

    def write(self, scope: Scope) -> None:
        """Write a loop, unless it would run too often here."""
        if not self.nests.fits(scope, TRIPS):
            return
        self.writer.drew("carried integer of a narrow range")
        type_ = self.writer.pick(TYPES)
        start = self.scalars.some_float(scope, "f64", STORED_BOUND)
        source = self.nests.float_buffer(scope)
        if source is not None and self.writer.chance(0.8):
            place = self.nests.memory.place(scope, source)
            loaded = self.nests.loaded(scope, source, place)
            start = self.scalars.converted(loaded, "f64")
        first = self.writer.constant(self.random.randint(0, 9), type_)
        iv, x, k = (self.writer.name() for _ in range(3))
        result, last = (self.writer.name() for _ in range(2))
        zero, trips, one = (self.nests.number(n) for n in (0, TRIPS, 1))
        self.writer.line(
            f"{result}, {last} = scf.for {iv} = {zero} to {trips} step {one} "
            f"iter_args({x} = {start.name}, {k} = {first}) -> (f64, {type_}) {{"
        )
        inner = scope.inside(TRIPS)
        inner.add(Integer(iv, "index", 0, TRIPS - 1))
        carried = Float(x, "f64", STORED_BOUND)
        factor = self.scalars.times(inner, Integer(k, type_, -65_535, 65_535))
        value = self.nests.function(inner, [factor, carried])
        following = self._following(inner, k, iv, type_)
        self.writer.line(f"scf.yield {value.name}, {following} : f64, {type_}")
        self.writer.line("}")
        self.nests.finish(scope, Float(result, "f64", STORED_BOUND))

    def _following(self, scope: Scope, k: str, iv: str, type_: str) -> str:
        """What the loop carries on: made of the number before, in a known range."""
        ways: dict[str, Callable[[str, str], str]] = {
            "difference": self._difference,
            "sum": self._sum,
            "without sign": self._without_sign,
            "shifted": self._shifted,
            "remainder": lambda number, type_: self._range(number, type_),
        }
        way = self.random.choice([*ways])
        self.writer.drew(f"carried integer: {way}")
        index = self.scalars.cast(Integer(iv, "index", 0, TRIPS), type_).name
        mixed = self._binary("muli", k, self._constant(self._odd(), type_), type_)
        mixed = self._binary("addi", mixed, index, type_)
        number = self._binary("addi", mixed, self._constant(self._odd(), type_), type_)
        return ways[way](number, type_)

    def _odd(self) -> int:
        return 2 * self.random.randint(20, 4000) + 1

    def _constant(self, value: int, type_: str) -> str:
        return self.writer.constant(value, type_)

    def _binary(self, operation: str, a: str, b: str, type_: str) -> str:
        return self.writer.emit(f"arith.{operation} {a}, {b} : {type_}")

    def _range(
        self,
        number: str,
        type_: str,
        signed: bool | None = None,
        ends: tuple[int, ...] = ENDS,
    ) -> str:
        """A number cut to a range from 0, or to one with 0 in its middle."""
        if signed is None:
            signed = self.writer.chance(0.3)
        end = self._constant(self.random.choice(ends) + 1, type_)
        return self._binary("remsi" if signed else "remui", number, end, type_)

    def _difference(self, number: str, type_: str) -> str:
        """Of two ranges: as large as their sum, and perhaps negative."""
        other = self._binary("shrui", number, self._constant(7, type_), type_)
        ends = self.random.choice(NEAR_HALVES)
        a, b = (self._range(n, type_, False, ends) for n in (number, other))
        return self._binary("subi", a, b, type_)

    def _sum(self, number: str, type_: str) -> str:
        other = self._binary("shrui", number, self._constant(5, type_), type_)
        a, b = (self._range(n, type_) for n in (number, other))
        return self._binary("addi", a, b, type_)

    def _without_sign(self, number: str, type_: str) -> str:
        """The low bits, taken for a number that is not negative."""
        narrow = self.random.choice(["i8", "i8", "i16"])
        whole = "i64" if type_ == "index" else type_
        if type_ == "index":
            number = self.writer.emit(f"arith.index_cast {number} : index to i64")
        cut = self.writer.emit(f"arith.trunci {number} : {whole} to {narrow}")
        wide = self.writer.emit(f"arith.extui {cut} : {narrow} to {whole}")
        if type_ == "index":
            return self.writer.emit(f"arith.index_cast {wide} : i64 to index")
        return wide

    def _shifted(self, number: str, type_: str) -> str:
        """The high bits of a number that is often negative, without its sign."""
        width = 32 if type_ == "i32" else 64
        number = self._range(number, type_, signed=True)
        if self.writer.chance(0.5):
            number = self._binary("subi", self._constant(0, type_), number, type_)
        left = self.random.choice([7, 8, 9, 15, 16, 17])
        amount = self._constant(width - left, type_)
        return self._binary("shrui", number, amount, type_)
