"""A number of one kind as one of another, with Python's rounding and errors."""

import math

import numpy as np
from xdsl.dialects import arith
from xdsl.dialects.builtin import IndexType, i64
from xdsl.dialects.builtin import f32 as f32_type
from xdsl.dialects.builtin import f64 as f64_type

from tapeflow.frontend.python.kinds import Kind, merged
from tapeflow.frontend.python.scope import Scope
from tapeflow.frontend.python.values import Scalar


def as_kind(scope: Scope, scalar: Scalar, kind: Kind) -> Scalar:
    """A number converted without losing more than NumPy's conversion does."""
    if scalar.kind is kind:
        return scalar
    if scalar.constant is not None:
        return Scalar(kind, _constant(scope, scalar, kind))
    emit, ssa = scope.emitter, scope.emitter.ssa(scalar)
    if scalar.kind is Kind.BOOL:
        whole = emit.value(arith.ExtUIOp(ssa, i64))
        if kind.is_int:
            index = emit.value(arith.IndexCastOp(whole, IndexType()))
            scope.facts.low[index] = 0
            return Scalar(kind, ssa=index)
        return Scalar(kind, ssa=emit.value(arith.SIToFPOp(whole, _float_type(kind))))
    if scalar.kind.is_int:
        if kind.is_int:
            return Scalar(kind, None, ssa, scalar.base, scalar.offset)
        whole = emit.value(arith.IndexCastOp(ssa, i64))
        return Scalar(kind, ssa=emit.value(arith.SIToFPOp(whole, _float_type(kind))))
    if scalar.kind.type == kind.type:
        return Scalar(kind, ssa=ssa)
    if kind is Kind.F32:
        return Scalar(kind, ssa=emit.value(arith.TruncFOp(ssa, f32_type)))
    assert kind.is_float
    return Scalar(kind, ssa=emit.value(arith.ExtFOp(ssa, f64_type)))


def as_float(scope: Scope, scalar: Scalar) -> Scalar:
    """What `float(...)` gives: Python's own float."""
    return as_kind(scope, scalar, Kind.FLOAT)


def as_int(scope: Scope, scalar: Scalar) -> Scalar:
    """A whole number or a truth value as a whole number."""
    return scalar if scalar.kind.is_int else as_kind(scope, scalar, Kind.INT)


def truncated(scope: Scope, scalar: Scalar) -> Scalar:
    """What `int(...)` gives; it raises where Python does, and beyond 64 bits."""
    if not scalar.kind.is_float:
        return as_int(scope, scalar)
    if scalar.constant is not None:
        try:
            return Scalar.of(int(scalar.constant))
        except (ValueError, OverflowError) as error:
            scope.refuse(str(error))
    emit, ssa = scope.emitter, scope.emitter.ssa(scalar)
    top = emit.constant(scalar.kind, 2.0**63)
    bottom = emit.constant(scalar.kind, -(2.0**63))
    below = emit.value(arith.CmpfOp(ssa, top, "olt"))
    above = emit.value(arith.CmpfOp(ssa, bottom, "oge"))
    fits = Scalar(Kind.BOOL, ssa=emit.value(arith.AndIOp(below, above)))
    scope.require(
        fits,
        "OverflowError: a float that is infinite, NaN or beyond 64 bits becomes an int",
    )
    whole = emit.value(arith.FPToSIOp(ssa, i64))
    return Scalar(Kind.INT, ssa=emit.value(arith.IndexCastOp(whole, IndexType())))


def merged_kind(scope: Scope, first: Scalar, second: Scalar) -> Kind | None:
    """The kind of what is one number or the other; None if there is none.

    A number that is written in the program joins the kind of the other, if that
    changes no bit.
    """
    kind = merged(first.kind, second.kind)
    if kind is not None:
        return kind
    for constant, other in ((first, second), (second, first)):
        number = constant.literal if constant.constant is None else constant.constant
        if number is None or not other.kind.is_float:
            continue
        if constant.kind in (Kind.INT, Kind.FLOAT) and _is_exact(number, other.kind):
            if constant.constant is None and constant.ssa is not None:
                scope.emitter.literal_uses.add(constant.ssa)
            return other.kind
    return None


def _is_exact(number: float, kind: Kind) -> bool:
    """Whether a number is the same in a kind of float."""
    try:
        value = float(number)
    except OverflowError:
        return False
    if kind is Kind.F32:
        with np.errstate(over="ignore"):
            value = float(np.float32(value))
    return math.isfinite(value) and value == number


def _float_type(kind: Kind):
    assert kind.is_float
    return f32_type if kind is Kind.F32 else f64_type


def _constant(scope: Scope, scalar: Scalar, kind: Kind) -> bool | int | float:
    number = scalar.constant
    assert number is not None
    if kind is Kind.F32:
        with np.errstate(over="ignore"):
            return float(np.float32(number))
    if kind.is_float:
        try:
            return float(number)
        except OverflowError as error:
            scope.refuse(str(error))
    assert kind.is_int
    return int(number)
