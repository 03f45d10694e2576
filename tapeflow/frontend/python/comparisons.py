"""Comparisons and truth: `<`, `==`, `not`, what counts as true; the lesser of two."""

import ast
import operator
from collections.abc import Callable
from typing import Any

from xdsl.dialects import arith
from xdsl.ir import SSAValue

from tapeflow.frontend.python.conversions import as_int, as_kind, merged_kind
from tapeflow.frontend.python.kinds import Kind, KindError, promoted
from tapeflow.frontend.python.scope import Scope
from tapeflow.frontend.python.values import Fact, Scalar

_PREDICATES: dict[type[ast.cmpop], tuple[str, str, Callable[[Any, Any], bool]]] = {
    ast.Lt: ("slt", "olt", operator.lt),
    ast.LtE: ("sle", "ole", operator.le),
    ast.Gt: ("sgt", "ogt", operator.gt),
    ast.GtE: ("sge", "oge", operator.ge),
    ast.Eq: ("eq", "oeq", operator.eq),
    ast.NotEq: ("ne", "une", operator.ne),
}


def compare(scope: Scope, op: ast.cmpop, first: Scalar, second: Scalar) -> Scalar:
    """What a comparison of two numbers says; it is false of NaN, but for `!=`."""
    if type(op) not in _PREDICATES:
        scope.refuse(
            f"'{type(op).__name__.lower()}' cannot be compiled; compare numbers with "
            "<, <=, ==, !=, > and >="
        )
    of_ints, of_floats, function = _PREDICATES[type(op)]
    if first.constant is not None and second.constant is not None:
        return Scalar.of(function(first.constant, second.constant))
    emit = scope.emitter
    if first.kind is second.kind is Kind.BOOL and of_ints in ("eq", "ne"):
        pair = emit.ssa(first), emit.ssa(second)
        return Scalar(Kind.BOOL, ssa=emit.value(arith.CmpiOp(*pair, of_ints)))
    if first.kind.is_float or second.kind.is_float:
        try:
            kind = promoted(first.kind, second.kind)
        except KindError as error:
            scope.refuse(str(error))
        pair = (
            emit.ssa(as_kind(scope, first, kind)),
            emit.ssa(as_kind(scope, second, kind)),
        )
        return Scalar(Kind.BOOL, ssa=emit.value(arith.CmpfOp(*pair, of_floats)))
    first, second = as_int(scope, first), as_int(scope, second)
    result = arith.CmpiOp(emit.ssa(first), emit.ssa(second), of_ints)
    if_true = _facts(scope, of_ints, first, second)
    if_false = _facts(scope, _OPPOSITE[of_ints], first, second)
    return Scalar(Kind.BOOL, ssa=emit.value(result), if_true=if_true, if_false=if_false)


_OPPOSITE = {
    "slt": "sge",
    "sge": "slt",
    "sle": "sgt",
    "sgt": "sle",
    "eq": "ne",
    "ne": "eq",
}


def _facts(
    scope: Scope, predicate: str, first: Scalar, second: Scalar
) -> tuple[Fact, ...]:
    """Lower bounds that follow from a comparison."""
    facts = scope.facts
    if predicate in ("slt", "sle"):
        first, second = second, first
        predicate = {"slt": "sgt", "sle": "sge"}[predicate]
    low = facts.low_of(second)
    if low is not None and predicate in ("sgt", "sge"):
        return facts.at_least(first, low + (predicate == "sgt"))
    if predicate == "eq":
        found = facts.at_least(first, low) if low is not None else ()
        low = facts.low_of(first)
        return found + (facts.at_least(second, low) if low is not None else ())
    # What is not the least that it may be is more than that.
    whole = second.whole
    if predicate == "ne" and whole is not None and facts.low_of(first) == whole:
        return facts.at_least(first, whole + 1)
    return ()


def truth(scope: Scope, value: Scalar) -> Scalar:
    """Whether a number counts as true: whether it is not zero."""
    if value.kind is Kind.BOOL:
        return value
    if value.constant is not None:
        return Scalar.of(bool(value.constant))
    zero = Scalar.of(0.0 if value.kind.is_float else 0)
    return compare(scope, ast.NotEq(), value, zero)


def opposite(scope: Scope, value: Scalar) -> Scalar:
    """`not value`"""
    value = truth(scope, value)
    if value.constant is not None:
        return Scalar.of(not value.constant)
    emit = scope.emitter
    true = emit.constant(Kind.BOOL, True)
    return Scalar(
        Kind.BOOL,
        ssa=emit.value(arith.XOrIOp(emit.ssa(value), true)),
        if_true=value.if_false,
        if_false=value.if_true,
    )


