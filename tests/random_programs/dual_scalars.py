"""Scalar operations on dual numbers and integers."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from xdsl.dialects import arith
from xdsl.dialects.builtin import FloatAttr, IntegerAttr, IntegerType
from xdsl.ir import Attribute, Operation

from . import dual_functions, integer_operations
from .dual_numbers import Dual, combined, rounded, still
from .integer_operations import saturated, signed, unsigned

FLOATS = ("f32", "f64")


def constant(op: arith.ConstantOp, directions: int) -> Dual | int:
    """The value of a constant."""
    type_ = op.result.type
    if isinstance(op.value, FloatAttr):
        return _float(op.value.value.data, str(type_), directions)
    assert isinstance(op.value, IntegerAttr)
    return integer_operations.wrapped(op.value.value.data, _width(type_))


def _float(value: float, type_: str, directions: int) -> Dual:
    return Dual(rounded(value, type_), still(directions))


def scalar(op: Operation, operands: Sequence[Any], directions: int) -> Any:
    """The result of one operation of arith or math."""
    name, type_ = op.name, str(op.results[0].type)
    match op:
        case arith.SelectOp():
            return operands[1] if operands[0] else operands[2]
        case arith.CmpfOp():
            predicate = arith.CMPF_COMPARISON_OPERATIONS[op.predicate.value.data]
            x, y = operands
            return int(dual_functions.compare(predicate, x.value, y.value))
        case arith.CmpiOp():
            predicate = arith.CMPI_COMPARISON_OPERATIONS[op.predicate.value.data]
            x, y = operands
            width = _width(op.lhs.type)
            return int(integer_operations.compare(predicate, x, y, width))
        case arith.ExtFOp() | arith.TruncFOp():
            x = operands[0]
            tangent = combined([(1.0, x.tangent)], "f32")
            return Dual(rounded(x.value, type_), tangent)
        case arith.SIToFPOp() | arith.UIToFPOp():
            view = signed if isinstance(op, arith.SIToFPOp) else unsigned
            number = view(operands[0], _width(op.input.type))
            return _float(_float_of(number, type_), type_, directions)
        case arith.FPToSIOp() | arith.FPToUIOp():
            return _integer_of(op, operands[0].value)
        case _ if name == "math.fpowi":
            x, power = operands
            return dual_functions.integer_power(x, power, type_)
        case _ if name == "math.fma":
            x, y, z = operands
            return dual_functions.fused(x, y, z, type_)
        case _ if type_ in FLOATS:
            return apply(name, operands, type_)
        case _:
            widths = (_width(v.type) for v in (op.operands[0], op.results[0]))
            return integer_operations.apply(name, [*operands], *widths)


def apply(name: str, operands: Sequence[Any], type_: str) -> Any:
    """An operation of floats or of integers, all of one type."""
    if type_ not in FLOATS:
        width = 64 if type_ == "index" else int(type_[1:])
        return integer_operations.apply(name, [*operands], width, width)
    if name in dual_functions.UNARY:
        return dual_functions.apply_unary(name, operands[0], type_)
    return dual_functions.apply_binary(name, operands[0], operands[1], type_)


def _width(type_: Attribute) -> int:
    return type_.width.data if isinstance(type_, IntegerType) else 64


def _float_of(number: int, type_: str) -> float:
    """The nearest float of a type; NumPy rounds from integers at once."""
    whole = np.uint64(number) if number >= 0 else np.int64(number)
    return float(whole.astype(np.float32 if type_ == "f32" else np.float64))


def _integer_of(op: arith.FPToSIOp | arith.FPToUIOp, value: float) -> int:
    width = _width(op.results[0].type)
    if isinstance(op, arith.FPToUIOp):
        return integer_operations.wrapped(saturated(value, 0, (1 << width) - 1), width)
    half = 1 << (width - 1)
    return saturated(value, -half, half - 1)
