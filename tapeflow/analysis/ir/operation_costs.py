"""What operations cost: in additions to compute again, in cycles to wait for.

These are the figures of `hwmodel/data/operations.csv` in f64, for the chain of machine
operations that an operation costs. The energy of such a chain is a number of additions,
multiplications, divisions and roots; each counts as the multiplications of its format
whose energy it takes, rounded up: one for an addition, eight for a division. Cycles are
the latencies of the chain. Accesses are hits.
"""

from typing import NamedTuple

from xdsl.dialects import arith, cf, math, memref, scf
from xdsl.ir import Operation

from tapeflow.analysis.ir.side_effects import is_side_effect_free
from tapeflow.dialects import address, spm, stream, tape
from tapeflow.dialects.arith_additions import RemFOp
from tapeflow.dialects.math_additions import ErfcOp
from tapeflow.dialects.memref_additions import TransposeOp

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


TRANSFERS = (
    *(stream.EnqueueOp, stream.AcquireOp, stream.PrefetchOp, stream.DequeueOp),
    *(spm.DrainOp, spm.FillOp),
)
"""Tiles that move between scratchpad and DRAM, and waits for them."""


def is_function_of_operands(op: Operation) -> bool:
    """Whether nothing but its operands decides on the results of an operation.

    Where it has results: a division may trap.
    """
    return is_side_effect_free(op) or isinstance(op, INTEGER_DIVISIONS)


class Price(NamedTuple):
    """Of one execution."""

    additions: int
    """As many of them take the energy; of an access, without its traffic."""
    cycles: int
    """Until the result is there."""


_AT_PRICE: dict[Price, tuple[type[Operation], ...]] = {
    Price(0, 0): (
        *(
            arith.ConstantOp,
            cf.AssertOp,
            memref.DimOp,
            memref.GetGlobalOp,
            memref.RankOp,
        ),
        *(memref.AssumeAlignmentOp, memref.CastOp, memref.CollapseShapeOp),
        *(memref.ExpandShapeOp, memref.MemorySpaceCastOp, TransposeOp, scf.YieldOp),
    ),
    Price(1, 1): (
        *(arith.AddiOp, arith.SubiOp, arith.MuliOp, arith.CmpiOp, arith.SelectOp),
        *(arith.MulSIExtendedOp, arith.MulUIExtendedOp, arith.MinSIOp, arith.MinUIOp),
        *(arith.MaxSIOp, arith.MaxUIOp, arith.AndIOp, arith.OrIOp, arith.XOrIOp),
        *(arith.ShLIOp, arith.ShRUIOp, arith.ShRSIOp, arith.IndexCastOp),
        *(arith.ExtSIOp, arith.ExtUIOp, arith.TruncIOp, arith.BitcastOp),
        *(math.AbsIOp, math.CountLeadingZerosOp, math.CountTrailingZerosOp),
        *(math.CtPopOp, arith.CmpfOp, arith.NegfOp, math.AbsFOp, math.CopySignOp),
        *(arith.MaximumfOp, arith.MinimumfOp, arith.MaxnumfOp, arith.MinnumfOp),
        *(arith.SIToFPOp, arith.UIToFPOp, arith.FPToSIOp, arith.FPToUIOp),
        *(arith.ExtFOp, arith.TruncFOp, memref.StoreOp, tape.StoreOp),
        *(address.PointOp, address.StoreOp),
        *(spm.LoadOp, spm.StoreOp, memref.ReinterpretCastOp),
    ),
    Price(1, 2): (memref.LoadOp, tape.LoadOp, address.LoadOp),
    Price(1, 4): (arith.MulfOp,),
    Price(1, 5): (
        *(arith.AddfOp, arith.SubfOp, math.CeilOp, math.FloorOp, math.TruncOp),
        *(math.RoundOp, math.RoundEvenOp),
    ),
    Price(2, 2): (arith.AddUIExtendedOp, memref.SubviewOp),  # moved along one axis
    Price(2, 9): (math.FmaOp,),
    Price(8, 16): (
        *(arith.DivSIOp, arith.DivUIOp, arith.RemSIOp, arith.RemUIOp),
        *(arith.DivfOp, math.SqrtOp),
    ),
    Price(9, 17): (arith.CeilDivSIOp, arith.CeilDivUIOp, arith.FloorDivSIOp),
    Price(11, 30): (RemFOp,),
    Price(16, 32): (math.RsqrtOp,),
    Price(24, 20): (math.ExpOp, math.Exp2Op, math.SinOp, math.CosOp),
    Price(26, 20): (math.LogOp, math.Log2Op, math.Log10Op),
    Price(27, 29): (math.ExpM1Op,),
    Price(33, 41): (
        *(math.AsinOp, math.AcosOp, math.AtanOp, math.Atan2Op),
        *(math.SinhOp, math.CoshOp),
    ),
    Price(34, 38): (math.TanhOp,),
    Price(34, 84): (math.CbrtOp,),
    Price(37, 50): (math.AsinhOp, math.AcoshOp, math.AtanhOp),
    Price(38, 36): (math.Log1pOp,),
    # The machine has no power of integers: it counts as that of floats.
    Price(41, 40): (math.PowFOp, math.FPowIOp, math.IPowIOp),
    Price(49, 33): (math.ErfOp, ErfcOp),
    Price(52, 36): (math.TanOp,),
}
PRICES = {op: price for price, ops in _AT_PRICE.items() for op in ops}
"""By class; to ask for what no price is stated of is a KeyError."""
UNPIPELINED: frozenset[type[Operation]] = frozenset(
    (
        *INTEGER_DIVISIONS,
        *(arith.DivfOp, math.SqrtOp, math.RsqrtOp, math.CbrtOp, math.Log1pOp),
        *(math.AsinOp, math.AcosOp, math.AtanOp, math.Atan2Op, math.AsinhOp),
        *(math.AcoshOp, math.AtanhOp, math.SinhOp, math.CoshOp, math.TanhOp),
        math.TanOp,
    )
)
"""Those that hold their unit until the result is there."""


def operation_cost(op: Operation) -> int:
    """Additions that one execution is worth; a load's traffic comes on top."""
    return PRICES[type(op)].additions


def latency(op: Operation) -> int:
    """Cycles until the result is there; of a branch, those of all that it holds.

    Of transfers only those that start them or find a tile there: how long a tile takes
    is the memory's affair.
    """
    if op.regions:
        return 1 + sum(latency(inner) for inner in op.walk() if not inner.regions)
    return 1 if isinstance(op, TRANSFERS) else PRICES[type(op)].cycles
