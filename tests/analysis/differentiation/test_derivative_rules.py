"""Every derivative rule against numerical differentiation with 60 digits."""

from collections.abc import Callable
from typing import Any

import mpmath as mp
import pytest
from xdsl.dialects import arith, math
from xdsl.ir import Operation

from tapeflow.analysis.differentiation.derivative_rules import RULES
from tapeflow.analysis.differentiation.rule_language import (
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
from tapeflow.dialects.arith_additions import RemFOp
from tapeflow.dialects.math_additions import ErfcOp

mp.mp.dps = 60
Number = Any
"""An arbitrary-precision float; mpmath has no type for it."""


def power(base: Number, exponent: Number) -> Number:
    """IEEE's pow where mpmath raises."""
    return mp.inf if base == 0 and exponent < 0 else mp.power(base, exponent)


def log(x: Number) -> Number:
    """IEEE's log where mpmath raises."""
    return -mp.inf if x == 0 else mp.log(x)


def trunc(x: Number) -> Number:
    """The integer next to x on the side of 0."""
    return mp.mpf(int(x))


def number(extremum: Callable[..., Number], a: Number, b: Number) -> Number:
    """The extremum of the operands that are numbers."""
    return extremum([x for x in (a, b) if not mp.isnan(x)], default=mp.nan)


FUNCTIONS: dict[type[Operation], Callable[..., Number]] = {
    arith.AddfOp: lambda a, b: a + b,
    arith.SubfOp: lambda a, b: a - b,
    arith.MulfOp: lambda a, b: a * b,
    arith.DivfOp: lambda a, b: a / b,
    arith.NegfOp: lambda a: -a,
    arith.MinimumfOp: min,
    arith.MinnumfOp: lambda a, b: number(min, a, b),
    arith.MaximumfOp: max,
    arith.MaxnumfOp: lambda a, b: number(max, a, b),
    arith.ExtFOp: lambda a: a,
    arith.TruncFOp: lambda a: a,
    arith.SelectOp: lambda c, a, b: a if c else b,
    arith.OrIOp: lambda a, b: a or b,
    arith.SIToFPOp: mp.mpf,
    math.AbsFOp: abs,
    math.AcosOp: mp.acos,
    math.AcoshOp: mp.acosh,
    math.AsinOp: mp.asin,
    math.AsinhOp: mp.asinh,
    math.AtanOp: mp.atan,
    math.AtanhOp: mp.atanh,
    math.Atan2Op: mp.atan2,
    math.CbrtOp: lambda a: mp.sign(a) * mp.cbrt(abs(a)),
    math.CopySignOp: lambda a, b: abs(a) * mp.sign(b),
    math.CosOp: mp.cos,
    math.CoshOp: mp.cosh,
    math.ErfOp: mp.erf,
    ErfcOp: mp.erfc,
    RemFOp: lambda a, b: a - b * trunc(a / b),
    math.RoundEvenOp: mp.nint,
    math.TruncOp: trunc,
    math.ExpOp: mp.exp,
    math.Exp2Op: lambda a: mp.power(2, a),
    math.ExpM1Op: mp.expm1,
    math.FmaOp: lambda a, b, c: a * b + c,
    math.FPowIOp: lambda a, n: mp.power(a, n),
    math.LogOp: log,
    math.Log10Op: mp.log10,
    math.Log1pOp: mp.log1p,
    math.Log2Op: lambda a: mp.log(a, 2),
    math.PowFOp: power,
    math.RsqrtOp: lambda a: 1 / mp.sqrt(a),
    math.SinOp: mp.sin,
    math.SinhOp: mp.sinh,
    math.SqrtOp: mp.sqrt,
    math.TanOp: mp.tan,
    math.TanhOp: mp.tanh,
}
PREDICATES: dict[str, Callable[[Number, Number], bool]] = {
    "oeq": lambda a, b: a == b,
    "ogt": lambda a, b: a > b,
    "oge": lambda a, b: a >= b,
    "olt": lambda a, b: a < b,
    "ole": lambda a, b: a <= b,
    "une": lambda a, b: a != b,
}
POINTS: dict[type[Operation], list[tuple[float, ...]]] = {
    math.AcosOp: [(-0.9,), (0.1,), (0.75,)],
    math.AsinOp: [(-0.9,), (0.1,), (0.75,)],
    math.AtanhOp: [(-0.9,), (0.1,), (0.75,)],
    math.AcoshOp: [(1.0625,), (3.0,)],
    math.LogOp: [(0.5,), (3.0,), (1e-8,)],
    math.Log10Op: [(0.5,), (3.0,)],
    math.Log2Op: [(0.5,), (3.0,)],
    math.Log1pOp: [(-0.5,), (3.0,), (1e-9,)],
    math.SqrtOp: [(0.5,), (3.0,)],
    math.RsqrtOp: [(0.5,), (3.0,)],
    math.PowFOp: [(0.5, 2.5), (3.0, -1.5), (2.0, 0.0)],
    math.FPowIOp: [(0.5, 3), (-1.5, 2), (1.5, -2), (2.0, 0), (3.0, 1)],
    arith.SelectOp: [(True, 0.5, -1.5), (False, 0.5, -1.5)],
}
DEFAULT = {
    1: [(-1.75,), (0.3,), (2.5,)],
    2: [(-1.75, 0.5), (0.3, 2.5), (2.5, -0.75)],
    3: [(-1.75, 0.5, 3.0), (0.3, 2.5, -1.0)],
}
ZERO_EVERYWHERE = (
    math.CeilOp,
    math.FloorOp,
    math.RoundOp,
    math.RoundEvenOp,
    math.TruncOp,
    arith.SIToFPOp,
    arith.UIToFPOp,
)


def evaluate(
    term: Expression, operands: tuple[Any, ...], result: Any, adjoint: Number
) -> Any:
    """The value of a rule's term."""

    def of(inner: Expression) -> Any:
        return evaluate(inner, operands, result, adjoint)

    match term:
        case Operand():
            return operands[term.index]
        case Result():
            return result
        case Adjoint():
            return adjoint
        case Literal():
            return mp.mpf(term.value)
        case Predecessor():
            return term.of(of(term.operand))
        case ForwardTerm():
            return of(term.expression)
        case Compare():
            return PREDICATES[term.predicate](of(term.left), of(term.right))
        case Convert():
            return FUNCTIONS[term.operation](of(term.argument))
        case Apply():
            return FUNCTIONS[term.operation](*map(of, term.arguments))
        case _:
            raise AssertionError(term)


def points(op: type[Operation]) -> list[tuple[float, ...]]:
    return POINTS.get(op, DEFAULT[len(RULES[op])])


@pytest.mark.parametrize("op", RULES, ids=lambda op: op.name)
def test_rule_is_the_derivative(op: type[Operation]) -> None:
    if op in ZERO_EVERYWHERE:
        assert RULES[op] == (None,)
        return
    for point in points(op):
        operands = tuple(mp.mpf(x) if isinstance(x, float) else x for x in point)
        result = FUNCTIONS[op](*operands)
        for k, partial in enumerate(RULES[op]):
            if partial is None:
                continue
            moved = operands[:k], operands[k + 1 :]
            expected = mp.diff(
                lambda x, m=moved: FUNCTIONS[op](*m[0], x, *m[1]), operands[k]
            )
            actual = evaluate(partial, operands, result, mp.mpf(3)) / 3
            # Constants such as log 2 are doubles.
            assert abs(actual - expected) <= 1e-15 * max(1, abs(expected))


@pytest.mark.parametrize(
    ("op", "operands", "expected"),
    [
        (math.AbsFOp, (0.0,), (0.0,)),
        (arith.MinimumfOp, (1.0, 1.0), (3.0, 0.0)),
        (arith.MaximumfOp, (1.0, 1.0), (3.0, 0.0)),
        (arith.MaximumfOp, (-0.0, 0.0), (3.0, 0.0)),
        (arith.MinimumfOp, (float("nan"), 2.0), (3.0, 0.0)),
        (arith.MinimumfOp, (2.0, float("nan")), (0.0, 3.0)),
        (arith.MaximumfOp, (float("nan"), 2.0), (3.0, 0.0)),
        (arith.MaximumfOp, (2.0, float("nan")), (0.0, 3.0)),
        (arith.MaximumfOp, (float("nan"), float("nan")), (0.0, 3.0)),
        (arith.MaxnumfOp, (float("nan"), float("nan")), (0.0, 3.0)),
        (arith.MinnumfOp, (float("nan"), 2.0), (0.0, 3.0)),
        (arith.MinnumfOp, (2.0, float("nan")), (3.0, 0.0)),
        (arith.MaxnumfOp, (float("nan"), 2.0), (0.0, 3.0)),
        (arith.MaxnumfOp, (2.0, float("nan")), (3.0, 0.0)),
    ],
)
def test_conventions(
    op: type[Operation], operands: tuple[float, ...], expected: tuple[float, ...]
) -> None:
    values = tuple(map(mp.mpf, operands))
    actual = tuple(
        evaluate(partial, values, FUNCTIONS[op](*values), mp.mpf(3))
        for partial in RULES[op]
        if partial is not None
    )
    assert actual == expected


def test_power_at_zero() -> None:
    in_base, in_exponent = RULES[math.PowFOp]
    assert in_base is not None and in_exponent is not None
    assert evaluate(in_base, (mp.mpf(0), mp.mpf(0)), mp.mpf(1), mp.mpf(3)) == 0
    assert evaluate(in_exponent, (mp.mpf(0), mp.mpf(2)), mp.mpf(0), mp.mpf(3)) == 0
