"""Functions of numbers: `math.*`, which raise where Python does, and `np.*`."""

import math as python_math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from xdsl.dialects import arith, math
from xdsl.ir import Operation

from tapeflow.frontend.python.comparisons import both, either
from tapeflow.frontend.python.conversions import as_float, as_kind, truncated
from tapeflow.frontend.python.kinds import Kind, KindError, promoted
from tapeflow.frontend.python.scope import Scope
from tapeflow.frontend.python.values import Scalar

Condition: TypeAlias = tuple[str, float]
"""A predicate of `arith.cmpf` and the number on its right side."""


@dataclass(frozen=True)
class Elementary:
    """A function of the C library, by its operation."""

    operation: type[Operation]
    domain: tuple[Condition, ...] = ()
    """What has to hold of the argument, or Python raises a ValueError."""
    overflows: bool = False
    """Whether the value may be infinite where the argument is not."""


_INF = float("inf")
_NOT_INFINITE: tuple[Condition, ...] = (("une", _INF), ("une", -_INF))
_WITHIN_ONE: tuple[Condition, ...] = (("ule", 1.0), ("uge", -1.0))

_ELEMENTARY: dict[str, Elementary] = {
    "acos": Elementary(math.AcosOp, _WITHIN_ONE),
    "acosh": Elementary(math.AcoshOp, (("uge", 1.0),)),
    "asin": Elementary(math.AsinOp, _WITHIN_ONE),
    "asinh": Elementary(math.AsinhOp),
    "atan": Elementary(math.AtanOp),
    "atanh": Elementary(math.AtanhOp, (("ult", 1.0), ("ugt", -1.0))),
    "cbrt": Elementary(math.CbrtOp),
    "cos": Elementary(math.CosOp, _NOT_INFINITE),
    "cosh": Elementary(math.CoshOp, overflows=True),
    "erf": Elementary(math.ErfOp),
    "exp": Elementary(math.ExpOp, overflows=True),
    "exp2": Elementary(math.Exp2Op, overflows=True),
    "expm1": Elementary(math.ExpM1Op, overflows=True),
    "fabs": Elementary(math.AbsFOp),
    "log": Elementary(math.LogOp, (("ugt", 0.0),)),
    "log10": Elementary(math.Log10Op, (("ugt", 0.0),)),
    "log1p": Elementary(math.Log1pOp, (("ugt", -1.0),)),
    "log2": Elementary(math.Log2Op, (("ugt", 0.0),)),
    "sin": Elementary(math.SinOp, _NOT_INFINITE),
    "sinh": Elementary(math.SinhOp, overflows=True),
    "sqrt": Elementary(math.SqrtOp, (("uge", 0.0),)),
    "tan": Elementary(math.TanOp, _NOT_INFINITE),
    "tanh": Elementary(math.TanhOp),
}
"""By its name in `math`."""

_NUMPY_NAMES = {
    "acos": "arccos",
    "acosh": "arccosh",
    "asin": "arcsin",
    "asinh": "arcsinh",
    "atan": "arctan",
    "atanh": "arctanh",
    "fabs": "fabs",
}
_NUMPY_ROUNDING: dict[str, type[Operation]] = {
    "floor": math.FloorOp,
    "ceil": math.CeilOp,
    "trunc": math.TruncOp,
    "rint": math.RoundEvenOp,
}
_NUMPY_PAIRS: dict[str, type[Operation]] = {
    "maximum": arith.MaximumfOp,
    "minimum": arith.MinimumfOp,
    "fmax": arith.MaxnumfOp,
    "fmin": arith.MinnumfOp,
    "arctan2": math.Atan2Op,
    "power": math.PowFOp,
    "copysign": math.CopySignOp,
}
_NUMPY_INT_PAIRS: dict[str, type[Operation]] = {
    "maximum": arith.MaxSIOp,
    "minimum": arith.MinSIOp,
}

Function: TypeAlias = Callable[[Scope, list[Scalar]], Scalar]


