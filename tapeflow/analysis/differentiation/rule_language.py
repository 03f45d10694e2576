"""The small language in which derivative rules are written.

A rule is a tree over the operands (`A`, `B`, `C`) and result (`Y`) of a primal
operation and the adjoint of its result (`G`). Being data, it answers two questions:
which primal values it reads, and which operations it becomes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from xdsl.dialects import arith
from xdsl.ir import Operation

LEAST = -(2**63)
"""The least integer of 64 bits."""


@dataclass(frozen=True)
class Expression:
    """A term of a derivative rule."""

    @property
    def terms(self) -> tuple[Expression, ...]:
        """The terms this one is computed from."""
        return ()

    def __add__(self, other: Expression) -> Expression:
        return Apply(arith.AddfOp, (self, other))

    def __sub__(self, other: Expression) -> Expression:
        return Apply(arith.SubfOp, (self, other))

    def __mul__(self, other: Expression) -> Expression:
        return Apply(arith.MulfOp, (self, other))

    def __truediv__(self, other: Expression) -> Expression:
        return Apply(arith.DivfOp, (self, other))

    def __neg__(self) -> Expression:
        return Apply(arith.NegfOp, (self,))


@dataclass(frozen=True)
class Operand(Expression):
    """The primal value of an operand."""

    index: int


@dataclass(frozen=True)
class Result(Expression):
    """The primal value of the result."""


@dataclass(frozen=True)
class Adjoint(Expression):
    """The adjoint of the result."""


@dataclass(frozen=True)
class Literal(Expression):
    """A floating-point constant of the result's type."""

    value: float


@dataclass(frozen=True)
class Predecessor(Expression):
    """An integer operand as an exponent one less, in 64 bits.

    The least number of 64 bits has none; two more is as odd, and to powers of either
    only 1 and -1 are neither 0 nor infinite.
    """

    operand: Operand

    @staticmethod
    def of(number: int) -> int:
        """What it is of a known operand."""
        return number + 1 if number == LEAST else number - 1

    @property
    def terms(self) -> tuple[Expression, ...]:
        return (self.operand,)


@dataclass(frozen=True)
class Apply(Expression):
    """An operation on operands and result of one type."""

    operation: type[Operation]
    arguments: tuple[Expression, ...]

    @property
    def terms(self) -> tuple[Expression, ...]:
        return self.arguments


@dataclass(frozen=True)
class Compare(Expression):
    """A floating-point comparison by MLIR's predicate names, such as `ole`."""

    predicate: str
    left: Expression
    right: Expression

    @property
    def terms(self) -> tuple[Expression, ...]:
        return (self.left, self.right)


@dataclass(frozen=True)
class Convert(Expression):
    """A conversion to the type of operand `like`."""

    operation: type[Operation]
    argument: Expression
    like: int | None
    """None: to the type of the result."""

    @property
    def terms(self) -> tuple[Expression, ...]:
        return (self.argument,)


@dataclass(frozen=True)
class ForwardTerm(Expression):
    """A term over primal values that is computed in the forward sweep.

    The tape holds the term instead of the values it is computed from: one byte for
    which operand a minimum chose instead of both operands.
    """

    expression: Expression


def choose(condition: Expression, yes: Expression, no: Expression) -> Expression:
    """`yes` where the condition holds, else `no`."""
    return Apply(arith.SelectOp, (condition, yes, no))


def multiplies(expression: Expression) -> bool:
    """Whether a term is a product or quotient, as it may be NaN for an adjoint of 0."""
    is_product = isinstance(expression, Apply) and expression.operation in (
        arith.MulfOp,
        arith.DivfOp,
    )
    return is_product or any(map(multiplies, expression.terms))


def leaves(expression: Expression) -> Iterator[Operand | Result | ForwardTerm]:
    """The primal values an expression reads, each as often as it reads it."""
    if isinstance(expression, Operand | Result | ForwardTerm):
        yield expression
    for term in expression.terms:
        yield from leaves(term)
