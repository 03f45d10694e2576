"""Derivative rules: what the adjoint of a result adds to those of the operands.

One expression an operand; None where nothing flows. Conventions, where a derivative is
not unique or does not exist:

- minimum and maximum give all of the adjoint to the operand they chose: to a NaN if
  there is one, by minnum and maxnum to the one that is a number; to the first of two
  equal ones, as -0 and +0 are, to the second of two NaNs;
- |x| has derivative 0 at 0; floor, ceil, round and trunc have derivative 0 everywhere;
- x^y has derivative 0 in x where y = 0, and 0 in y where x = 0; so has an integer
  power;
- elsewhere the formula's IEEE value stands: sqrt at 0 gives infinity.

Source of the formulas: Abramowitz & Stegun, Handbook of Mathematical Functions,
chapters 4 and 7; Griewank & Walther, Evaluating Derivatives, section 3.2 for reverse
accumulation.
"""

import math as scalar_math

from xdsl.dialects import arith, math
from xdsl.ir import Operation

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
    choose,
)
from tapeflow.dialects.arith_additions import RemFOp
from tapeflow.dialects.math_additions import ErfcOp

G, Y = Adjoint(), Result()
A, B, C = Operand(0), Operand(1), Operand(2)
ZERO, HALF, ONE = Literal(0.0), Literal(0.5), Literal(1.0)
LN2, LN10 = Literal(scalar_math.log(2.0)), Literal(scalar_math.log(10.0))


def _call(operation: type[Operation], *arguments: Expression) -> Expression:
    return Apply(operation, arguments)


def _split(chose_first: Expression) -> tuple[Expression, Expression]:
    """All of the adjoint to the operand that was chosen."""
    term = ForwardTerm(chose_first)
    return choose(term, G, ZERO), choose(term, ZERO, G)


def _extremum(other: type[Operation]) -> tuple[Expression, Expression]:
    """The rule of an extremum that is NaN where an operand is.

    It chose the first operand where the `other` extremum, which prefers numbers, would
    choose the second: one operation less than asking for order and for NaN.
    """
    return _split(Compare("oeq", _call(other, A, B), B))


_SIGN = choose(
    ForwardTerm(Compare("ogt", A, ZERO)),
    G,
    choose(ForwardTerm(Compare("olt", A, ZERO)), -G, ZERO),
)
_POWER_IN_BASE = choose(
    Compare("oeq", B, ZERO), ZERO, G * (B * _call(math.PowFOp, A, B - ONE))
)
_POWER_IN_EXPONENT = choose(
    Compare("oeq", A, ZERO), ZERO, G * (Y * _call(math.LogOp, A))
)
_EXPONENT = Convert(arith.SIToFPOp, B, None)
_INTEGER_POWER = choose(
    Compare("oeq", _EXPONENT, ZERO),
    ZERO,
    G * _EXPONENT * _call(math.FPowIOp, A, Predecessor(B)),
)
_MAGNITUDE = _call(math.AbsFOp, A)
# sqrt(x^2 + 1), which rounds to |x| long before the square overflows.
_HYPOTENUSE = choose(
    Compare("ogt", _MAGNITUDE, Literal(2.0**27)),
    _MAGNITUDE,
    _call(math.SqrtOp, A * A + ONE),
)

Rule = tuple[Expression | None, ...]

RULES: dict[type[Operation], Rule] = {
    arith.AddfOp: (G, G),
    arith.SubfOp: (G, -G),
    arith.MulfOp: (G * B, G * A),
    # What was divided off, a whole number; A / B itself may round to the next one.
    RemFOp: (G, -(G * _call(math.RoundEvenOp, (A - Y) / B))),
    arith.DivfOp: (G / B, -(G / B * Y)),
    arith.NegfOp: (-G,),
    arith.SelectOp: (None, choose(A, G, ZERO), choose(A, ZERO, G)),
    arith.MinimumfOp: _extremum(arith.MaxnumfOp),
    arith.MaximumfOp: _extremum(arith.MinnumfOp),
    arith.MinnumfOp: _split(Compare("oeq", Y, A)),
    arith.MaxnumfOp: _split(Compare("oeq", Y, A)),
    arith.ExtFOp: (Convert(arith.TruncFOp, G, 0),),
    arith.TruncFOp: (Convert(arith.ExtFOp, G, 0),),
    arith.SIToFPOp: (None,),
    arith.UIToFPOp: (None,),
    math.AbsFOp: (_SIGN,),
    math.AcosOp: (-(G / _call(math.SqrtOp, (ONE - A) * (ONE + A))),),
    math.AcoshOp: (G / (_call(math.SqrtOp, A - ONE) * _call(math.SqrtOp, A + ONE)),),
    math.AsinOp: (G / _call(math.SqrtOp, (ONE - A) * (ONE + A)),),
    math.AsinhOp: (G / _HYPOTENUSE,),
    math.AtanOp: (G / (ONE + A * A),),
    math.AtanhOp: (G / ((ONE - A) * (ONE + A)),),
    # y / (x^2 + y^2) without squares, which would overflow or vanish.
    math.Atan2Op: (G / (B + A * (A / B)), -(G / (A + B * (B / A)))),
    math.CbrtOp: (G / (Literal(3.0) * Y * Y),),
    math.CeilOp: (None,),
    math.CopySignOp: (
        G * (_call(math.CopySignOp, ONE, A) * _call(math.CopySignOp, ONE, B)),
        None,
    ),
    math.CosOp: (-(G * _call(math.SinOp, A)),),
    math.CoshOp: (G * _call(math.SinhOp, A),),
    math.ErfOp: (
        G
        * (
            Literal(2.0 / scalar_math.sqrt(scalar_math.pi))
            * _call(math.ExpOp, -(A * A))
        ),
    ),
    ErfcOp: (
        -(
            G
            * (
                Literal(2.0 / scalar_math.sqrt(scalar_math.pi))
                * _call(math.ExpOp, -(A * A))
            )
        ),
    ),
    math.ExpOp: (G * Y,),
    math.Exp2Op: (G * (Y * LN2),),
    math.ExpM1Op: (G * _call(math.ExpOp, A),),
    math.FloorOp: (None,),
    math.FmaOp: (G * B, G * A, G),
    math.FPowIOp: (_INTEGER_POWER, None),
    math.LogOp: (G / A,),
    math.Log10Op: (G / (A * LN10),),
    math.Log1pOp: (G / (ONE + A),),
    math.Log2Op: (G / (A * LN2),),
    math.PowFOp: (_POWER_IN_BASE, _POWER_IN_EXPONENT),
    math.RoundOp: (None,),
    math.RoundEvenOp: (None,),
    math.RsqrtOp: (-(HALF * G * Y / A),),
    math.SinOp: (G * _call(math.CosOp, A),),
    math.SinhOp: (G * _call(math.CoshOp, A),),
    math.SqrtOp: (HALF * G / Y,),
    math.TanOp: (G * (ONE + Y * Y),),
    math.TanhOp: (G * (ONE - Y * Y),),
    math.TruncOp: (None,),
}


def rule_of(op: Operation) -> Rule | None:
    """The rule of an operation, None where there is none."""
    return RULES.get(type(op))
