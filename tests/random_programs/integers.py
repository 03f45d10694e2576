"""Random integer operations, with the range that their results are known to have."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from .writer import (
    STORED_INTEGERS,
    Float,
    Integer,
    Scope,
    Writer,
    whole_range,
    width_of,
)

TYPES = {"index": 4.0, "i32": 3.0, "i64": 2.0, "i16": 0.7, "i8": 0.7}
KINDS = {
    "ring": 3.0,
    "order": 2.0,
    "float": 1.0,
    "divide": 1.0,
    "if": 1.0,
    "bits": 1.5,
    "shift": 1.0,
    "unsigned": 1.0,
    "bits of one": 0.7,
}
PREDICATES = ("slt", "eq", "ne", "sge", "sgt", "sle", "ult", "ule", "ugt", "uge")
SMALL = (-50, 50)


@dataclass
class Integers(ABC):
    """Writes random integer operations."""

    writer: Writer
    single: bool
    """Whether the program mixes f32 and f64."""
    wild: bool = False
    """Whether floats may be anything, infinities and NaN included."""

    @abstractmethod
    def condition(self, scope: Scope) -> str:
        """An i1, of floats or of integers."""

    @abstractmethod
    def float_type(self) -> str:
        """A type for a new float."""

    @abstractmethod
    def some_float(self, scope: Scope, type_: str, bound: float = 1e3) -> Float:
        """A float of this type below the bound."""

    def some_integer(self, scope: Scope, type_: str, low: int, high: int) -> Integer:
        """An integer of this type in a range that includes 0 to 4, or 0 to 1 for i1."""
        writer = self.writer
        if type_ == "i1":
            return Integer(self.condition(scope), "i1", 0, 1)
        if not scope.integers or writer.chance(0.1):
            numbers = [0, 1, 2, 3, 4, low, high, low + 1, high - 1]
            if high - low > 10**6:
                writer.drew("integer constant at the end of a type")
            return writer.integer_constant(writer.random.choice(numbers), type_)
        fitting = [i for i in scope.integers[-8:] if i.type == type_]
        if not fitting or writer.chance(0.2):
            fitting = scope.integers
        value = self.cast(writer.random.choice(fitting), type_)
        if low <= value.low and value.high <= high:
            return value
        return self.folded(value, *STORED_INTEGERS)

    def folded(self, value: Integer, low: int, high: int) -> Integer:
        """The value's remainder in a range that starts at 0; itself if it is in it."""
        if low <= value.low and value.high <= high:
            return value
        count = self.writer.integer_constant(high - low + 1, value.type)
        text = f"arith.remui {value.name}, {count.name} : {value.type}"
        return Integer(self.writer.emit(text), value.type, low, high)

    def cast(self, value: Integer, type_: str) -> Integer:
        """The value in another integer type, cut if it does not fit."""
        if value.type == type_:
            return value
        if "index" in (value.type, type_):
            other = type_ if value.type == "index" else value.type
            if other == "i1":  # i1 to index would be -1: by way of i64
                return self.cast(self.cast(value, "i64"), type_)
            return self._convert("arith.index_cast", value, type_)
        if width_of(type_) < width_of(value.type):
            return self._convert("arith.trunci", value, type_)
        if value.type == "i1" or self.writer.chance(0.2):
            low, high = value.low, value.high
            if low < 0:
                low, high = 0, (1 << width_of(value.type)) - 1
            unsigned = Integer(value.name, value.type, low, high)
            return self._convert("arith.extui", unsigned, type_)
        return self._convert("arith.extsi", value, type_)

    def _convert(self, operation: str, value: Integer, type_: str) -> Integer:
        name = self.writer.emit(f"{operation} {value.name} : {value.type} to {type_}")
        return _within(Integer(name, type_, value.low, value.high))

    def comparison(self, scope: Scope) -> str:
        """An arith.cmpi."""
        type_ = self.writer.pick(TYPES)
        low, high = (-9, 9) if self.writer.chance(0.6) else whole_range(type_)
        a, b = (self.some_integer(scope, type_, low, high) for _ in range(2))
        predicate = self.writer.random.choice(PREDICATES)
        return self.writer.emit(f"arith.cmpi {predicate}, {a.name}, {b.name} : {type_}")

    def logic(self, scope: Scope) -> str:
        """A truth value made of others, or of a bit of a number."""
        writer = self.writer
        if writer.chance(0.2):
            type_ = writer.pick(TYPES)
            value = self.some_integer(scope, type_, *whole_range(type_))
            return self.cast(value, "i1").name
        a, b = (writer.random.choice(scope.conditions) for _ in range(2))
        if writer.chance(0.3):
            b = writer.constant(1, "i1")
        operation = writer.random.choice(["andi", "ori", "xori"])
        return writer.emit(f"arith.{operation} {a}, {b} : i1")

    def of_float(self, scope: Scope, type_: str = "i32") -> Integer:
        """A float rounded towards zero."""
        writer = self.writer
        x = self.some_float(scope, self.float_type(), 3.5)
        operation = "fptosi" if writer.chance(0.8) else "fptoui"
        low, high = whole_range(type_) if self.wild else (-3, 3)
        name = writer.emit(f"arith.{operation} {x.name} : {x.type} to {type_}")
        return Integer(name, type_, low, high)

    def float_of(self, scope: Scope, type_: str) -> Float:
        """An integer as a float."""
        writer = self.writer
        source = writer.pick({"i32": 3.0, "i64": 1.0, "i16": 0.5, "i8": 0.5, "i1": 0.5})
        low, high = (-9, 9) if writer.chance(0.6) else whole_range(source)
        value = self.some_integer(scope, source, low, high)
        operation, bound = "sitofp", max(abs(value.low), abs(value.high))
        if writer.chance(0.4):
            operation = "uitofp"
            bound = bound if value.low >= 0 else 1 << width_of(source)
        text = f"arith.{operation} {value.name} : {source} to {type_}"
        return Float(writer.emit(text), type_, float(bound))

    def new_integer(self, scope: Scope) -> Integer:
        """Write a random integer operation; its value is not made visible."""
        writer = self.writer
        type_ = writer.pick(TYPES)
        kind = writer.pick(KINDS)
        low, high = SMALL if writer.chance(0.6) else whole_range(type_)
        a, b = (self.some_integer(scope, type_, low, high) for _ in range(2))
        match kind:
            case "ring" | "order" | "bits":
                operation = writer.random.choice(_OPERATIONS[kind])
                return self._binary(operation, a, b)
            case "float":
                return self.of_float(scope, writer.random.choice(["i32", "i64", "i8"]))
            case "divide" | "unsigned":
                operation = writer.random.choice(_OPERATIONS[kind])
                if operation not in ("minui", "maxui"):
                    b = self._divisor(b)
                return self._binary(operation, a, b)
            case "shift":
                return self._shift(a, b)
            case "bits of one":
                return self._unary(a)
            case _:
                text = f"arith.select {self.condition(scope)}, {a.name}, {b.name}"
                low, high = min(a.low, b.low), max(a.high, b.high)
                name = writer.emit(f"{text} : {type_}")
                return Integer(name, type_, low, high)

    def _binary(self, operation: str, a: Integer, b: Integer) -> Integer:
        name = self.writer.emit(f"arith.{operation} {a.name}, {b.name} : {a.type}")
        return _within(Integer(name, a.type, *_range(operation, a, b)))

    def _divisor(self, value: Integer) -> Integer:
        """A number that is not 0."""
        writer, type_ = self.writer, value.type
        if writer.chance(0.6):
            numbers = [2, 3, 3, 7, -1, -2, whole_range(type_)[0]]
            return writer.integer_constant(writer.random.choice(numbers), type_)
        one = writer.constant(1, type_)
        name = writer.emit(f"arith.ori {value.name}, {one} : {type_}")
        return Integer(name, type_, *whole_range(type_))

    def _shift(self, a: Integer, b: Integer) -> Integer:
        writer, width = self.writer, width_of(a.type)
        operation = writer.random.choice(["shli", "shrsi", "shrui"])
        if writer.chance(0.6):
            amount = writer.integer_constant(writer.random.randrange(width), a.type)
        else:
            mask = writer.constant(width - 1, a.type)
            name = writer.emit(f"arith.andi {b.name}, {mask} : {a.type}")
            amount = Integer(name, a.type, 0, width - 1)
        return self._binary(operation, a, amount)

    def _unary(self, a: Integer) -> Integer:
        writer, reach = self.writer, max(abs(a.low), abs(a.high))
        operation = writer.random.choice(["absi", "ctpop", "ctlz", "cttz", "ipowi"])
        if operation == "ipowi":
            power = writer.random.randint(0, 3)
            exponent = writer.constant(power, a.type)
            text = f"math.ipowi {a.name}, {exponent} : {a.type}"
            reach = max(1, reach**power)
            return _within(Integer(writer.emit(text), a.type, -reach, reach))
        name = writer.emit(f"math.{operation} {a.name} : {a.type}")
        high = reach if operation == "absi" else width_of(a.type)
        return _within(Integer(name, a.type, 0, high))


