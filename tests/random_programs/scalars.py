"""Random arithmetic whose values stay in the range where it is smooth."""

from dataclasses import dataclass

from .writer import STORED_BOUND, STORED_INTEGERS, Float, Integer, Scope, Writer

SQUASHED = {"math.sin": 1.0, "math.cos": 1.0, "math.tanh": 1.0, "math.atan": 1.6}
"""Functions of any number, with their largest magnitude."""
TAME = {
    "math.erf": 1.0,
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
}
"""Functions of a number from 1/2 to 6."""
CHOICES = ("minimumf", "maximumf", "minnumf", "maxnumf")
PREDICATES = ("olt", "ogt", "ole", "oge", "ult", "une")
KINDS = {
    "sum": 4.0,
    "product": 4.0,
    "squashed": 3.0,
    "tame": 3.0,
    "positive": 2.0,
    "quotient": 1.5,
    "choice": 1.5,
    "select": 1.5,
    "power": 0.7,
    "integer power": 0.4,
    "atan2": 0.4,
    "fma": 0.5,
    "copysign": 0.3,
    "of integer": 0.7,
    "convert": 0.5,
    "constant": 0.3,
    "rounded": 0.2,
}


@dataclass
class Scalars:
    """Writes random scalar operations."""

    writer: Writer
    single: bool
    """Whether the program mixes f32 and f64."""

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

    def new_float(self, scope: Scope) -> Float:
        """Write a random expression; its value is not made visible."""
        type_ = self.float_type()
        value = self._expression(self.writer.pick(KINDS), scope, type_)
        return self.below(value, 40.0)

    def _expression(self, kind: str, scope: Scope, type_: str) -> Float:
        choose = self.writer.random.choice
        a = self.some_float(scope, type_, 8.0)
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
            case "quotient":
                b = self._positive(scope, type_)
                return self._apply("arith.divf", 2 * a.bound, a, b)
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
                power = writer.integer_constant(
                    writer.random.randint(-2, 3), "i32"
                ).name
                x = self._positive(scope, type_)
                text = f"math.fpowi {x.name}, {power} : {type_}, i32"
                return Float(writer.emit(text), type_, 220.0)
            case "atan2":
                return self._apply("math.atan2", 3.2, a, self._positive(scope, type_))
            case "fma":
                c = self.some_float(scope, type_, 8.0)
                return self._apply("math.fma", a.bound * b.bound + c.bound, a, b, c)
            case "copysign":
                return self._apply("math.copysign", a.bound, a, b)
            case "of integer":
                return self._of_integer(scope, type_)
            case "rounded":
                rounded = self._apply("math.floor", a.bound + 1, a)
                return self._apply("arith.addf", 2 * a.bound + 1, rounded, a)
            case "convert":
                other = "f32" if type_ == "f64" and self.single else "f64"
                return self.converted(a, other)
            case _:
                return writer.float_constant(
                    round(writer.random.uniform(-2, 2), 2), type_
                )

    def _of_integer(self, scope: Scope, type_: str) -> Float:
        value = self.some_integer(scope, "i32", -9, 9)
        name = self.writer.emit(f"arith.sitofp {value.name} : i32 to {type_}")
        return Float(name, type_, 9.0)

    def product(self, scope: Scope, factor: Float) -> Float:
        """A float times itself or another: its derivative reads its value."""
        other = factor
        if self.writer.chance(0.6):
            other = self.some_float(scope, factor.type, 4.0)
        return self._apply("arith.mulf", factor.bound * other.bound, factor, other)

    def condition(self, scope: Scope) -> str:
        """An i1, of floats or of integers."""
        writer = self.writer
        if scope.conditions and writer.chance(0.2):
            return writer.random.choice(scope.conditions)
        if writer.chance(0.35):
            a = self.some_integer(scope, "index", -9, 9)
            b = self.some_integer(scope, "index", -9, 9)
            predicate = writer.random.choice(["slt", "eq", "ne", "sge", "sgt"])
            text = f"arith.cmpi {predicate}, {a.name}, {b.name} : index"
        else:
            type_ = self.float_type()
            x, y = (self.some_float(scope, type_) for _ in range(2))
            predicate = writer.random.choice(PREDICATES)
            text = f"arith.cmpf {predicate}, {x.name}, {y.name} : {type_}"
        name = writer.emit(text)
        scope.conditions.append(name)
        return name

    def some_integer(self, scope: Scope, type_: str, low: int, high: int) -> Integer:
        """An integer of this type in a range that includes 0 to 4."""
        writer = self.writer
        if not scope.integers or writer.chance(0.1):
            return writer.integer_constant(writer.random.randint(0, 4), type_)
        fitting = [i for i in scope.integers[-8:] if i.type == type_]
        if not fitting or writer.chance(0.2):
            fitting = scope.integers
        value = self.cast(writer.random.choice(fitting), type_)
        if low <= value.low and value.high <= high:
            return value
        return self.folded(value, *STORED_INTEGERS)

    def folded(self, value: Integer, low: int, high: int) -> Integer:
        """The value's remainder in a range that starts at 0."""
        count = self.writer.integer_constant(high - low + 1, value.type)
        text = f"arith.remui {value.name}, {count.name} : {value.type}"
        return Integer(self.writer.emit(text), value.type, low, high)

    def cast(self, value: Integer, type_: str) -> Integer:
        """The value in another integer type."""
        if value.type == type_:
            return value
        name = value.name
        if "index" in (value.type, type_):
            name = self.writer.emit(
                f"arith.index_cast {name} : {value.type} to {type_}"
            )
        else:
            wider = int(type_[1:]) > int(value.type[1:])
            operation = "extsi" if wider else "trunci"
            name = self.writer.emit(
                f"arith.{operation} {name} : {value.type} to {type_}"
            )
        return Integer(name, type_, value.low, value.high)

    def new_integer(self, scope: Scope) -> Integer:
        """Write a random integer operation; its value is not made visible."""
        writer = self.writer
        type_ = writer.random.choice(["index", "index", "i32", "i64"])
        kind = writer.pick({"ring": 3, "order": 2, "float": 1, "divide": 1, "if": 1})
        a, b = (self.some_integer(scope, type_, -50, 50) for _ in range(2))
        low, high = min(a.low, b.low), max(a.high, b.high)
        match kind:
            case "ring":
                operation = writer.random.choice(["addi", "subi", "muli"])
                reach = max(map(abs, (a.low, a.high, 1))) * max(
                    map(abs, (b.low, b.high, 2))
                ) + max(map(abs, (a.low, a.high, b.low, b.high)))
                low, high = -reach, reach
            case "order":
                operation = writer.random.choice(["minsi", "maxsi"])
            case "float":
                x = self.some_float(scope, self.float_type(), 3.5)
                text = f"arith.fptosi {x.name} : {x.type} to i32"
                return Integer(writer.emit(text), "i32", -3, 3)
            case "divide":
                operation = writer.random.choice(["ceildivsi", "floordivsi", "remsi"])
                b = writer.integer_constant(writer.random.choice([2, 3]), type_)
                low, high = min(a.low, -2) - 1, max(a.high, 2) + 1
            case _:
                text = f"arith.select {self.condition(scope)}, {a.name}, {b.name}"
                return Integer(writer.emit(f"{text} : {type_}"), type_, low, high)
        text = f"arith.{operation} {a.name}, {b.name} : {type_}"
        return Integer(writer.emit(text), type_, low, high)
