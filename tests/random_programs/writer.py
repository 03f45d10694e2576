"""Lines of MLIR, and the values that are visible where the next one goes."""

import random
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

_NAME = re.compile(r"%\w+")
_OPERATION = re.compile(r'(?:%.* = )?"?([a-z]+\.\w+)')
TRIPS_MAX = 150
"""Most iterations of a whole nest, product over its loops."""


@dataclass(frozen=True)
class Float:
    """A float, f32 or f64, whose magnitude stays below `bound`."""

    name: str
    type: str
    bound: float


@dataclass(frozen=True)
class Integer:
    """An integer from `low` to `high`, both included."""

    name: str
    type: str
    low: int
    high: int


@dataclass(frozen=True)
class Buffer:
    """A memref; elements are floats below 2 or integers in their `stored_range`."""

    name: str
    element: str
    shape: tuple[int | None, ...]
    layout: str = ""
    extents: tuple[int, ...] | None = None
    """What the extents are at run time, where that is known."""

    @property
    def type(self) -> str:
        extents = "".join("?x" if n is None else f"{n}x" for n in self.shape)
        return f"memref<{extents}{self.element}{self.layout}>"

    @property
    def is_float(self) -> bool:
        return self.element in ("f32", "f64")


Value = Float | Integer | Buffer
STORED_BOUND = 2.0
STORED_INTEGERS = (0, 4)


def width_of(type_: str) -> int:
    """Bits of an integer type."""
    return 64 if type_ == "index" else int(type_[1:])


def whole_range(type_: str) -> tuple[int, int]:
    """What a type can hold, as signed numbers; i1 is 0 or 1."""
    half = 1 << (width_of(type_) - 1)
    return (0, 1) if type_ == "i1" else (-half, half - 1)


def stored_range(type_: str) -> tuple[int, int]:
    """What buffers, loops and branches pass on in an integer type.

    Small numbers, as programs count and address with, or anything.
    """
    return STORED_INTEGERS if type_ in ("index", "i32") else whole_range(type_)


@dataclass
class Scope:
    """What the next line can name; a block inside starts from a copy."""

    floats: list[Float] = field(default_factory=list[Float])
    integers: list[Integer] = field(default_factory=list[Integer])
    conditions: list[str] = field(default_factory=list[str])
    buffers: list[Buffer] = field(default_factory=list[Buffer])
    empty: list[Buffer] = field(default_factory=list[Buffer])
    """Buffers of floats without elements."""
    trips: int = 1
    """How often a line here runs, at most."""
    depth: int = 0

    def inside(self, trips: int = 1) -> "Scope":
        """The scope of a block that runs so many times as often."""
        return Scope(
            [*self.floats],
            [*self.integers],
            [*self.conditions],
            [*self.buffers],
            self.empty,
            self.trips * max(1, trips),
            self.depth + 1,
        )

    def add(self, value: Value) -> None:
        """Make a value visible."""
        match value:
            case Float():
                self.floats.append(value)
            case Integer(type="i1"):
                self.conditions.append(value.name)
            case Integer():
                self.integers.append(value)
            case Buffer() if value.extents is not None and 0 in value.extents:
                self.empty.append(value)
            case Buffer():
                self.buffers.append(value)


@dataclass
class Writer:
    """Writes one function; constants go to its top."""

    random: random.Random
    prefix: str = ""
    lines: list[str] = field(default_factory=list[str])
    constants: dict[tuple[str, str], str] = field(
        default_factory=dict[tuple[str, str], str]
    )
    count: int = 0
    constructs: Counter[str] = field(default_factory=Counter[str])
    """What was drawn, and how often; all functions of a program share one."""
    used: set[str] = field(default_factory=set[str])
    """Names that stand in some operation as an operand."""
    globals: dict[str, tuple[Buffer, str]] = field(
        default_factory=dict[str, tuple[Buffer, str]]
    )
    """By symbol, with their definitions; all functions of a program share them."""

    def drew(self, construct: str) -> None:
        """Count a construct that is worth knowing about, such as `view of view`."""
        self.constructs[construct] += 1

    def name(self) -> str:
        """A name not used before in this function."""
        self.count += 1
        return f"%{self.prefix}{self.count}"

    def line(self, text: str) -> None:
        """Write an operation that needs no name for a result."""
        self._count(text)
        self.lines.append(text)

    def emit(self, text: str) -> str:
        """Write an operation with one result and return the result's name."""
        self._count(text)
        name = self.name()
        self.lines.append(f"{name} = {text}")
        return name

    def _count(self, text: str) -> None:
        """Operations are constructs, too."""
        _, _, operands = text.rpartition(" = ") if text[0] == "%" else ("", "", text)
        self.used.update(_NAME.findall(operands))
        found = _OPERATION.match(text)
        if found:
            self.drew(found[1])

    def constant(self, value: float, type_: str) -> str:
        """The name of a constant."""
        key = (str(value), type_)
        if key not in self.constants:
            self.constants[key] = self.name()
        return self.constants[key]

    def constant_lines(self) -> list[str]:
        """The definitions of all constants."""
        return [
            f"{name} = arith.constant {value} : {type_}"
            for (value, type_), name in self.constants.items()
        ]

    def integer_constant(self, value: int, type_: str = "index") -> Integer:
        """An integer constant."""
        return Integer(self.constant(value, type_), type_, value, value)

    def float_constant(self, value: float, type_: str) -> Float:
        """A float constant."""
        return Float(self.constant(float(value), type_), type_, abs(value))

    def policy(self, word: str = "") -> str:
        """The attribute of a loop or function that asks for a tape policy, perhaps."""
        if not self.chance(0.06):
            return ""
        self.drew("policy asked for by the program")
        policy = self.random.choice(["min-cut", "save-all", "recompute"])
        return f' {word}{{tape.policy = "{policy}"}}'

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return self.random.random() < probability

    def pick(self, weighted: dict[str, float]) -> str:
        """One of the keys, as often as its weight says."""
        return self.random.choices([*weighted], [*weighted.values()])[0]


def renamed(value: Value, name: str) -> Value:
    """The same kind of value under another name."""
    return replace(value, name=name)


Statement = Callable[[Scope], None]
