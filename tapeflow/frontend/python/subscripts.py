"""Subscripts of arrays: elements, rows, slices; all of them views of a buffer."""

import ast
from collections.abc import Sequence

from xdsl.dialects import arith, memref
from xdsl.dialects.builtin import DYNAMIC_INDEX, IndexType, MemRefType, i32, i64
from xdsl.ir import SSAValue

from tapeflow.frontend.python import annotations
from tapeflow.frontend.python.annotations import ElementType
from tapeflow.frontend.python.arithmetic import add, multiply, subtract
from tapeflow.frontend.python.comparisons import compare, extreme
from tapeflow.frontend.python.conversions import as_int, as_kind
from tapeflow.frontend.python.emitter import GIVEN
from tapeflow.frontend.python.kinds import Kind
from tapeflow.frontend.python.scope import Scope
from tapeflow.frontend.python.values import (
    Along,
    Elementwise,
    Known,
    Scalar,
    Several,
    Value,
    View,
    describe,
)

ELEMENT_KINDS: dict[ElementType, Kind] = {
    annotations.f64: Kind.F64,
    annotations.f32: Kind.F32,
    annotations.i64: Kind.NUMPY_INT,
    annotations.i32: Kind.NUMPY_INT,
    annotations.index: Kind.NUMPY_INT,
    annotations.boolean: Kind.BOOL,
}
"""What a loaded element is."""


def whole_view(
    scope: Scope,
    buffer: SSAValue,
    element: ElementType,
    sizes: Sequence[Scalar] | None = None,
    at_entry: bool = False,
) -> View:
    """All of a buffer; its sizes are asked for where they are not known."""
    type_ = buffer.type
    assert isinstance(type_, MemRefType)
    if sizes is None:
        sizes = [
            Scalar.of(extent)
            if extent != DYNAMIC_INDEX
            else _extent(scope, buffer, axis, at_entry)
            for axis, extent in enumerate(type_.get_shape())
        ]
    places = tuple(Along(Scalar.of(0), 1, axis) for axis in range(len(sizes)))
    return View(buffer, element, places, tuple(sizes), is_whole=True)


def _extent(scope: Scope, buffer: SSAValue, axis: int, at_entry: bool) -> Scalar:
    emit = scope.emitter
    op = memref.DimOp(buffer, emit.index(axis))
    size = emit.before_all(op) if at_entry else emit.value(op)
    size.name_hint = f"{buffer.name_hint or 'array'}{GIVEN}"
    return scope.int_of(size, 0)


def subscript_values(scope: Scope, node: ast.expr) -> list[Value | slice]:
    """The subscripts of `x[...]`, each evaluated once."""
    parts = node.elts if isinstance(node, ast.Tuple) else [node]
    found: list[Value | slice] = []
    for part in parts:
        if isinstance(part, ast.Slice):
            bounds = (part.lower, part.upper, part.step)
            found.append(slice(*(b and _bound(scope, b) for b in bounds)))
            continue
        value = scope.evaluate(scope, part)
        if isinstance(value, Several):
            found += value.items
        else:
            found.append(value)
    return found


def _bound(scope: Scope, node: ast.expr) -> Scalar | None:
    value = scope.evaluate(scope, node)
    if isinstance(value, Known) and value.thing is None:
        return None
    with scope.at(node):
        return _whole_number(scope, value)


def _whole_number(scope: Scope, value: Value | slice) -> Scalar:
    if isinstance(value, Scalar) and not value.kind.is_float:
        if value.kind is Kind.BOOL:
            scope.refuse("a truth value is no subscript; convert it by int(...)")
        return value
    if isinstance(value, Scalar):
        scope.refuse(f"a subscript is {value.kind.value}; convert it by int(...)")
    found = "a slice" if isinstance(value, slice) else describe(value)
    scope.refuse(
        f"a subscript is {found}, and only whole numbers and slices can be compiled; "
        "write a loop over the elements"
    )


