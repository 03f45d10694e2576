"""What names and expressions of a Python function stand for while it is lowered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias, cast

from xdsl.dialects.builtin import MemRefType
from xdsl.ir import Attribute, SSAValue

from tapeflow.frontend.python.annotations import ElementType
from tapeflow.frontend.python.kinds import Kind

Number: TypeAlias = bool | int | float


@dataclass(frozen=True)
class Fact:
    """A whole number is at least `low`."""

    value: SSAValue
    low: int


@dataclass(frozen=True)
class Scalar:
    """A number: known while lowering, or an SSA value."""

    kind: Kind
    constant: Number | None = None
    ssa: SSAValue | None = None
    base: SSAValue | None = None
    """A whole number is this value plus `offset`."""
    offset: int = 0
    literal: Number | None = None
    """What a loop carries begins with this number of the program."""
    if_true: tuple[Fact, ...] = ()
    """What holds where a truth value is true."""
    if_false: tuple[Fact, ...] = ()

    @staticmethod
    def of(value: Number) -> Scalar:
        """A number that is written in the program."""
        kind = (
            Kind.BOOL
            if isinstance(value, bool)
            else Kind.INT
            if isinstance(value, int)
            else Kind.FLOAT
        )
        return Scalar(kind, value)

    @property
    def whole(self) -> int | None:
        """The number if it is a whole one that is known."""
        is_whole = self.kind is Kind.BOOL or self.kind.is_int
        return None if self.constant is None or not is_whole else int(self.constant)


@dataclass(frozen=True)
class Along:
    """How a view goes along one dimension of its buffer: from `start` by `step`."""

    start: Scalar
    step: int
    axis: int
    """Of the view."""


@dataclass(frozen=True)
class View:
    """Elements of a buffer: all of them, or a part in NumPy's sense."""

    buffer: SSAValue
    element: ElementType
    places: tuple[Scalar | Along, ...]
    """For each dimension of the buffer a subscript, or how the view goes along it."""
    shape: tuple[Scalar, ...]
    is_whole: bool = False

    @property
    def rank(self) -> int:
        return len(self.shape)

    @property
    def type(self) -> MemRefType[Attribute]:
        return cast(MemRefType[Attribute], self.buffer.type)


@dataclass(frozen=True)
class Elementwise:
    """An array that is computed where it is needed, element by element."""

    kind: Kind
    shape: tuple[Scalar, ...]
    at: Callable[[Sequence[Scalar]], Scalar]
    """Writes what computes the element of some subscripts."""
    reads: tuple[View, ...]
    is_local: bool = True
    """Whether an element is computed from elements of the same subscripts."""

    @property
    def rank(self) -> int:
        return len(self.shape)


@dataclass(frozen=True)
class Several:
    """A tuple."""

    items: tuple[Value, ...]


@dataclass(frozen=True)
class Known:
    """An object of Python that is not a number: a module, a function, None."""

    thing: object


@dataclass(frozen=True)
class Unbound:
    """A name that may have no value here, and why."""

    reason: str


ArrayLike: TypeAlias = View | Elementwise
Value: TypeAlias = Scalar | View | Elementwise | Several | Known | Unbound


def describe(value: Value) -> str:
    """What a value is, for messages."""
    match value:
        case Scalar():
            return value.kind.value
        case View() | Elementwise():
            return f"an array of {value.rank} dimensions"
        case Several():
            return "a tuple"
        case Known():
            return f"{value.thing!r}"
        case Unbound():
            return "not bound"
