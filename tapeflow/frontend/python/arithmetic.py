"""`+`, `-`, `*`, `/`, `//`, `%`, `**`, signs and bits of two numbers."""

import ast
from collections.abc import Callable
from typing import Any, TypeAlias

from xdsl.dialects import arith, math
from xdsl.ir import Operation, SSAValue

from tapeflow.frontend.python.comparisons import compare, either, is_finite, opposite
from tapeflow.frontend.python.conversions import as_int, as_kind
from tapeflow.frontend.python.kinds import Kind, KindError, promoted, promoted_int
from tapeflow.frontend.python.scope import Scope
from tapeflow.frontend.python.values import Scalar

_SIGNS: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.BitAnd: "&",
    ast.BitOr: "|",
    ast.BitXor: "^",
    ast.LShift: "<<",
    ast.RShift: ">>",
}

_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "//": lambda a, b: a // b,
    "%": lambda a, b: a % b,
    "**": lambda a, b: a**b,
    "&": lambda a, b: a & b,
    "|": lambda a, b: a | b,
    "^": lambda a, b: a ^ b,
    "<<": lambda a, b: a << b,
    ">>": lambda a, b: a >> b,
}
"""On numbers of the program, as Python has them."""

_Binary: TypeAlias = Callable[[SSAValue, SSAValue], Operation]

_FLOAT: dict[str, _Binary] = {
    "+": arith.AddfOp,
    "-": arith.SubfOp,
    "*": arith.MulfOp,
    "**": math.PowFOp,
}
_BITS: dict[str, _Binary] = {
    "&": arith.AndIOp,
    "|": arith.OrIOp,
    "^": arith.XOrIOp,
}


def binary(scope: Scope, op: ast.operator, first: Scalar, second: Scalar) -> Scalar:
    """What an operator gives for two numbers."""
    sign = _SIGNS.get(type(op))
    if sign is None:
        scope.refuse("'@' is of arrays, and these are numbers; write '*'")
    folded = _folded(scope, sign, first, second)
    if folded is not None:
        return folded
    if first.kind.is_float or second.kind.is_float or sign == "/":
        return _floats(scope, sign, first, second)
    if first.kind is second.kind is Kind.BOOL and sign in _BITS:
        emit = scope.emitter
        pair = emit.ssa(first), emit.ssa(second)
        return Scalar(Kind.BOOL, ssa=emit.value(_BITS[sign](*pair)))
    return _INTEGER[sign](scope, as_int(scope, first), as_int(scope, second))


def negated(scope: Scope, value: Scalar) -> Scalar:
    """`-value`"""
    if value.constant is not None:
        return Scalar(_after_sign(value.kind), -value.constant)
    if value.kind.is_float:
        emit = scope.emitter
        return Scalar(value.kind, ssa=emit.value(arith.NegfOp(emit.ssa(value))))
    return subtract(scope, Scalar.of(0), as_int(scope, value))


def inverted(scope: Scope, value: Scalar) -> Scalar:
    """`~value`"""
    if value.constant is not None and not value.kind.is_float:
        return Scalar(_after_sign(value.kind), ~int(value.constant))
    if value.kind.is_float:
        scope.refuse("'~' is of whole numbers, and this is a float")
    return _bits("^", scope, as_int(scope, value), Scalar.of(-1))


def _after_sign(kind: Kind) -> Kind:
    return Kind.INT if kind is Kind.BOOL else kind


def _folded(scope: Scope, sign: str, first: Scalar, second: Scalar) -> Scalar | None:
    """Two of Python's numbers that are written in the program are computed now."""
    if first.constant is None or second.constant is None:
        return None
    if not (first.kind.may_be_python and second.kind.may_be_python):
        return None
    try:
        result = _OPERATORS[sign](first.constant, second.constant)
    except (ArithmeticError, TypeError, ValueError) as error:
        scope.refuse(f"{type(error).__name__}: {error}")
    if isinstance(result, complex):
        scope.refuse("this is a complex number; only real ones are computed with")
    if isinstance(result, int) and not -(2**63) <= result < 2**63:
        scope.refuse(f"{result} does not fit 64 bits; write it as a float")
    return Scalar.of(result)