_OPERATIONS = {
    "ring": ["addi", "subi", "muli"],
    "order": ["minsi", "maxsi"],
    "bits": ["andi", "ori", "xori"],
    "divide": ["ceildivsi", "floordivsi", "remsi", "divsi"],
    "unsigned": ["remui", "divui", "ceildivui", "minui", "maxui"],
}


def _within(value: Integer) -> Integer:
    """The value, which may be anything if what it should be does not fit its type."""
    low, high = whole_range(value.type)
    if low <= value.low and value.high <= high:
        return value
    return Integer(value.name, value.type, low, high)


def _range(operation: str, a: Integer, b: Integer) -> tuple[int, int]:
    """Numbers between which the exact result of an operation is."""
    least, most = min(a.low, b.low), max(a.high, b.high)
    x, y = (max(abs(i.low), abs(i.high)) for i in (a, b))
    is_natural = a.low >= 0 and b.low >= 0
    match operation:
        case "addi" | "subi":
            return -x - y, x + y
        case "muli":
            return -x * y, x * y
        case "minsi" | "maxsi":
            return least, most
        case "ceildivsi" | "floordivsi" | "remsi" | "divsi":
            return -x - 1, x + 1
        case "shrsi":
            return min(a.low, 0), max(a.high, 0)
        case "shli":
            return -(x << b.high), x << b.high
        case "andi" if a.low >= 0:
            return 0, a.high
        case "ori" | "xori" | "andi" if is_natural:
            return 0, (1 << most.bit_length()) - 1
        case "minui" | "maxui" if is_natural:
            return 0, most
        case "divui" | "ceildivui" | "remui" | "shrui" if a.low >= 0:
            return 0, a.high + 1
        case _:
            return whole_range(a.type)
