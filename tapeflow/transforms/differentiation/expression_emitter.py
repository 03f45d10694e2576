"""Turn a derivative rule's expression into operations."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

from xdsl.dialects import arith
from xdsl.dialects.builtin import AnyFloat, FloatAttr, IntegerAttr, i64
from xdsl.ir import Attribute, Operation, SSAValue

from tapeflow.analysis.differentiation.rule_language import (
    LEAST,
    Adjoint,
    Apply,
    Compare,
    Convert,
    Expression,
    ForwardTerm,
    Literal,
    Operand,
    Predecessor,
    Result,
)
from tapeflow.analysis.ir.constants import constant_of


@dataclass
class ExpressionEmitter:
    """Emits expressions for one primal operation; equal terms are emitted once."""

    op: Operation
    primal: Callable[[Operand | Result | ForwardTerm], SSAValue]
    constant: Callable[[FloatAttr | IntegerAttr], SSAValue]
    insert: Callable[[Operation], SSAValue]
    adjoint: SSAValue | None = None
    emitted: dict[Expression, SSAValue] = field(
        default_factory=dict[Expression, SSAValue]
    )

    def emit(self, expression: Expression) -> SSAValue:
        """The value of an expression."""
        if expression not in self.emitted:
            self.emitted[expression] = self._emit(expression)
        return self.emitted[expression]

    def _type_like(self, operand: int | None) -> Attribute:
        if operand is None:
            return self.op.results[0].type
        return self.op.operands[operand].type

    def _emit(self, expression: Expression) -> SSAValue:
        match expression:
            case Operand() | Result() | ForwardTerm():
                return self.primal(expression)
            case Adjoint():
                assert self.adjoint is not None
                return self.adjoint
            case Literal():
                type_ = cast(AnyFloat, self._type_like(None))
                return self.constant(FloatAttr(expression.value, type_))
            case Predecessor():
                return self._predecessor(self.emit(expression.operand))
            case Compare():
                left, right = self.emit(expression.left), self.emit(expression.right)
                return self.insert(arith.CmpfOp(left, right, expression.predicate))
            case Convert():
                argument = self.emit(expression.argument)
                type_ = self._type_like(expression.like)
                return self.insert(
                    expression.operation.create(
                        operands=[argument], result_types=[type_]
                    )
                )
            case Apply():
                arguments = [self.emit(argument) for argument in expression.arguments]
                make = cast(Callable[..., Operation], expression.operation)
                return self.insert(make(*arguments))
            case _:
                raise TypeError(f"not a term of the rule language: {expression}")

    def _predecessor(self, number: SSAValue) -> SSAValue:
        known = constant_of(number)
        if known is not None:
            return self.constant(IntegerAttr(Predecessor.of(known), i64))
        one = self.constant(IntegerAttr(1, i64))
        if number.type != i64:
            wide = self.insert(arith.ExtSIOp(number, i64))
            return self.insert(arith.SubiOp(wide, one))
        least = self.constant(IntegerAttr(LEAST, i64))
        substitute = self.constant(IntegerAttr(Predecessor.of(LEAST), i64))
        is_least = self.insert(arith.CmpiOp(number, least, "eq"))
        less = self.insert(arith.SubiOp(number, one))
        return self.insert(arith.SelectOp(is_least, substitute, less))
