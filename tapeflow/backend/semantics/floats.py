"""What the float ops of arith and math compute, as expression texts.

Every result of type f32 is the double result rounded once; for the four basic
operations and square root that equals single-precision arithmetic.
"""

from xdsl.dialects import arith, math
from xdsl.dialects.builtin import Float32Type
from xdsl.ir import Attribute, Operation

from tapeflow.dialects.arith_additions import RemFOp
from tapeflow.dialects.math_additions import ErfcOp

FLOAT_RESULTS: dict[type[Operation], str] = {
    arith.AddfOp: "{0} + {1}",
    arith.SubfOp: "{0} - {1}",
    arith.MulfOp: "{0} * {1}",
    arith.DivfOp: "divide({0}, {1})",
    arith.NegfOp: "negate({0})",
    arith.MaximumfOp: "maximum({0}, {1})",
    arith.MinimumfOp: "minimum({0}, {1})",
    arith.MaxnumfOp: "maxnum({0}, {1})",
    arith.MinnumfOp: "minnum({0}, {1})",
    math.AbsFOp: "fabs({0})",
    math.AcosOp: "acos({0})",
    math.AcoshOp: "acosh({0})",
    math.AsinOp: "asin({0})",
    math.AsinhOp: "asinh({0})",
    math.Atan2Op: "atan2({0}, {1})",
    math.AtanOp: "atan({0})",
    math.AtanhOp: "atanh({0})",
    math.CbrtOp: "cbrt({0})",
    math.CeilOp: "ceil({0})",
    math.CopySignOp: "copysign({0}, {1})",
    math.CosOp: "cos({0})",
    math.CoshOp: "cosh({0})",
    math.ErfOp: "erf({0})",
    ErfcOp: "erfc({0})",
    RemFOp: "fmod({0}, {1})",
    math.Exp2Op: "exp2({0})",
    math.ExpM1Op: "expm1({0})",
    math.ExpOp: "exp({0})",
    math.FloorOp: "floor({0})",
    math.Log10Op: "log10({0})",
    math.Log1pOp: "log1p({0})",
    math.Log2Op: "log2({0})",
    math.LogOp: "log({0})",
    math.PowFOp: "power({0}, {1})",
    math.RoundEvenOp: "round_even({0})",
    math.RoundOp: "round_away({0})",
    math.RsqrtOp: "divide(1.0, sqrt({0}))",
    math.SinOp: "sin({0})",
    math.SinhOp: "sinh({0})",
    math.SqrtOp: "sqrt({0})",
    math.TanOp: "tan({0})",
    math.TanhOp: "tanh({0})",
    math.TruncOp: "truncate({0})",
}
"""Ops whose operands and result are all of one float type."""

FMA = {32: "fma_f32({0}, {1}, {2})", 64: "fma_f64({0}, {1}, {2})"}
"""One rounding in all, so f32 needs a function of its own."""

FLOAT_COMPARISONS: tuple[str, ...] = (
    "False",
    "{0} == {1}",
    "{0} > {1}",
    "{0} >= {1}",
    "{0} < {1}",
    "{0} <= {1}",
    "({0} < {1}) | ({0} > {1})",
    "({0} == {0}) & ({1} == {1})",
    "not (({0} < {1}) | ({0} > {1}))",
    "not ({0} <= {1})",
    "not ({0} < {1})",
    "not ({0} >= {1})",
    "not ({0} > {1})",
    "{0} != {1}",
    "({0} != {0}) | ({1} != {1})",
    "True",
)
"""By the predicate's number: false oeq ogt oge olt ole one ord ueq ugt uge ult ule
une uno true."""


def rounded(result: Attribute, text: str) -> str:
    """The double value of `text` in the precision of the result type."""
    return f"f32({text})" if isinstance(result, Float32Type) else text