def is_finite(scope: Scope, value: Scalar) -> Scalar:
    """Whether a float is neither infinite nor NaN: less itself it is 0."""
    emit = scope.emitter
    ssa = emit.ssa(value)
    difference = emit.value(arith.SubfOp(ssa, ssa))
    zero = emit.constant(value.kind, 0.0)
    return Scalar(Kind.BOOL, ssa=emit.value(arith.CmpfOp(difference, zero, "oeq")))


def either(scope: Scope, first: Scalar, second: Scalar) -> Scalar:
    """Whether one of two conditions holds, both being computed."""
    for one, other in ((first, second), (second, first)):
        if one.constant is not None:
            return one if one.constant else other
    emit = scope.emitter
    pair = emit.ssa(first), emit.ssa(second)
    facts = tuple(fact for value in (first, second) for fact in value.if_false)
    return Scalar(Kind.BOOL, ssa=emit.value(arith.OrIOp(*pair)), if_false=facts)


def both(scope: Scope, first: Scalar, second: Scalar) -> Scalar:
    """Whether two conditions hold, both being computed."""
    for one, other in ((first, second), (second, first)):
        if one.constant is not None:
            return other if one.constant else one
    emit = scope.emitter
    pair = emit.ssa(first), emit.ssa(second)
    facts = tuple(fact for value in (first, second) for fact in value.if_true)
    return Scalar(Kind.BOOL, ssa=emit.value(arith.AndIOp(*pair)), if_true=facts)


def chosen(scope: Scope, condition: Scalar, first: Scalar, second: Scalar) -> Scalar:
    """One of two numbers that are both computed."""
    if condition.constant is not None:
        return first if condition.constant else second
    kind = merged_kind(scope, first, second)
    if kind is None:
        scope.refuse(
            f"this is {first.kind.value} or {second.kind.value}, as data decides; "
            "convert one of them"
        )
    emit = scope.emitter
    pair = [emit.ssa(as_kind(scope, v, kind)) for v in (first, second)]
    ssa = emit.value(arith.SelectOp(emit.ssa(condition), *pair))
    if kind.is_int:
        _note_bounds(scope, ssa, first, second)
    return Scalar(kind, ssa=ssa)


def _note_bounds(scope: Scope, ssa: SSAValue, first: Scalar, second: Scalar) -> None:
    facts = scope.facts
    lows = [facts.low_of(value) for value in (first, second)]
    highs = [facts.high_of(value) for value in (first, second)]
    low = [number for number in lows if number is not None]
    high = [number for number in highs if number is not None]
    if len(low) == 2:
        facts.low[ssa] = min(low)
    if len(high) == 2:
        facts.high[ssa] = max(high)


def extreme(scope: Scope, values: list[Scalar], largest: bool) -> Scalar:
    """`min` or `max`: the first one that no later one is beyond.

    So a NaN stays only where it stands first, as in Python.
    """
    best = values[0]
    for value in values[1:]:
        if best.constant is not None and value.constant is not None:
            best = (max if largest else min)(best, value, key=_constant)
        elif not (best.kind.is_float or value.kind.is_float):
            best = _extreme_int(
                scope, as_int(scope, best), as_int(scope, value), largest
            )
        else:
            op = ast.Gt() if largest else ast.Lt()
            best = chosen(scope, compare(scope, op, value, best), value, best)
    return best


def _constant(value: Scalar) -> float:
    assert value.constant is not None
    return value.constant


def _extreme_int(scope: Scope, first: Scalar, second: Scalar, largest: bool) -> Scalar:
    emit, facts = scope.emitter, scope.facts
    kind = arith.MaxSIOp if largest else arith.MinSIOp
    ssa = emit.value(kind(emit.ssa(first), emit.ssa(second)))
    for bounds, of in (
        (facts.low, facts.low_of),
        (facts.subscripts, facts.subscript_low),
    ):
        lows = [of(first), of(second)]
        known = [low for low in lows if low is not None]
        if known and (largest or len(known) == 2):
            bounds[ssa] = max(known) if largest else min(known)
    merged = Kind.NUMPY_INT if Kind.NUMPY_INT in (first.kind, second.kind) else Kind.INT
    return Scalar(merged, ssa=ssa)
