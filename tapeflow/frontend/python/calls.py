"""Calls: Python's own functions, those of `math` and NumPy, and the user's."""

import ast
import builtins
import inspect
import math as python_math
from collections.abc import Callable, Sequence
from types import FunctionType
from typing import Any, TypeAlias

import numpy as np

from tapeflow.frontend.python import annotations
from tapeflow.frontend.python.annotations import BY_DTYPE, ElementType
from tapeflow.frontend.python.arithmetic import binary, negated, subtract
from tapeflow.frontend.python.arrays import (
    allocated,
    assign_elements,
    element_kind,
    elementwise,
    folded,
    materialised,
    product,
    summed,
)
from tapeflow.frontend.python.comparisons import chosen, compare, extreme, truth
from tapeflow.frontend.python.conversions import as_float, as_kind, truncated
from tapeflow.frontend.python.kinds import Kind
from tapeflow.frontend.python.mathematics import (
    ARITIES,
    MATH_FUNCTIONS,
    NUMPY_FUNCTIONS,
)
from tapeflow.frontend.python.scope import Scope
from tapeflow.frontend.python.subscripts import ELEMENT_KINDS, element_of
from tapeflow.frontend.python.user_source import UserSource
from tapeflow.frontend.python.values import (
    Elementwise,
    Known,
    Scalar,
    Several,
    Value,
    View,
    describe,
)

Given: TypeAlias = list[Value]
Rule: TypeAlias = Callable[[Scope, Given], Value]


def call_known(
    scope: Scope, node: ast.Call, thing: Any, given: Given, keywords: dict[str, Value]
) -> Value:
    """What a call of an object of Python gives."""
    name = getattr(thing, "__name__", repr(thing))
    try:
        rule = RULES.get(thing)
    except TypeError:
        rule = None
    if rule is not None:
        arguments = _with_keywords(scope, name, thing, given, keywords)
        return rule(scope, arguments)
    try:
        plain = inspect.unwrap(thing)
    except ValueError:
        plain = thing
    if isinstance(plain, FunctionType) and not _is_numpy(plain):
        return scope.call(scope, node, UserSource.of(plain), given, keywords)
    scope.refuse(
        f"'{name}' cannot be compiled; write it as a function in Python that this one "
        "calls, or use functions of math and numpy that docs/python.md lists"
    )


def _is_numpy(function: FunctionType) -> bool:
    return function.__module__.split(".")[0] == "numpy"


def _with_keywords(
    scope: Scope, name: str, thing: object, given: Given, keywords: dict[str, Value]
) -> Given:
    if not keywords:
        return given
    if thing in ALLOCATING and keywords.keys() <= {"dtype"}:
        return [*given, keywords["dtype"]]
    scope.refuse(
        f"'{next(iter(keywords))}' of '{name}' cannot be compiled; leave it out, or "
        "write a loop"
    )


def call_method(
    scope: Scope, array: View | Elementwise, name: str, given: Given
) -> Value:
    """What a method of an array gives."""
    if name in _METHODS:
        return _METHODS[name](scope, [array, *given])
    scope.refuse(
        f"the method '{name}' of an array cannot be compiled; write a loop over its "
        "elements"
    )


def _number(scope: Scope, name: str, given: Given, count: int = 1) -> list[Scalar]:
    if len(given) != count:
        scope.refuse(
            f"'{name}' takes {count} arguments here, and {len(given)} are given"
        )
    for value in given:
        if not isinstance(value, Scalar):
            scope.refuse(f"'{name}' takes numbers, and this is {describe(value)}")
    return [value for value in given if isinstance(value, Scalar)]


def _array(scope: Scope, name: str, given: Given) -> View | Elementwise:
    if len(given) != 1 or not isinstance(given[0], View | Elementwise):
        found = describe(given[0]) if given else "nothing"
        scope.refuse(f"'{name}' takes one array here, and this is {found}")
    return given[0]


def _of_numbers(function: object) -> Rule:
    name = getattr(function, "__name__", "")
    compute = MATH_FUNCTIONS[function]
    return lambda scope, given: compute(
        scope, _number(scope, name, given, ARITIES.get(function, 1))
    )


