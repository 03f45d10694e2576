"""Index arithmetic that computes affine expressions and conditions."""

from collections.abc import Sequence

from xdsl.dialects import arith
from xdsl.dialects.builtin import AffineMapAttr
from xdsl.ir import SSAValue
from xdsl.ir.affine import (
    AffineBinaryOpExpr,
    AffineBinaryOpKind,
    AffineConstantExpr,
    AffineConstraintExpr,
    AffineConstraintKind,
    AffineDimExpr,
    AffineExpr,
    AffineMap,
    AffineSet,
    AffineSymExpr,
)

from tapeflow.transforms.building.index_builder import Index, IndexBuilder, known

_PREDICATES = {
    AffineConstraintKind.ge: "sge",
    AffineConstraintKind.le: "sle",
    AffineConstraintKind.eq: "eq",
}


def emit_map(
    builder: IndexBuilder,
    map_: AffineMap | AffineMapAttr,
    operands: Sequence[SSAValue],
    name: str,
) -> list[Index]:
    """The results of a map; operands are its dimensions, then its symbols."""
    data = map_.data if isinstance(map_, AffineMapAttr) else map_
    emitter = AffineEmitter(builder, operands, data.num_dims, name)
    return [emitter.emit(result) for result in data.results]


def emit_largest(builder: IndexBuilder, values: Sequence[Index], name: str) -> Index:
    """The largest of some values, signed."""
    largest = values[0]
    for value in values[1:]:
        largest = builder.maximum(largest, value, name)
    return largest


def emit_smallest(builder: IndexBuilder, values: Sequence[Index], name: str) -> Index:
    """The smallest of some values, signed."""
    smallest = values[0]
    for value in values[1:]:
        smallest = builder.minimum(smallest, value, name)
    return smallest


def emit_condition(
    builder: IndexBuilder, set_: AffineSet, operands: Sequence[SSAValue]
) -> SSAValue:
    """Whether the operands, dimensions then symbols, lie in an integer set."""
    emitter = AffineEmitter(builder, operands, set_.num_dims, "index")
    condition: SSAValue | None = None
    for constraint in set_.constraints:
        holds = emitter.emit_constraint(constraint)
        if condition is None:
            condition = holds
        else:
            condition = builder.insert(arith.AndIOp(condition, holds), "inside").result
    if condition is None:
        return builder.compare("eq", 0, 0, "inside")
    return condition


class AffineEmitter:
    """Emits affine expressions over the same operands."""

    def __init__(
        self,
        builder: IndexBuilder,
        operands: Sequence[SSAValue],
        dimensions: int,
        name: str,
    ):
        self._builder = builder
        self._dimensions = operands[:dimensions]
        self._symbols = operands[dimensions:]
        self._name = name

    def emit(self, expression: AffineExpr) -> Index:
        """The value of an expression."""
        match expression:
            case AffineConstantExpr():
                return expression.value
            case AffineDimExpr():
                return self._dimensions[expression.position]
            case AffineSymExpr():
                return self._symbols[expression.position]
            case AffineBinaryOpExpr(AffineBinaryOpKind.Add, lhs, rhs):
                return self._sum(lhs, rhs)
            case AffineBinaryOpExpr(kind, lhs, rhs):
                left, right = known(self.emit(lhs)), known(self.emit(rhs))
                return self._product_or_quotient(kind, left, right)
            case _:
                raise AssertionError(f"no affine expression: {expression}")

    def emit_constraint(self, constraint: AffineConstraintExpr) -> SSAValue:
        """Whether a constraint holds."""
        lhs, rhs = constraint.lhs, constraint.rhs
        match lhs, rhs:
            # Parsing turns `d0 >= 1` into `d0 - 1 >= 0`.
            case (
                AffineBinaryOpExpr(AffineBinaryOpKind.Add, rest, AffineConstantExpr()),
                AffineConstantExpr(),
            ):
                lhs, rhs = rest, rhs - lhs.rhs
            case _:
                pass
        predicate = _PREDICATES[constraint.kind]
        return self._builder.compare(
            predicate, self.emit(lhs), self.emit(rhs), "inside"
        )

    def _sum(self, lhs: AffineExpr, rhs: AffineExpr) -> Index:
        # There is no subtraction: `a - b` is `a + b * -1`.
        if (subtracted := _negated(rhs)) is not None:
            return self._builder.sub(self.emit(lhs), self.emit(subtracted), self._name)
        if (subtracted := _negated(lhs)) is not None:
            return self._builder.sub(self.emit(rhs), self.emit(subtracted), self._name)
        return self._builder.add(self.emit(lhs), self.emit(rhs), self._name)

    def _product_or_quotient(
        self, kind: AffineBinaryOpKind, lhs: Index, rhs: Index
    ) -> Index:
        match kind:
            case AffineBinaryOpKind.CeilDiv:
                return self._builder.ceildiv(lhs, rhs, self._name)
            case AffineBinaryOpKind.FloorDiv:
                return self._floordiv(lhs, rhs)
            case AffineBinaryOpKind.Mod:
                return self._modulo(lhs, rhs)
            case _:
                return self._builder.mul(lhs, rhs, self._name)

    def _floordiv(self, lhs: Index, rhs: Index) -> Index:
        if isinstance(lhs, int) and isinstance(rhs, int):
            return lhs // rhs
        if rhs == 1:
            return lhs
        values = self._builder.value(lhs), self._builder.value(rhs)
        return self._builder.insert(arith.FloorDivSIOp(*values), self._name).result

    def _modulo(self, lhs: Index, rhs: Index) -> Index:
        """The remainder that is not negative, where `arith.remsi` has lhs's sign."""
        if isinstance(lhs, int) and isinstance(rhs, int):
            return lhs % rhs
        if rhs == 1:
            return 0
        builder = self._builder
        values = builder.value(lhs), builder.value(rhs)
        remainder = builder.insert(arith.RemSIOp(*values), "remainder").result
        negative = builder.compare("slt", remainder, 0, "negative")
        shifted = builder.add(remainder, rhs, "shifted")
        return builder.select(negative, shifted, remainder, self._name)


def _negated(expression: AffineExpr) -> AffineExpr | None:
    """The positive opposite of an expression with a negative factor, else None."""
    match expression:
        case AffineConstantExpr(value) if value < 0:
            return AffineExpr.constant(-value)
        case AffineBinaryOpExpr(
            AffineBinaryOpKind.Mul, factor, AffineConstantExpr(value)
        ) if value < 0:
            return factor * -value
        case _:
            return None