def _floats(scope: Scope, sign: str, first: Scalar, second: Scalar) -> Scalar:
    are_floats = first.kind.is_float or second.kind.is_float
    if are_floats:
        try:
            kind = promoted(first.kind, second.kind)
        except KindError as error:
            scope.refuse(str(error))
    else:
        is_numpy = Kind.NUMPY_INT in (first.kind, second.kind)
        kind = Kind.F64 if is_numpy else Kind.FLOAT
    if sign == "/":
        return _divided(scope, kind, first, second)
    if sign not in _FLOAT:
        remedy = {
            "//": "write math.floor(a / b), which rounds once more, or use ints",
            "%": "write a - math.floor(a / b) * b, which rounds once more, or use ints",
        }.get(sign, "convert them by int(...)")
        scope.refuse(f"'{sign}' of floats cannot be compiled; {remedy}")
    emit = scope.emitter
    left, right = as_kind(scope, first, kind), as_kind(scope, second, kind)
    result = emit.value(_FLOAT[sign](emit.ssa(left), emit.ssa(right)))
    power = Scalar(kind, ssa=result)
    if sign == "**" and first.kind.may_be_python and second.kind.may_be_python:
        _require_real_power(scope, left, right, power)
    return power


def _require_real_power(
    scope: Scope, base: Scalar, exponent: Scalar, power: Scalar
) -> None:
    """Where Python raises, or gives a complex number, libm gives NaN or infinity."""
    condition = is_finite(scope, power)
    for operand in (base, exponent):
        if operand.constant is None:
            infinite = opposite(scope, is_finite(scope, operand))
            condition = either(scope, condition, infinite)
    scope.require(
        condition,
        "OverflowError: a power of floats is no finite real number; with "
        "numpy.float64 it would be infinity or NaN",
    )


def _divided(scope: Scope, kind: Kind, first: Scalar, second: Scalar) -> Scalar:
    """NumPy's numbers by zero give infinity or NaN, as arith.divf does."""
    emit = scope.emitter
    right = as_kind(scope, second, kind)
    both_whole = not (first.kind.is_float or second.kind.is_float)
    is_python = first.kind.may_be_python and second.kind.may_be_python
    if is_python or both_whole:
        _require_not_zero(scope, second)
    left = as_kind(scope, first, kind)
    return Scalar(kind, ssa=emit.value(arith.DivfOp(emit.ssa(left), emit.ssa(right))))


def _require_not_zero(scope: Scope, divisor: Scalar) -> None:
    """A divisor is known not to be zero, or that is checked when it runs."""
    message = "ZeroDivisionError: division by zero"
    if divisor.constant is not None:
        if not divisor.constant:
            scope.refuse(message)
        return
    if divisor.kind.is_int:
        low = scope.facts.low_of(divisor)
        if low is not None and low > 0:
            return
    zero = Scalar.of(0.0 if divisor.kind.is_float else 0)
    scope.require(compare(scope, ast.NotEq(), divisor, zero), message)


def add(scope: Scope, first: Scalar, second: Scalar) -> Scalar:
    """The sum of whole numbers."""
    if first.whole is not None and second.whole is None:
        first, second = second, first
    if second.whole is not None:
        return _moved(scope, first, second.whole)
    emit = scope.emitter
    ssa = emit.value(arith.AddiOp(emit.ssa(first), emit.ssa(second)))
    _sum_bounds(scope, ssa, first, second)
    return Scalar(promoted_int(first.kind, second.kind), ssa=ssa)


def subtract(scope: Scope, first: Scalar, second: Scalar) -> Scalar:
    """The difference of whole numbers."""
    if second.whole is not None:
        return _moved(scope, first, -second.whole)
    kind = promoted_int(first.kind, second.kind)
    if first.whole is None and (first.base or first.ssa) == (second.base or second.ssa):
        return Scalar(kind, first.offset - second.offset)
    emit = scope.emitter
    ssa = emit.value(arith.SubiOp(emit.ssa(first), emit.ssa(second)))
    low, high = scope.facts.low_of(first), scope.facts.high_of(second)
    if low is not None and high is not None:
        scope.facts.low[ssa] = low - high
    return Scalar(kind, ssa=ssa)


def _moved(scope: Scope, value: Scalar, distance: int) -> Scalar:
    """A whole number plus one that is written in the program."""
    if value.whole is not None:
        return Scalar(value.kind, value.whole + distance)
    if distance == 0:
        return value
    emit = scope.emitter
    base, offset = value.base or value.ssa, value.offset + distance
    assert base is not None
    if offset == 0:
        return Scalar(value.kind, ssa=base)
    amount = emit.index(abs(distance))
    kind = arith.AddiOp if distance > 0 else arith.SubiOp
    return Scalar(
        value.kind,
        ssa=emit.value(kind(emit.ssa(value), amount)),
        base=base,
        offset=offset,
    )


def _sum_bounds(scope: Scope, ssa: Any, first: Scalar, second: Scalar) -> None:
    facts = scope.facts
    low, other = facts.low_of(first), facts.low_of(second)
    if low is not None and other is not None:
        facts.low[ssa] = low + other
        return
    low, other = facts.subscript_low(first), facts.subscript_low(second)
    if low is not None and other is not None:
        facts.subscripts[ssa] = low + other