def _of_arrays(function: object) -> Rule:
    name = getattr(function, "__name__", "")
    compute, count = NUMPY_FUNCTIONS[function], ARITIES.get(function, 1)

    def rule(scope: Scope, given: Given) -> Value:
        if any(isinstance(value, View | Elementwise) for value in given):
            if len(given) != count:
                scope.refuse(f"'{name}' takes {count} arguments")
            return elementwise(scope, given, lambda s, v: compute(s, list(v)))
        return compute(scope, _number(scope, name, given, count))

    return rule


def _extremes(largest: bool) -> Rule:
    name = "max" if largest else "min"

    def rule(scope: Scope, given: Given) -> Value:
        if len(given) == 1 and isinstance(given[0], Several):
            given = list(given[0].items)
        if len(given) == 1 and isinstance(given[0], View):
            scope.refuse(f"write np.{name}(...) of an array")
        if not given:
            scope.refuse(f"'{name}' needs numbers")
        return extreme(scope, _number(scope, name, given, len(given)), largest)

    return rule


def _abs(scope: Scope, given: Given) -> Value:
    if given and isinstance(given[0], View | Elementwise):
        return elementwise(scope, given[:1], lambda s, v: absolute(s, v[0]))
    return absolute(scope, _number(scope, "abs", given)[0])


def absolute(scope: Scope, value: Scalar) -> Scalar:
    """`abs(value)`"""
    if value.constant is not None:
        return Scalar(
            Kind.INT if value.kind is Kind.BOOL else value.kind, abs(value.constant)
        )
    if value.kind.is_float:
        compute = NUMPY_FUNCTIONS[np.fabs]
        return Scalar(value.kind, ssa=compute(scope, [value]).ssa)
    whole = as_kind(scope, value, Kind.INT) if value.kind is Kind.BOOL else value
    largest = extreme(scope, [whole, negated(scope, whole)], largest=True)
    if largest.ssa is not None:
        scope.facts.low[largest.ssa] = 0
    return largest


def _len(scope: Scope, given: Given) -> Value:
    if len(given) == 1 and isinstance(given[0], Several):
        return Scalar.of(len(given[0].items))
    array = _array(scope, "len", given)
    return array.shape[0]


def _int(scope: Scope, given: Given) -> Value:
    value = _number(scope, "int", given)[0]
    return replace_kind(truncated(scope, value), Kind.INT)


def replace_kind(value: Scalar, kind: Kind) -> Scalar:
    """The same number, known to be of another kind of whole numbers."""
    return Scalar(kind, value.constant, value.ssa, value.base, value.offset)


def _float(scope: Scope, given: Given) -> Value:
    return as_float(scope, _number(scope, "float", given)[0])


def _bool(scope: Scope, given: Given) -> Value:
    return truth(scope, _number(scope, "bool", given)[0])


def _round(scope: Scope, given: Given) -> Value:
    if len(given) != 1:
        scope.refuse("'round' to a number of digits cannot be compiled")
    value = _number(scope, "round", given)[0]
    if not value.kind.is_float:
        return value
    if value.constant is not None:
        return Scalar.of(round(value.constant))
    whole = NUMPY_FUNCTIONS[np.rint](scope, [value])
    return truncated(scope, whole)


def _pow(scope: Scope, given: Given) -> Value:
    first, second = _number(scope, "pow", given, 2)
    return binary(scope, ast.Pow(), first, second)


def _math_pow(scope: Scope, given: Given) -> Value:
    first, second = (as_float(scope, v) for v in _number(scope, "pow", given, 2))
    return binary(scope, ast.Pow(), first, second)


def _numpy_number(kind: Kind) -> Rule:
    def rule(scope: Scope, given: Given) -> Value:
        (value,) = _number(scope, kind.value, given)
        if kind.is_int:
            return replace_kind(truncated(scope, value), kind)
        return as_kind(scope, value, kind)

    return rule


