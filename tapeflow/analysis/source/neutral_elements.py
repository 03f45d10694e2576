"""The reductions of `affine.parallel`: an operation and its neutral element each."""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf, nan

from xdsl.dialects import arith
from xdsl.dialects.builtin import (
    AnyFloat,
    FloatAttr,
    IndexType,
    IntegerAttr,
    IntegerType,
)
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.utils.hints import isa

_INDEX_BITS = 64


@dataclass(frozen=True)
class Reduction:
    """How two partial results become one."""

    combine: Callable[[SSAValue, SSAValue], Operation]
    neutral: float | Callable[[int], int]
    """What changes nothing: of floats the number, of integers it by their width."""

    @property
    def is_float(self) -> bool:
        """Whether it reduces floats."""
        return not callable(self.neutral)

    def fits(self, type_: Attribute) -> bool:
        """Whether values of a type can be reduced so."""
        if self.is_float:
            return isa(type_, AnyFloat)
        return isinstance(type_, IntegerType | IndexType)

    def neutral_element(self, type_: Attribute) -> FloatAttr | IntegerAttr:
        """The neutral element of a type that fits."""
        if not callable(self.neutral):
            assert isa(type_, AnyFloat)
            return FloatAttr(self.neutral, type_)
        if isa(type_, IntegerType):
            return IntegerAttr(self.neutral(type_.width.data), type_)
        assert isa(type_, IndexType)
        return IntegerAttr(self.neutral(_INDEX_BITS), type_)


def _smallest(width: int) -> int:
    return -(1 << (width - 1))


def _largest(width: int) -> int:
    return (1 << (width - 1)) - 1


def _zero(width: int) -> int:
    return 0


def _one(width: int) -> int:
    return 1


def _all_ones(width: int) -> int:
    return -1


REDUCTIONS: dict[str, Reduction] = {
    "addf": Reduction(arith.AddfOp, 0.0),
    "mulf": Reduction(arith.MulfOp, 1.0),
    "maximumf": Reduction(arith.MaximumfOp, -inf),
    "minimumf": Reduction(arith.MinimumfOp, inf),
    "maxnumf": Reduction(arith.MaxnumfOp, nan),
    "minnumf": Reduction(arith.MinnumfOp, nan),
    "addi": Reduction(arith.AddiOp, _zero),
    "muli": Reduction(arith.MuliOp, _one),
    "maxs": Reduction(arith.MaxSIOp, _smallest),
    "mins": Reduction(arith.MinSIOp, _largest),
    "maxu": Reduction(arith.MaxUIOp, _zero),
    "minu": Reduction(arith.MinUIOp, _all_ones),
    "andi": Reduction(arith.AndIOp, _all_ones),
    "ori": Reduction(arith.OrIOp, _zero),
    "xori": Reduction(arith.XOrIOp, _zero),
}
"""By the names that `affine.parallel` gives them."""