def part_of(scope: Scope, view: View, subscripts: Sequence[Value | slice]) -> View:
    """The view of a view that subscripts give; without dimensions it is an element."""
    given = [s for s in subscripts if not _is(s, None)]
    ellipses = [n for n, s in enumerate(given) if _is(s, Ellipsis)]
    if len(given) < len(subscripts) or len(ellipses) > 1:
        scope.refuse("new axes cannot be compiled; write a loop over the elements")
    missing = view.rank - len(given) + len(ellipses)
    if missing < 0:
        scope.refuse(
            f"there are {len(given)} subscripts of an array of {view.rank} dimensions"
        )
    every = [slice(None)] * missing
    at = ellipses[0] if ellipses else len(given)
    full = [*given[:at], *every, *given[at + 1 :]]
    return _placed(scope, view, full)


def _is(subscript: Value | slice, thing: object) -> bool:
    return isinstance(subscript, Known) and subscript.thing is thing


def _placed(scope: Scope, view: View, subscripts: Sequence[Value | slice]) -> View:
    shape: list[Scalar] = []
    chosen: list[Scalar | Along] = []
    for axis, subscript in enumerate(subscripts):
        size = view.shape[axis]
        if isinstance(subscript, slice):
            along, length = _slice(scope, subscript, size, len(shape))
            shape.append(length)
            chosen.append(along)
        else:
            chosen.append(wrapped(scope, _whole_number(scope, subscript), size))
    places = tuple(
        place if isinstance(place, Scalar) else _composed(scope, place, chosen)
        for place in view.places
    )
    is_whole = view.is_whole and all(s == slice(None) for s in subscripts)
    return View(view.buffer, view.element, places, tuple(shape), is_whole)


def _composed(
    scope: Scope, place: Along, chosen: Sequence[Scalar | Along]
) -> Scalar | Along:
    inner = chosen[place.axis]
    step = Scalar.of(place.step)
    if isinstance(inner, Scalar):
        return add(scope, place.start, multiply(scope, inner, step))
    start = add(scope, place.start, multiply(scope, inner.start, step))
    return Along(start, place.step * inner.step, inner.axis)


def wrapped(scope: Scope, subscript: Scalar, size: Scalar) -> Scalar:
    """A subscript counted from the end where it is negative.

    What is then still outside is refused by the access itself.
    """
    if subscript.whole is not None:
        whole = subscript.whole
        if size.whole is not None and not -size.whole <= whole < size.whole:
            scope.refuse(
                f"IndexError: index {whole} is out of bounds of an axis of size "
                f"{size.whole}"
            )
        return add(scope, size, subscript) if whole < 0 else subscript
    low = scope.facts.subscript_low(subscript)
    if low is not None and low >= 0:
        return subscript
    emit = scope.emitter
    is_negative = compare(scope, ast.Lt(), subscript, Scalar.of(0))
    from_end = add(scope, size, subscript)
    ssa = emit.value(
        arith.SelectOp(emit.ssa(is_negative), emit.ssa(from_end), emit.ssa(subscript))
    )
    return Scalar(Kind.INT, ssa=ssa)


def _slice(
    scope: Scope, subscript: slice, size: Scalar, axis: int
) -> tuple[Along, Scalar]:
    """Where a slice begins, and how long it is."""
    step = 1 if subscript.step is None else subscript.step.whole
    if step is None or step == 0:
        scope.refuse("the step of a slice has to be a number that is not 0")
    zero, last = Scalar.of(0), subtract(scope, size, Scalar.of(1))
    least = zero if step > 0 else Scalar.of(-1)
    most = size if step > 0 else last
    ends = (least, most) if step > 0 else (most, least)
    start, stop = (
        end if given is None else _clipped(scope, given, size, least, most)
        for given, end in zip((subscript.start, subscript.stop), ends, strict=True)
    )
    difference = subtract(scope, *((stop, start) if step > 0 else (start, stop)))
    if abs(step) != 1:
        difference = _ceil_divided(scope, difference, abs(step))
    low = scope.facts.low_of(difference)
    if low is None or low < 0:
        difference = extreme(scope, [difference, zero], largest=True)
    return Along(start, step, axis), difference