def _shape(scope: Scope, value: Value) -> list[Scalar]:
    items = value.items if isinstance(value, Several) else (value,)
    shape: list[Scalar] = []
    for item in items:
        if not isinstance(item, Scalar) or not item.kind.is_int:
            scope.refuse(f"a shape is made of ints, and this is {describe(item)}")
        shape.append(item)
    return shape


def _element(scope: Scope, dtype: Value | None) -> ElementType:
    """What `dtype=` asks for; without it f64."""
    if dtype is None:
        return annotations.f64
    thing: Any = dtype.thing if isinstance(dtype, Known) else None
    if isinstance(thing, ElementType):
        return thing
    try:
        found = BY_DTYPE.get(np.dtype(thing))
    except TypeError:
        found = None
    if thing is None or found is None:
        scope.refuse(
            "this dtype cannot be compiled; numpy.float64, float32, int64, int32 and "
            "bool can"
        )
    return found


def _new(value: float | None) -> Rule:
    """`np.zeros(shape, dtype)` and others."""

    def rule(scope: Scope, given: Given) -> Value:
        if not 1 <= len(given) <= 2:
            scope.refuse("give a shape, and a dtype if it is not float64")
        element = _element(scope, given[1] if len(given) > 1 else None)
        new = allocated(scope, element, _shape(scope, given[0]))
        if value is not None:
            fill(scope, new, value)
        return new

    return rule


def _full(scope: Scope, given: Given) -> Value:
    if not 2 <= len(given) <= 3:
        scope.refuse("give a shape, a number, and a dtype if it is another one")
    (number,) = _number(scope, "full", given[1:2])
    if len(given) > 2:
        element = _element(scope, given[2])
    elif number.kind is Kind.BOOL:
        element = annotations.boolean
    else:
        element = annotations.i64 if number.kind.is_int else annotations.f64
        element = annotations.f32 if number.kind is Kind.F32 else element
    new = allocated(scope, element, _shape(scope, given[0]))
    assign_elements(scope, new, number)
    return new


def _like(value: float | None) -> Rule:
    def rule(scope: Scope, given: Given) -> Value:
        array = _array(scope, "zeros_like", given[:1])
        element = _element(scope, given[1]) if len(given) > 1 else _element_of(array)
        new = allocated(scope, element, array.shape)
        if value is not None:
            fill(scope, new, value)
        return new

    return rule


def _element_of(array: View | Elementwise) -> ElementType:
    if isinstance(array, View):
        return array.element
    kinds = {kind: element for element, kind in ELEMENT_KINDS.items()}
    kinds |= {Kind.F64: annotations.f64, Kind.NUMPY_INT: annotations.i64}
    return kinds.get(array.kind, annotations.f64)


def fill(scope: Scope, view: View, value: float) -> None:
    """Set all elements to a number of the program."""
    kind = ELEMENT_KINDS[view.element]
    number = (
        Scalar(kind, bool(value))
        if kind is Kind.BOOL
        else Scalar(kind, value if kind.is_float else int(value))
    )
    assign_elements(scope, view, number)


def _copy(scope: Scope, given: Given) -> Value:
    return materialised(scope, _array(scope, "copy", given), None)


def _sum(scope: Scope, given: Given) -> Value:
    array = _array(scope, "sum", given)
    return summed(scope, array.shape, lambda index: element_of(scope, array, index))


def _mean(scope: Scope, given: Given) -> Value:
    array = _array(scope, "mean", given)
    total = _sum(scope, [array])
    assert isinstance(total, Scalar)
    size = Scalar(Kind.NUMPY_INT, 1)
    for extent in array.shape:
        size = binary(scope, ast.Mult(), size, extent)
    assert isinstance(size, Scalar)
    kind = total.kind if total.kind.is_float else Kind.F64
    return binary(
        scope, ast.Div(), as_kind(scope, total, kind), as_kind(scope, size, kind)
    )