def multiply(scope: Scope, first: Scalar, second: Scalar) -> Scalar:
    """The product of whole numbers."""
    if first.whole is not None and second.whole is not None:
        return Scalar.of(first.whole * second.whole)
    for one, other in ((first, second), (second, first)):
        if one.whole == 1:
            return other
    emit, facts = scope.emitter, scope.facts
    low, other_low = facts.low_of(first), facts.low_of(second)
    ssa = emit.value(arith.MuliOp(emit.ssa(first), emit.ssa(second)))
    if low is not None and other_low is not None and min(low, other_low) >= 0:
        facts.low[ssa] = low * other_low
    return Scalar(promoted_int(first.kind, second.kind), ssa=ssa)


def _floor_divide(scope: Scope, first: Scalar, second: Scalar) -> Scalar:
    _require_not_zero(scope, second)
    emit, facts = scope.emitter, scope.facts
    low, divisor = facts.low_of(first), facts.low_of(second)
    is_plain = low is not None and low >= 0 and divisor is not None and divisor > 0
    kind = arith.DivSIOp if is_plain else arith.FloorDivSIOp
    ssa = emit.value(kind(emit.ssa(first), emit.ssa(second)))
    if is_plain:
        facts.low[ssa] = 0
    return Scalar(promoted_int(first.kind, second.kind), ssa=ssa)


def _modulo(scope: Scope, first: Scalar, second: Scalar) -> Scalar:
    """With the sign of the divisor, as in Python."""
    _require_not_zero(scope, second)
    emit, facts = scope.emitter, scope.facts
    low, divisor = facts.low_of(first), facts.low_of(second)
    kind = promoted_int(first.kind, second.kind)
    if low is not None and low >= 0 and divisor is not None and divisor > 0:
        ssa = emit.value(arith.RemSIOp(emit.ssa(first), emit.ssa(second)))
    else:
        pair = emit.ssa(first), emit.ssa(second)
        quotient = emit.value(arith.FloorDivSIOp(*pair))
        product = emit.value(arith.MuliOp(quotient, pair[1]))
        ssa = emit.value(arith.SubiOp(pair[0], product))
    if divisor is not None and divisor > 0:
        facts.low[ssa] = 0
    return Scalar(kind, ssa=ssa)


def _power(scope: Scope, first: Scalar, second: Scalar) -> Scalar:
    """Small powers are products; Python's power with a negative exponent is a float."""
    exponent = second.whole
    if exponent is None or not 0 <= exponent <= 64:
        scope.refuse(
            "a power of ints needs an exponent that is written in the program, from 0 "
            "to 64; write float(a) ** b, or a loop"
        )
    result, square = Scalar.of(1), first
    while exponent:
        if exponent & 1:
            result = multiply(scope, result, square)
        exponent >>= 1
        if exponent:
            square = multiply(scope, square, square)
    return result


def _bits(sign: str, scope: Scope, first: Scalar, second: Scalar) -> Scalar:
    emit, facts = scope.emitter, scope.facts
    ssa = emit.value(_BITS[sign](emit.ssa(first), emit.ssa(second)))
    bounds = [facts.low_of(first), facts.low_of(second)]
    known = [low is not None and low >= 0 for low in bounds]
    if all(known) or (sign == "&" and any(known)):
        facts.low[ssa] = 0
    return Scalar(promoted_int(first.kind, second.kind), ssa=ssa)


def _shift(sign: str, scope: Scope, first: Scalar, second: Scalar) -> Scalar:
    amount, emit = second.whole, scope.emitter
    if amount is None or not 0 <= amount < 64:
        scope.refuse(
            f"'{sign}' needs a distance that is written in the program, from 0 to 63"
        )
    kind = arith.ShLIOp if sign == "<<" else arith.ShRSIOp
    ssa = emit.value(kind(emit.ssa(first), emit.ssa(second)))
    low = scope.facts.low_of(first)
    if low is not None and low >= 0 and sign == ">>":
        scope.facts.low[ssa] = low >> amount
    return Scalar(first.kind, ssa=ssa)


_INTEGER: dict[str, Callable[[Scope, Scalar, Scalar], Scalar]] = {
    "+": add,
    "-": subtract,
    "*": multiply,
    "//": _floor_divide,
    "%": _modulo,
    "**": _power,
    **{sign: (lambda s, a, b, x=sign: _bits(x, s, a, b)) for sign in _BITS},
    **{sign: (lambda s, a, b, x=sign: _shift(x, s, a, b)) for sign in ("<<", ">>")},
}
