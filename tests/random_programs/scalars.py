"""Random arithmetic whose values stay in the range where it is smooth."""

from dataclasses import dataclass

from .integers import Integers
from .writer import STORED_BOUND, Float, Integer, Scope

SQUASHED = {"math.sin": 1.0, "math.cos": 1.0, "math.tanh": 1.0, "math.atan": 1.6}
"""Functions of any number, with their largest magnitude."""
TAME = {
    "math.erf": 1.0,
    "math.erfc": 2.0,
    "math.asinh": 2.0,
    "arith.negf": STORED_BOUND,
    "math.absf": STORED_BOUND,
    "math.exp": 8.0,
    "math.sinh": 4.0,
    "math.cosh": 4.0,
    "math.exp2": 4.0,
    "math.expm1": 7.0,
}
"""Functions of a number below 2."""
OF_POSITIVE = {
    "math.log": 2.0,
    "math.sqrt": 3.0,
    "math.rsqrt": 2.0,
    "math.log1p": 3.0,
    "math.log2": 3.0,
    "math.cbrt": 2.0,
    "math.log10": 1.0,
}
"""Functions of a number from 1/2 to 6."""
OF_SMALL = {"math.asin": 1.2, "math.acos": 2.7, "math.atanh": 1.5, "math.tan": 1.3}
"""Functions of a number below 0.9."""
TIES = (-1.0, -0.5, -0.0, 0.0, 0.5, 1.0)
CHOICES = ("minimumf", "maximumf", "minnumf", "maxnumf")
PREDICATES = (
    *("olt", "ogt", "ole", "oge", "oeq", "one", "ord"),
    *("ult", "ugt", "ule", "uge", "ueq", "une", "uno"),
)
ROUNDINGS = ("floor", "ceil", "round", "roundeven", "trunc")
KINDS = {
    "sum": 3.0,
    "product": 3.0,
    "squashed": 1.5,
    "tame": 2.5,
    "positive": 2.0,
    "small": 2.0,
    "above one": 0.7,
    "quotient": 1.5,
    "choice": 1.5,
    "select": 1.5,
    "power": 1.0,
    "integer power": 0.7,
    "atan2": 1.0,
    "fma": 1.0,
    "copysign": 1.0,
    "of integer": 0.7,
    "convert": 0.5,
    "constant": 0.3,
    "rounded": 0.7,
}