def _extreme_of(largest: bool) -> Rule:
    """NaN wins, as in NumPy; of no elements there is none."""
    compute = NUMPY_FUNCTIONS[np.maximum if largest else np.minimum]

    def rule(scope: Scope, given: Given) -> Value:
        array = _array(scope, "max" if largest else "min", given)
        if array.rank != 1:
            scope.refuse("the extreme of an array of several dimensions; write a loop")
        size = array.shape[0]
        some = compare(scope, ast.Gt(), size, Scalar.of(0))
        message = "ValueError: zero-size array to reduction operation"
        scope.require(some, message)
        first = element_of(scope, array, [Scalar.of(0)])
        if element_kind(array) is Kind.BOOL:
            scope.refuse("the extreme of truth values; write a loop")

        def step(best: Scalar, index: Sequence[Scalar]) -> Scalar:
            behind = binary(scope, ast.Add(), index[0], Scalar.of(1))
            return compute(scope, [best, element_of(scope, array, [behind])])

        return folded(scope, [subtract(scope, size, Scalar.of(1))], first, step)

    return rule


def _dot(scope: Scope, given: Given) -> Value:
    if len(given) != 2:
        scope.refuse("'dot' takes two arrays")
    return product(scope, given[0], given[1])


def _where(scope: Scope, given: Given) -> Value:
    if len(given) != 3:
        scope.refuse("'where' takes a condition and two values")
    if any(isinstance(value, View | Elementwise) for value in given):
        return elementwise(
            scope, given, lambda s, v: chosen(s, truth(s, v[0]), v[1], v[2])
        )
    condition, first, second = _number(scope, "where", given, 3)
    return chosen(scope, truth(scope, condition), first, second)


def _fill_method(scope: Scope, given: Given) -> Value:
    array, *rest = given
    if not isinstance(array, View):
        scope.refuse("give the array a name before it is filled")
    assign_elements(scope, array, *_number(scope, "fill", rest))
    return Known(None)


def _python_sum(scope: Scope, given: Given) -> Value:
    if len(given) == 1 and isinstance(given[0], Several):
        total: Scalar = Scalar.of(0)
        for item in _number(scope, "sum", list(given[0].items), len(given[0].items)):
            total = binary(scope, ast.Add(), total, item)
        return total
    array = _array(scope, "sum", given)
    if array.rank != 1:
        scope.refuse("write np.sum(...) of an array of several dimensions")
    return _sum(scope, given)


def _refused_range(scope: Scope, given: Given) -> Value:
    del given
    scope.refuse("a range can stand in a 'for' only; loop over it")


RULES: dict[object, Rule] = {
    **{function: _of_numbers(function) for function in MATH_FUNCTIONS},
    **{function: _of_arrays(function) for function in NUMPY_FUNCTIONS},
    builtins.min: _extremes(largest=False),
    builtins.max: _extremes(largest=True),
    builtins.abs: _abs,
    np.abs: _abs,
    np.absolute: _abs,
    builtins.len: _len,
    builtins.int: _int,
    builtins.float: _float,
    builtins.bool: _bool,
    builtins.round: _round,
    builtins.pow: _pow,
    builtins.sum: _python_sum,
    builtins.range: _refused_range,
    python_math.pow: _math_pow,
    np.float64: _numpy_number(Kind.F64),
    np.float32: _numpy_number(Kind.F32),
    np.int64: _numpy_number(Kind.NUMPY_INT),
    np.bool_: _bool,
    np.zeros: _new(0.0),
    np.empty: _new(None),
    np.ones: _new(1.0),
    np.full: _full,
    np.zeros_like: _like(0.0),
    np.empty_like: _like(None),
    np.ones_like: _like(1.0),
    np.copy: _copy,
    np.sum: _sum,
    np.mean: _mean,
    np.max: _extreme_of(largest=True),
    np.min: _extreme_of(largest=False),
    np.dot: _dot,
    np.matmul: _dot,
    np.where: _where,
}
ALLOCATING: frozenset[object] = frozenset(
    (
        *(np.zeros, np.empty, np.ones, np.full),
        *(np.zeros_like, np.empty_like, np.ones_like),
    )
)
"""Functions that take a `dtype`."""

_METHODS: dict[str, Rule] = {
    "copy": _copy,
    "sum": _sum,
    "mean": _mean,
    "max": _extreme_of(largest=True),
    "min": _extreme_of(largest=False),
    "dot": _dot,
    "fill": _fill_method,
}
