"""Loops in which an iteration has many truth values for the tape: words of them."""

from dataclasses import dataclass

from .nests import Nests
from .writer import STORED_BOUND, Float, Scope

TRIPS = 3
WORDS = (6, 7, 8, 8, 8, 9, 15, 16, 17)
"""How many truth values; some fill words of 8 and 16 bits."""
EXTREMA = ("maximumf", "minimumf")


@dataclass
class TruthValues:
    """Writes such loops."""

    nests: Nests

    def __post_init__(self) -> None:
        self.scalars = self.nests.scalars
        self.writer = self.nests.writer

    def write(self, scope: Scope) -> None:
        """Write a loop, unless it would run too often here."""
        if not self.nests.fits(scope, TRIPS):
            return
        self.writer.drew("words of truth values")
        start = self.scalars.some_float(scope, "f64", STORED_BOUND)
        bounds = self.nests.number(0), self.nests.number(TRIPS)
        with self.nests.loop(scope, bounds, TRIPS, [start]) as loop:
            value = Float(loop.args[0], "f64", STORED_BOUND)
            for _ in range(self.writer.random.choice(WORDS)):
                value = self._side(self._turned(value), start)
            loop.yielded.append(self._turned(value).name)
        self.nests.finish(scope, Float(loop.results[0], "f64", STORED_BOUND))

    def _turned(self, value: Float) -> Float:
        """A function of a value that has either sign."""
        random = self.writer.random
        angle = self.writer.float_constant(round(random.uniform(1.0, 4.0), 2), "f64")
        scaled = self._binary("mulf", value, angle)
        shift = self.writer.float_constant(round(random.uniform(-2.0, 2.0), 2), "f64")
        turned = self._binary("addf", scaled, shift)
        text = f"math.sin {turned.name} : f64"
        return Float(self.writer.emit(text), "f64", 1.0)

    def _side(self, value: Float, other: Float) -> Float:
        """What flows through one of two sides, and which, the reverse has to know."""
        if self.writer.chance(0.5):
            text = f"math.absf {value.name} : f64"
            return Float(self.writer.emit(text), "f64", 1.0)
        return self._binary(self.writer.random.choice(EXTREMA), value, other)

    def _binary(self, operation: str, a: Float, b: Float) -> Float:
        text = f"arith.{operation} {a.name}, {b.name} : f64"
        return Float(self.writer.emit(text), "f64", STORED_BOUND)