@dataclass
class Scalars(Integers):
    """Writes random scalar operations."""

    def float_type(self) -> str:
        """A type for a new float."""
        return "f32" if self.single and self.writer.chance(0.4) else "f64"

    def some_float(self, scope: Scope, type_: str, bound: float = 1e3) -> Float:
        """A float of this type below the bound, from the scope where there is one."""
        writer = self.writer
        if not scope.floats or writer.chance(0.07):
            value = round(writer.random.uniform(-1.5, 1.5), 3)
            return self.below(writer.float_constant(value, type_), bound)
        recent = scope.floats[-6:] if writer.chance(0.6) else scope.floats
        return self.below(self.converted(writer.random.choice(recent), type_), bound)

    def converted(self, value: Float, type_: str) -> Float:
        """The value in another width."""
        if value.type == type_:
            return value
        operation = "extf" if type_ == "f64" else "truncf"
        text = f"arith.{operation} {value.name} : {value.type} to {type_}"
        return Float(self.writer.emit(text), type_, value.bound)

    def below(self, value: Float, bound: float) -> Float:
        """The value, or a bounded function of it if it may be too large."""
        if value.bound <= bound:
            return value
        operation = self.writer.random.choice([*SQUASHED])
        name = self.writer.emit(f"{operation} {value.name} : {value.type}")
        return Float(name, value.type, SQUASHED[operation])

    def _apply(self, operation: str, bound: float, *operands: Float) -> Float:
        type_ = operands[0].type
        names = ", ".join(operand.name for operand in operands)
        return Float(self.writer.emit(f"{operation} {names} : {type_}"), type_, bound)

    def _positive(self, scope: Scope, type_: str) -> Float:
        x = self.some_float(scope, type_, STORED_BOUND)
        square = self._apply("arith.mulf", x.bound**2, x, x)
        shift = round(self.writer.random.uniform(0.5, 1.5), 3)
        shift = self.writer.float_constant(shift, type_)
        return self._apply("arith.addf", square.bound + shift.bound, square, shift)

    def _small(self, value: Float) -> Float:
        """A bounded function of a value, below 0.9."""
        operation = self.writer.random.choice(["math.sin", "math.cos", "math.tanh"])
        bounded = self._apply(operation, 1.0, value)
        factor = self.writer.float_constant(0.9, value.type)
        return self._apply("arith.mulf", 0.9, bounded, factor)

    def new_float(self, scope: Scope) -> Float:
        """Write a random expression; its value is not made visible."""
        type_ = self.float_type()
        value = self._expression(self.writer.pick(KINDS), scope, type_)
        return self.below(value, 40.0)

    def _next_float(self, scope: Scope, type_: str, bound: float) -> Float:
        """Often the last one, so that what is computed is used, too."""
        if scope.floats and self.writer.chance(0.4):
            return self.below(self.converted(scope.floats[-1], type_), bound)
        return self.some_float(scope, type_, bound)

    def _expression(self, kind: str, scope: Scope, type_: str) -> Float:
        choose = self.writer.random.choice
        a = self._next_float(scope, type_, 8.0)
        match kind:
            case "sum":
                b = self.some_float(scope, type_, 20.0)
                operation = choose(["arith.addf", "arith.subf"])
                return self._apply(operation, a.bound + b.bound, a, b)
            case "product":
                b = self.some_float(scope, type_, 8.0)
                return self._apply("arith.mulf", a.bound * b.bound, a, b)
            case "squashed":
                operation = choose([*SQUASHED])
                return self._apply(operation, SQUASHED[operation], a)
            case "tame":
                operation = choose([*TAME])
                return self._apply(operation, TAME[operation], self.below(a, 2.0))
            case "positive":
                operation = choose([*OF_POSITIVE])
                x = self._positive(scope, type_)
                return self._apply(operation, OF_POSITIVE[operation], x)
            case "small":
                operation = choose([*OF_SMALL])
                return self._apply(operation, OF_SMALL[operation], self._small(a))
            case "above one":
                one = self.writer.float_constant(1.0, type_)
                x = self._positive(scope, type_)
                x = self._apply("arith.addf", x.bound + 1, x, one)
                return self._apply("math.acosh", 3.0, x)
            case "quotient":
                operation = choose(["arith.divf", "arith.divf", "arith.remf"])
                b = self._positive(scope, type_)
                return self._apply(operation, 2 * a.bound, a, b)
            case _:
                return self._rare_expression(kind, scope, type_, a)

    def _rare_expression(self, kind: str, scope: Scope, type_: str, a: Float) -> Float:
        writer, b = self.writer, self.some_float(scope, type_, 8.0)
        larger = max(a.bound, b.bound)
        match kind:
            case "choice":
                operation = f"arith.{writer.random.choice(CHOICES)}"
                return self._apply(operation, larger, a, b)
            case "select":
                text = f"arith.select {self.condition(scope)}, {a.name}, {b.name}"
                return Float(writer.emit(f"{text} : {type_}"), type_, larger)
            case "power":
                x, y = self._positive(scope, type_), self.below(b, 2.0)
                return self._apply("math.powf", 36.0, x, y)
            case "integer power":
                whole = writer.random.choice(["i32", "i32", "i64", "i8"])
                power = writer.constant(writer.random.randint(-2, 3), whole)
                x = self._positive(scope, type_)
                text = f"math.fpowi {x.name}, {power} : {type_}, {whole}"
                return Float(writer.emit(text), type_, 220.0)
            case "atan2":
                return self._apply("math.atan2", 3.2, a, self._positive(scope, type_))
            case "fma":
                c = self.some_float(scope, type_, 8.0)
                return self._apply("math.fma", a.bound * b.bound + c.bound, a, b, c)
            case "copysign":
                if self.wild:  # NaN has no sign to rely on
                    two = writer.float_constant(-2.0, type_)
                    b = self._apply("arith.maxnumf", b.bound, b, two)
                return self._apply("math.copysign", a.bound, a, b)
            case "of integer":
                return self.float_of(scope, type_)
            case "rounded":
                operation = f"math.{writer.random.choice(ROUNDINGS)}"
                rounded = self._apply(operation, a.bound + 1, a)
                return self._apply("arith.addf", 2 * a.bound + 1, rounded, a)
            case "convert":
                other = "f32" if type_ == "f64" and self.single else "f64"
                return self.converted(a, other)
            case _:
                return writer.float_constant(
                    round(writer.random.uniform(-2, 2), 2), type_
                )

    def clamped(self, scope: Scope, value: Float) -> Float:
        """A value's magnitude, or the greater or smaller of it and a round number.

        Where inputs are round numbers, too, these are often equal.
        """
        writer = self.writer
        writer.drew("clamp")
        if writer.chance(0.25):
            return self._apply("math.absf", value.bound, value)
        other = writer.float_constant(writer.random.choice(TIES), value.type)
        if writer.chance(0.3):
            other = self.some_float(scope, value.type, STORED_BOUND)
        operands = writer.random.sample([value, other], 2)
        bound = max(value.bound, other.bound)
        operation = f"arith.{writer.random.choice(CHOICES)}"
        return self._apply(operation, bound, *operands)

    def times(self, scope: Scope, value: Integer) -> Float:
        """A float times a bounded function of an integer."""
        whole = self.cast(value, "i64") if value.type == "index" else value
        text = f"arith.sitofp {whole.name} : {whole.type} to f64"
        number = self.writer.emit(text)
        sine = Float(self.writer.emit(f"math.sin {number} : f64"), "f64", 1.0)
        factor = self.some_float(scope, "f64", STORED_BOUND)
        return self._apply("arith.mulf", factor.bound, sine, factor)

    def product(self, scope: Scope, factor: Float) -> Float:
        """A float times itself or another: its derivative reads its value."""
        other = factor
        if self.writer.chance(0.6):
            other = self.some_float(scope, factor.type, 4.0)
        return self._apply("arith.mulf", factor.bound * other.bound, factor, other)

    def condition(self, scope: Scope) -> str:
        """An i1, of floats, of integers or of other truth values."""
        writer = self.writer
        if scope.conditions and writer.chance(0.2):
            return writer.random.choice(scope.conditions)
        if scope.conditions and writer.chance(0.15):
            name = self.logic(scope)
        elif writer.chance(0.35):
            name = self.comparison(scope)
        else:
            type_ = self.float_type()
            x, y = (self.some_float(scope, type_) for _ in range(2))
            if writer.chance(0.05):
                y = x
            predicate = writer.random.choice(PREDICATES)
            text = f"arith.cmpf {predicate}, {x.name}, {y.name} : {type_}"
            name = writer.emit(text)
        scope.conditions.append(name)
        return name