def _ceil_divided(scope: Scope, value: Scalar, by: int) -> Scalar:
    if value.whole is not None:
        return Scalar.of(-(-value.whole // by))
    emit = scope.emitter
    return scope.int_of(emit.value(arith.CeilDivSIOp(emit.ssa(value), emit.index(by))))


def _clipped(
    scope: Scope, bound: Scalar, size: Scalar, least: Scalar, most: Scalar
) -> Scalar:
    if bound.whole is not None and bound.whole < 0:
        bound = add(scope, size, bound)
    elif bound.whole is None:
        low = scope.facts.low_of(bound)
        if low is None or low < 0:
            bound = wrapped(scope, bound, size)
    return _within(scope, bound, least, most)


def _within(scope: Scope, bound: Scalar, least: Scalar, most: Scalar) -> Scalar:
    if bound.whole != 0 or most.whole is None:
        bound = _below(scope, bound, most)
    low, floor = scope.facts.low_of(bound), least.whole
    if low is None or floor is None or low < floor:
        bound = extreme(scope, [bound, least], largest=True)
    return bound


def _below(scope: Scope, bound: Scalar, most: Scalar) -> Scalar:
    """At most the extent; what is less than that by a known distance is so."""
    same = (bound.base or bound.ssa) == (most.base or most.ssa)
    if bound.whole is None and same and bound.offset <= most.offset:
        return bound
    low = scope.facts.low_of(most)
    if bound.whole is not None and low is not None and bound.whole <= low:
        return bound
    return extreme(scope, [bound, most], largest=False)


def subscripts_at(
    scope: Scope, view: View, indices: Sequence[Scalar]
) -> tuple[Scalar, ...]:
    """The subscripts in the buffer of an element of a view."""
    return tuple(
        place
        if isinstance(place, Scalar)
        else add(
            scope,
            place.start,
            multiply(scope, indices[place.axis], Scalar.of(place.step)),
        )
        for place in view.places
    )


def load(scope: Scope, view: View, indices: Sequence[Scalar] = ()) -> Scalar:
    """An element of a view."""
    emit = scope.emitter
    places = [emit.ssa(i) for i in subscripts_at(scope, view, indices)]
    value = emit.value(memref.LoadOp.get(view.buffer, places))
    if view.element in (annotations.i64, annotations.i32):
        value = emit.value(arith.IndexCastOp(value, IndexType()))
    if view.element is annotations.index:
        scope.facts.subscripts[value] = 0
    return Scalar(ELEMENT_KINDS[view.element], ssa=value)


def store(
    scope: Scope, view: View, value: Scalar, indices: Sequence[Scalar] = ()
) -> None:
    """Set an element of a view, converted as NumPy converts it."""
    emit = scope.emitter
    stored = emit.ssa(stored_as(scope, view, value))
    if view.element is annotations.i64:
        stored = emit.value(arith.IndexCastOp(stored, i64))
    elif view.element is annotations.i32:
        stored = emit.value(arith.IndexCastOp(stored, i32))
    places = [emit.ssa(i) for i in subscripts_at(scope, view, indices)]
    emit.add(memref.StoreOp.get(stored, view.buffer, places))


def stored_as(scope: Scope, view: View, value: Scalar) -> Scalar:
    """A number as the elements of an array have it."""
    kind = ELEMENT_KINDS[view.element]
    if kind.is_float:
        return as_kind(scope, value, kind)
    if value.kind.is_float:
        scope.refuse(
            f"{value.kind.value} is stored in an array of whole numbers; convert it by "
            "int(...)"
        )
    if kind is Kind.BOOL:
        if value.kind is not Kind.BOOL:
            scope.refuse("a number is stored in an array of truth values")
        return value
    whole = as_int(scope, value)
    if view.element is annotations.i32:
        _require_range(scope, whole, -(2**31), 2**31 - 1)
    return whole


def _require_range(scope: Scope, value: Scalar, low: int, high: int) -> None:
    message = f"OverflowError: a whole number does not fit {low} to {high}"
    scope.require(compare(scope, ast.GtE(), value, Scalar.of(low)), message)
    scope.require(compare(scope, ast.LtE(), value, Scalar.of(high)), message)


def element_of(
    scope: Scope, array: View | Elementwise, indices: Sequence[Scalar]
) -> Scalar:
    """An element of an array of any sort."""
    return load(scope, array, indices) if isinstance(array, View) else array.at(indices)
