"""What operations cost: in additions to compute again, in cycles to wait for.

Relative costs of the arithmetic of `hwmodel/data/operations.csv`: elementary functions
are a range reduction and a polynomial, 12 multiplications and 12 additions in f64. A
load is one that hits the cache.
"""

from xdsl.dialects import arith, math, memref
from xdsl.ir import Operation
from xdsl.traits import ConstantLike, is_side_effect_free

POLYNOMIAL = 24.0
"""Range reduction and a polynomial of the degree that f64 needs."""

INTEGER_DIVISIONS = (
    arith.CeilDivSIOp,
    arith.CeilDivUIOp,
    arith.DivSIOp,
    arith.DivUIOp,
    arith.FloorDivSIOp,
    arith.RemSIOp,
    arith.RemUIOp,
)
"""They trap where the divisor is zero."""


def is_function_of_operands(op: Operation) -> bool:
    """Whether nothing but its operands decides on the results of an operation.

    Where it has results: a division may trap.
    """
    return is_side_effect_free(op) or isinstance(op, INTEGER_DIVISIONS)


_COSTS: dict[type[Operation], float] = {
    **dict.fromkeys(INTEGER_DIVISIONS, 8.0),
    arith.DivfOp: 8.0,
    math.FmaOp: 2.0,
    math.SqrtOp: 8.0,
    math.RsqrtOp: 16.0,
    math.CbrtOp: POLYNOMIAL,
    math.ExpOp: POLYNOMIAL,
    math.Exp2Op: POLYNOMIAL,
    math.ExpM1Op: POLYNOMIAL,
    math.LogOp: POLYNOMIAL,
    math.Log10Op: POLYNOMIAL,
    math.Log1pOp: POLYNOMIAL,
    math.Log2Op: POLYNOMIAL,
    math.SinOp: POLYNOMIAL,
    math.CosOp: POLYNOMIAL,
    math.ErfOp: 2 * POLYNOMIAL,
    math.PowFOp: 2 * POLYNOMIAL,
    math.FPowIOp: 2 * POLYNOMIAL,
    memref.DimOp: 0.0,
    memref.GetGlobalOp: 0.0,
}
_COSTLY_MATH = 1.5 * POLYNOMIAL
"""Hyperbolic and inverse functions: an elementary function, a division, additions."""


def operation_cost(op: Operation) -> float:
    """Cost of one execution; a load counts as one addition besides its traffic."""
    if op.has_trait(ConstantLike):
        return 0.0
    if type(op) in _COSTS:
        return _COSTS[type(op)]
    if isinstance(op, math.AbsFOp | math.CopySignOp | math.FloorOp | math.CeilOp):
        return 1.0
    if op.name.startswith("math.") and not op.name.startswith(
        ("math.round", "math.tr")
    ):
        return _COSTLY_MATH
    return 1.0


LOAD = 2
ADDITION = 5
MULTIPLICATION = 4
DIVISION = 16
ELEMENTARY = 20

_LATENCIES: dict[type[Operation], int] = {
    **dict.fromkeys(INTEGER_DIVISIONS, DIVISION),
    **dict.fromkeys((arith.AddfOp, arith.SubfOp), ADDITION),
    **dict.fromkeys((arith.MulfOp, math.FmaOp), MULTIPLICATION),
    **dict.fromkeys((arith.DivfOp, math.SqrtOp), DIVISION),
    **dict.fromkeys((math.AbsFOp, math.AbsIOp, math.CopySignOp), 1),
    math.RsqrtOp: 2 * DIVISION,
    memref.LoadOp: LOAD,
}


def latency(op: Operation) -> int:
    """Cycles until the result is there; of a branch, those of all that it holds."""
    if op.has_trait(ConstantLike):
        return 0
    if op.regions:
        return 1 + sum(latency(inner) for inner in op.walk() if not inner.regions)
    if type(op) in _LATENCIES:
        return _LATENCIES[type(op)]
    return ELEMENTARY if op.name.startswith("math.") else 1
