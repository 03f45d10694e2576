"""Cycles from the start of an operation to its result, about: what a loop is cut by.

Latencies of f64 of `hwmodel/data/operations.csv`; elementary functions count alike. A
load is one that hits the cache.
"""

from xdsl.dialects import arith, math, memref
from xdsl.ir import Operation
from xdsl.traits import ConstantLike

from tapeflow.analysis.ir.operation_costs import INTEGER_DIVISIONS

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
