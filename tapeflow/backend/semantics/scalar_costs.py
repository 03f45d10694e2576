"""The machine operations that scalar ops cost.

Integer ops are one operation of the integer unit each. Float ops have a kind per
width: comparisons, selections, sign changes and conversions are FCMP. Inverse
hyperbolic functions are the chains of their logarithm formulas.
"""

from collections.abc import Callable

from xdsl.dialects import arith, math
from xdsl.dialects.builtin import Float32Type
from xdsl.ir import Attribute, Operation

from hwmodel import Operation as Kind
from tapeflow.dialects.ad import is_float
from tapeflow.dialects.arith_additions import RemFOp
from tapeflow.dialects.math_additions import ErfcOp

_INTEGER: dict[type[Operation], tuple[Kind, ...]] = {
    **dict.fromkeys(
        (
            *(arith.AddiOp, arith.SubiOp, arith.MinSIOp, arith.MinUIOp),
            *(arith.MaxSIOp, arith.MaxUIOp, arith.AndIOp, arith.OrIOp),
            *(arith.XOrIOp, arith.ShLIOp, arith.ShRUIOp, arith.ShRSIOp),
            *(arith.CmpiOp, arith.IndexCastOp, arith.ExtSIOp, arith.ExtUIOp),
            *(arith.TruncIOp, math.AbsIOp, math.CountLeadingZerosOp),
            *(math.CountTrailingZerosOp, math.CtPopOp),
        ),
        (Kind.INT_ADD,),
    ),
    arith.AddUIExtendedOp: (Kind.INT_ADD, Kind.INT_ADD),
    arith.MuliOp: (Kind.INT_MUL,),
    arith.MulSIExtendedOp: (Kind.INT_MUL,),
    arith.MulUIExtendedOp: (Kind.INT_MUL,),
    arith.DivSIOp: (Kind.INT_DIV,),
    arith.DivUIOp: (Kind.INT_DIV,),
    arith.RemSIOp: (Kind.INT_DIV,),
    arith.RemUIOp: (Kind.INT_DIV,),
    arith.FloorDivSIOp: (Kind.INT_DIV, Kind.INT_ADD),
    arith.CeilDivSIOp: (Kind.INT_DIV, Kind.INT_ADD),
    arith.CeilDivUIOp: (Kind.INT_DIV, Kind.INT_ADD),
}

_FLOAT: dict[type[Operation], tuple[str, ...]] = {
    arith.AddfOp: ("FADD",),
    arith.SubfOp: ("FADD",),
    arith.MulfOp: ("FMUL",),
    arith.DivfOp: ("FDIV",),
    **dict.fromkeys(
        (
            *(arith.CmpfOp, arith.NegfOp, arith.MaximumfOp, arith.MinimumfOp),
            *(arith.MaxnumfOp, arith.MinnumfOp, arith.SIToFPOp, arith.UIToFPOp),
            *(arith.FPToSIOp, arith.FPToUIOp, math.AbsFOp, math.CopySignOp),
        ),
        ("FCMP",),
    ),
    **dict.fromkeys((math.AcosOp, math.AsinOp, math.AtanOp, math.Atan2Op), ("FATAN",)),
    math.AcoshOp: ("FMA", "FSQRT", "FADD", "FLOG"),
    math.AsinhOp: ("FMA", "FSQRT", "FADD", "FLOG"),
    math.AtanhOp: ("FADD", "FADD", "FDIV", "FLOG", "FMUL"),
    math.CbrtOp: ("FCBRT",),
    **dict.fromkeys(
        (math.CeilOp, math.FloorOp, math.RoundEvenOp, math.RoundOp, math.TruncOp),
        ("FROUND",),
    ),
    math.CosOp: ("FSINCOS",),
    math.SinOp: ("FSINCOS",),
    math.CoshOp: ("FSINH",),
    math.SinhOp: ("FSINH",),
    math.ErfOp: ("FERF",),
    ErfcOp: ("FERF",),
    RemFOp: ("FDIV", "FROUND", "FMA"),
    math.ExpOp: ("FEXP",),
    math.Exp2Op: ("FEXP",),
    math.ExpM1Op: ("FEXPM1",),
    math.FmaOp: ("FMA",),
    math.FPowIOp: ("FPOW",),
    math.PowFOp: ("FPOW",),
    math.LogOp: ("FLOG",),
    math.Log2Op: ("FLOG",),
    math.Log10Op: ("FLOG",),
    math.Log1pOp: ("FLOG1P",),
    math.RsqrtOp: ("FRSQRT",),
    math.SqrtOp: ("FSQRT",),
    math.TanOp: ("FTAN",),
    math.TanhOp: ("FTANH",),
}
"""Kinds without their width."""


def _of_width(name: str, float_type: Attribute) -> Kind:
    return Kind[f"{name}_{'F32' if isinstance(float_type, Float32Type) else 'F64'}"]


def _integer(op: Operation) -> tuple[Kind, ...]:
    return _INTEGER[type(op)]


def _float(op: Operation) -> tuple[Kind, ...]:
    operand, result = op.operands[0].type, op.results[0].type
    float_type = operand if is_float(operand) else result
    return tuple(_of_width(name, float_type) for name in _FLOAT[type(op)])


def _select(op: Operation) -> tuple[Kind, ...]:
    chosen = op.results[0].type
    return (_of_width("FCMP", chosen) if is_float(chosen) else Kind.INT_ADD,)


def _bitcast(op: Operation) -> tuple[Kind, ...]:
    """Between the integer and the float registers; else a plain move."""
    for type_ in (op.operands[0].type, op.results[0].type):
        if is_float(type_):
            return (_of_width("FCMP", type_),)
    return (Kind.INT_ADD,)


SCALAR_COSTS: dict[type[Operation], Callable[[Operation], tuple[Kind, ...]]] = {
    **dict.fromkeys(_INTEGER, _integer),
    **dict.fromkeys(_FLOAT, _float),
    arith.SelectOp: _select,
    arith.BitcastOp: _bitcast,
    arith.ExtFOp: lambda _op: (Kind.FCMP_F64,),
    arith.TruncFOp: lambda _op: (Kind.FCMP_F64,),
}
"""Op class to the kinds of a chain: each waits for the one before it."""