def _of_python(name: str, function: Elementary) -> Function:
    def compute(scope: Scope, given: list[Scalar]) -> Scalar:
        argument = as_float(scope, given[0])
        if argument.constant is not None:
            return _folded(scope, getattr(python_math, name), [argument])
        emit, ssa = scope.emitter, scope.emitter.ssa(argument)
        condition = Scalar.of(True)
        for predicate, number in function.domain:
            limit = emit.constant(Kind.FLOAT, number)
            is_good = emit.value(arith.CmpfOp(ssa, limit, predicate))
            condition = both(scope, condition, Scalar(Kind.BOOL, ssa=is_good))
        scope.require(condition, f"ValueError: math domain error of math.{name}")
        result = emit.value(
            function.operation.create(operands=[ssa], result_types=[ssa.type])
        )
        if function.overflows:
            _require_no_overflow(scope, name, argument, Scalar(Kind.FLOAT, ssa=result))
        return Scalar(Kind.FLOAT, ssa=result)

    return compute


def _require_no_overflow(
    scope: Scope, name: str, argument: Scalar, result: Scalar
) -> None:
    """Python raises unless the argument itself is infinite."""
    condition = _both_not_infinite(scope, result)
    for infinity in (_INF, -_INF):
        emit = scope.emitter
        limit = emit.constant(Kind.FLOAT, infinity)
        pair = emit.ssa(argument), limit
        same = Scalar(Kind.BOOL, ssa=emit.value(arith.CmpfOp(*pair, "oeq")))
        condition = either(scope, condition, same)
    scope.require(condition, f"OverflowError: math range error of math.{name}")


def _both_not_infinite(scope: Scope, value: Scalar) -> Scalar:
    emit = scope.emitter
    condition = Scalar.of(True)
    for predicate, number in _NOT_INFINITE:
        pair = emit.ssa(value), emit.constant(Kind.FLOAT, number)
        is_good = Scalar(Kind.BOOL, ssa=emit.value(arith.CmpfOp(*pair, predicate)))
        condition = both(scope, condition, is_good)
    return condition


def _folded(
    scope: Scope, function: Callable[..., float], given: list[Scalar]
) -> Scalar:
    try:
        return Scalar.of(function(*(value.constant for value in given)))
    except (ArithmeticError, TypeError, ValueError) as error:
        scope.refuse(f"{type(error).__name__}: {error}")


def _of_numpy(operation: type[Operation]) -> Function:
    """Without errors: infinity and NaN, as NumPy has them."""

    def compute(scope: Scope, given: list[Scalar]) -> Scalar:
        kind = Kind.F32 if given[0].kind is Kind.F32 else Kind.F64
        emit = scope.emitter
        ssa = emit.ssa(as_kind(scope, given[0], kind))
        return Scalar(
            kind,
            ssa=emit.value(operation.create(operands=[ssa], result_types=[ssa.type])),
        )

    return compute


def _pair_of_numpy(name: str, operation: type[Operation]) -> Function:
    def compute(scope: Scope, given: list[Scalar]) -> Scalar:
        first, second = given
        emit = scope.emitter
        if name in _NUMPY_INT_PAIRS and first.kind.is_int and second.kind.is_int:
            kind, operation_ = Kind.NUMPY_INT, _NUMPY_INT_PAIRS[name]
        else:
            kind, operation_ = _numpy_kind(scope, first, second), operation
        pair = [emit.ssa(as_kind(scope, value, kind)) for value in given]
        return Scalar(
            kind,
            ssa=emit.value(
                operation_.create(operands=pair, result_types=[pair[0].type])
            ),
        )

    return compute


def _numpy_kind(scope: Scope, first: Scalar, second: Scalar) -> Kind:
    if not (first.kind.is_float or second.kind.is_float):
        return Kind.F64
    try:
        kind = promoted(first.kind, second.kind)
    except KindError as error:
        scope.refuse(str(error))
    return Kind.F32 if kind is Kind.F32 else Kind.F64


def _rounded(name: str, operation: type[Operation]) -> Function:
    """`math.floor` and others give an int."""

    def compute(scope: Scope, given: list[Scalar]) -> Scalar:
        value = given[0]
        if not value.kind.is_float:
            return value
        if value.constant is not None:
            return _folded(scope, getattr(python_math, name), given)
        emit, ssa = scope.emitter, scope.emitter.ssa(value)
        whole = emit.value(operation.create(operands=[ssa], result_types=[ssa.type]))
        return truncated(scope, Scalar(value.kind, ssa=whole))

    return compute


