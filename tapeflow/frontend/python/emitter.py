"""Writes operations: where they go, what they are named, which line they are of."""

import math
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from xdsl.dialects import arith, memref
from xdsl.dialects.builtin import (
    AnyFloat,
    FloatAttr,
    IndexType,
    IntegerAttr,
    LocationAttr,
    UnknownLoc,
    i1,
)
from xdsl.ir import Attribute, Block, Operation, SSAValue

from tapeflow.frontend.python.kinds import Kind
from tapeflow.frontend.python.values import Number, Scalar

OperationT = TypeVar("OperationT", bound=Operation)

GIVEN = "_extent"
"""Ends names of values that a variable of the user's may name better."""


@dataclass
class Emitter:
    """A function's operations while it is written."""

    block: Block
    entry: Block
    """The function's own block, whose arguments are the function's."""
    location: LocationAttr = field(default_factory=UnknownLoc)
    first: list[Operation] = field(default_factory=list[Operation])
    """What stands before everything else: constants, extents of arguments."""
    last: list[memref.DeallocOp] = field(default_factory=list[memref.DeallocOp])
    """What stands behind everything else: the buffers that are given back."""
    literal_uses: set[SSAValue] = field(default_factory=set[SSAValue])
    """What a loop carries that took another kind because it begins with a literal."""
    _constants: dict[tuple[Attribute, str], SSAValue] = field(
        default_factory=dict[tuple[Attribute, str], SSAValue]
    )

    def add(self, op: OperationT) -> OperationT:
        """Append an operation to the block that is written."""
        op.location = self.location
        self.block.add_op(op)
        return op

    def value(self, op: Operation) -> SSAValue:
        """Append an operation: its one result."""
        return self.add(op).results[0]

    def before_all(self, op: Operation) -> SSAValue:
        """Put an operation at the beginning of the function: its one result."""
        op.location = self.location
        self.first.append(op)
        return op.results[0]

    def ssa(self, scalar: Scalar) -> SSAValue:
        """The SSA value of a number in the type of its kind."""
        if scalar.constant is None:
            assert scalar.ssa is not None
            return scalar.ssa
        return self.constant(scalar.kind, scalar.constant)

    def index(self, number: int) -> SSAValue:
        """A whole number."""
        return self.constant(Kind.INT, number)

    def constant(self, kind: Kind, number: Number) -> SSAValue:
        """A constant, written once at the beginning of the function."""
        type_ = kind.type
        key = type_, repr(float(number) if kind.is_float else int(number))
        if key not in self._constants:
            attribute: IntegerAttr | FloatAttr
            if isinstance(type_, AnyFloat):
                attribute = FloatAttr(float(number), type_)
            elif type_ == i1:
                attribute = IntegerAttr(int(number), i1)
            else:
                attribute = IntegerAttr(int(number), IndexType())
            op = arith.ConstantOp(attribute)
            value = self.before_all(op)
            value.name_hint = _constant_name(kind, number)
            self._constants[key] = value
        return self._constants[key]

    @contextmanager
    def inside(self, block: Block) -> Generator[Block]:
        """Write into another block meanwhile."""
        outer, self.block = self.block, block
        try:
            yield block
        finally:
            self.block = outer

    @contextmanager
    def at(self, location: LocationAttr) -> Generator[None]:
        """Write operations of another line meanwhile."""
        outer, self.location = self.location, location
        try:
            yield
        finally:
            self.location = outer


def _constant_name(kind: Kind, number: Number) -> str:
    if kind is Kind.BOOL:
        return "true" if number else "false"
    if kind.is_float and not math.isfinite(number):
        return "nan" if number != number else "inf" if number > 0 else "minus_inf"
    if kind.is_float and number != int(number):
        return "cst"
    whole = int(number)
    sign = "m" if math.copysign(1.0, float(number)) < 0 else ""
    if abs(whole) > 10**6:
        return "cst"
    return f"{'f' if kind.is_float else 'c'}{sign}{abs(whole)}"


def discard(block: Block) -> None:
    """Forget a block that was written on trial, with its uses of values outside."""
    for op in reversed(list(block.ops)):
        op.detach()
        op.erase(safe_erase=False)
