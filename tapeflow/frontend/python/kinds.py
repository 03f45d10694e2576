"""The kinds of numbers in a Python function, and what NumPy and Python make of two.

A number of Python is weak: beside a `numpy.float32` it becomes one. So a `float` and a
`numpy.float64` are different kinds, although both have 64 bits. Also a division by zero
raises for the one, and gives infinity for the other.
"""

from enum import Enum

from xdsl.dialects.builtin import IndexType, f32, f64, i1
from xdsl.ir import Attribute


class Kind(Enum):
    """What a scalar is; the value is how it is called in messages."""

    BOOL = "a bool"
    INT = "an int"
    NUMPY_INT = "a numpy.int64"
    FLOAT = "a float"
    F64 = "a numpy.float64"
    MIXED = "a float or a numpy.float64"
    F32 = "a numpy.float32"

    @property
    def is_float(self) -> bool:
        return self in _FLOATS

    @property
    def is_int(self) -> bool:
        return self in (Kind.INT, Kind.NUMPY_INT)

    @property
    def may_be_python(self) -> bool:
        """Whether it may be Python's own number, with Python's errors."""
        return self in (Kind.BOOL, Kind.INT, Kind.FLOAT, Kind.MIXED)

    @property
    def type(self) -> Attribute:
        """The type of MLIR that holds it; whole numbers are indices."""
        if self is Kind.BOOL:
            return i1
        if self.is_int:
            return IndexType()
        return f32 if self is Kind.F32 else f64


_FLOATS = frozenset((Kind.FLOAT, Kind.F64, Kind.MIXED, Kind.F32))


class KindError(Exception):
    """Two kinds do not go together; the message is for the user."""


def promoted(first: Kind, second: Kind) -> Kind:
    """What arithmetic on two numbers computes in; at least one is a float.

    Raises:
        KindError: Python's answer depends on what is not known.
    """
    pair = {first, second}
    if Kind.F32 in pair:
        if Kind.F64 in pair:
            return Kind.F64
        for unclear, remedy in (
            (Kind.MIXED, "make it numpy.float64(...) or numpy.float32(...) everywhere"),
            (Kind.NUMPY_INT, "convert it by float(...), int(...) or numpy.float32"),
        ):
            if unclear in pair:
                raise KindError(
                    f"{Kind.F32.value} meets {unclear.value}, and what comes out "
                    f"depends on which; {remedy}"
                )
        return Kind.F32
    if pair & {Kind.F64, Kind.NUMPY_INT}:
        return Kind.F64
    return Kind.MIXED if Kind.MIXED in pair else Kind.FLOAT


def promoted_int(first: Kind, second: Kind) -> Kind:
    """What arithmetic on two whole numbers gives."""
    return Kind.NUMPY_INT if Kind.NUMPY_INT in (first, second) else Kind.INT


def merged(first: Kind, second: Kind) -> Kind | None:
    """The kind of what is one or the other, None if there is none."""
    if first is second:
        return first
    pair = {first, second}
    if pair <= {Kind.FLOAT, Kind.F64, Kind.MIXED}:
        return Kind.MIXED
    if pair <= {Kind.INT, Kind.NUMPY_INT}:
        return Kind.NUMPY_INT
    return None