def _atan2(scope: Scope, given: list[Scalar]) -> Scalar:
    pair = [as_float(scope, value) for value in given]
    if all(value.constant is not None for value in pair):
        return _folded(scope, python_math.atan2, pair)
    emit = scope.emitter
    return Scalar(
        Kind.FLOAT, ssa=emit.value(math.Atan2Op(emit.ssa(pair[0]), emit.ssa(pair[1])))
    )


def _copysign(scope: Scope, given: list[Scalar]) -> Scalar:
    emit = scope.emitter
    sign, of = (emit.ssa(as_float(scope, value)) for value in given)
    return Scalar(Kind.FLOAT, ssa=emit.value(math.CopySignOp(sign, of)))


def _classified(predicates: tuple[tuple[str, float | None], ...]) -> Function:
    """`isnan`, `isinf` and `isfinite`: one of some comparisons holds."""

    def compute(scope: Scope, given: list[Scalar]) -> Scalar:
        value = given[0]
        if not value.kind.is_float:
            value = as_float(scope, value)
        emit, ssa = scope.emitter, scope.emitter.ssa(value)
        condition = Scalar.of(False)
        for predicate, number in predicates:
            other = ssa if number is None else emit.constant(value.kind, number)
            holds = emit.value(arith.CmpfOp(ssa, other, predicate))
            condition = either(scope, condition, Scalar(Kind.BOOL, ssa=holds))
        return condition

    return compute


def _is_finite(scope: Scope, given: list[Scalar]) -> Scalar:
    value = given[0] if given[0].kind.is_float else as_float(scope, given[0])
    emit, ssa = scope.emitter, scope.emitter.ssa(value)
    top, bottom = (emit.constant(value.kind, n) for n in (_INF, -_INF))
    below = emit.value(arith.CmpfOp(ssa, top, "olt"))
    above = emit.value(arith.CmpfOp(ssa, bottom, "ogt"))
    return Scalar(Kind.BOOL, ssa=emit.value(arith.AndIOp(below, above)))


_IS_NAN = _classified((("uno", None),))
_IS_INF = _classified((("oeq", _INF), ("oeq", -_INF)))


def _square(scope: Scope, given: list[Scalar]) -> Scalar:
    value = given[0]
    kind = value.kind if value.kind.is_float else Kind.F64
    kind = Kind.F32 if kind is Kind.F32 else Kind.F64
    emit = scope.emitter
    ssa = emit.ssa(as_kind(scope, value, kind))
    return Scalar(kind, ssa=emit.value(arith.MulfOp(ssa, ssa)))


MATH_FUNCTIONS: dict[object, Function] = {
    **{
        getattr(python_math, name): _of_python(name, function)
        for name, function in _ELEMENTARY.items()
    },
    python_math.floor: _rounded("floor", math.FloorOp),
    python_math.ceil: _rounded("ceil", math.CeilOp),
    python_math.trunc: _rounded("trunc", math.TruncOp),
    python_math.atan2: _atan2,
    python_math.copysign: _copysign,
    python_math.isnan: _IS_NAN,
    python_math.isinf: _IS_INF,
    python_math.isfinite: _is_finite,
}
NUMPY_FUNCTIONS: dict[object, Function] = {
    **{
        getattr(np, _NUMPY_NAMES.get(name, name)): _of_numpy(function.operation)
        for name, function in _ELEMENTARY.items()
        if name != "erf"
    },
    **{
        getattr(np, name): _of_numpy(operation)
        for name, operation in _NUMPY_ROUNDING.items()
    },
    **{
        getattr(np, name): _pair_of_numpy(name, operation)
        for name, operation in _NUMPY_PAIRS.items()
    },
    np.square: _square,
    np.isnan: _IS_NAN,
    np.isinf: _IS_INF,
    np.isfinite: _is_finite,
}
"""These take arrays, too, element by element."""
ARITIES: dict[object, int] = {
    python_math.atan2: 2,
    python_math.copysign: 2,
    **{getattr(np, name): 2 for name in _NUMPY_PAIRS},
}
"""How many arguments a function takes, for those of more than one."""
