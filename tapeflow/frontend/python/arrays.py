"""Whole arrays: new ones, arithmetic on them, assignments to parts of them.

What is computed element by element is not stored before it has a name: `c[:] = a + b`
is one loop. As in NumPy an assignment reads everything before it writes.
"""

import ast
from collections.abc import Callable, Sequence

from xdsl.dialects import memref, scf
from xdsl.dialects.builtin import (
    DYNAMIC_INDEX,
    IndexType,
    MemRefType,
    f32,
    f64,
    i1,
    i32,
    i64,
)
from xdsl.ir import Attribute, Block, Region

from tapeflow.frontend.python import annotations
from tapeflow.frontend.python.annotations import ElementType
from tapeflow.frontend.python.arithmetic import binary
from tapeflow.frontend.python.comparisons import compare
from tapeflow.frontend.python.emitter import discard
from tapeflow.frontend.python.kinds import Kind
from tapeflow.frontend.python.scope import Scope
from tapeflow.frontend.python.subscripts import (
    ELEMENT_KINDS,
    element_of,
    store,
    whole_view,
)
from tapeflow.frontend.python.values import (
    Along,
    ArrayLike,
    Elementwise,
    Known,
    Scalar,
    Value,
    View,
    describe,
)

MLIR_ELEMENTS: dict[ElementType, Attribute] = {
    annotations.f64: f64,
    annotations.f32: f32,
    annotations.i64: i64,
    annotations.i32: i32,
    annotations.index: IndexType(),
    annotations.boolean: i1,
}
_OF_KIND = {
    Kind.BOOL: annotations.boolean,
    Kind.F32: annotations.f32,
    Kind.INT: annotations.i64,
    Kind.NUMPY_INT: annotations.i64,
}
"""What an array of computed elements holds; all others are f64."""


def memref_type(
    element: ElementType, extents: Sequence[int | None]
) -> MemRefType[Attribute]:
    """The buffer of an array; extents that are not known are dynamic."""
    shape = [DYNAMIC_INDEX if n is None else n for n in extents]
    return MemRefType(MLIR_ELEMENTS[element], shape)


def allocated(
    scope: Scope, element: ElementType, shape: Sequence[Scalar], name: str | None = None
) -> View:
    """A new array with contents that are not defined."""
    emit = scope.emitter
    for extent in shape:
        if extent.whole is not None and extent.whole < 0:
            scope.refuse("ValueError: negative dimensions are not allowed")
    type_ = memref_type(element, [extent.whole for extent in shape])
    dynamic = [emit.ssa(extent) for extent in shape if extent.whole is None]
    for extent in shape:
        known = scope.facts.low_of(extent)
        scope.facts.add(scope.facts.at_least(extent, max(0, known or 0)))
    op = emit.add(memref.AllocOp(dynamic, [], type_))
    op.memref.name_hint = name
    if emit.block is emit.entry:
        emit.last.append(memref.DeallocOp.get(op.memref))
    return whole_view(scope, op.memref, element, list(shape))


def for_each(
    scope: Scope, shape: Sequence[Scalar], body: Callable[[Sequence[Scalar]], None]
) -> None:
    """Loops over all elements of a shape, the last dimension fastest."""
    _nest(scope, shape, (), body)


def _nest(
    scope: Scope,
    shape: Sequence[Scalar],
    indices: tuple[Scalar, ...],
    body: Callable[[Sequence[Scalar]], None],
) -> None:
    if not shape:
        body(indices)
        return
    emit = scope.emitter
    block = Block(arg_types=[IndexType()])
    index = _counter(block, len(indices))
    outer, scope.facts = scope.facts, scope.facts.copy()
    scope.facts.low[block.args[0]] = 0
    scope.facts.add(scope.facts.at_least(shape[0], 1))
    with emit.inside(block):
        _nest(scope, shape[1:], (*indices, index), body)
        emit.add(scf.YieldOp())
    scope.facts = outer
    bounds = (emit.index(0), emit.ssa(shape[0]), emit.index(1))
    emit.add(scf.ForOp(*bounds, [], Region(block)))


def _counter(block: Block, depth: int) -> Scalar:
    block.args[0].name_hint = "ijklmnopq"[min(depth, 8)]
    return Scalar(Kind.INT, ssa=block.args[0])


def folded(
    scope: Scope,
    shape: Sequence[Scalar],
    start: Scalar,
    step: Callable[[Scalar, Sequence[Scalar]], Scalar],
) -> Scalar:
    """A number carried through loops over all elements of a shape."""
    return _fold_nest(scope, shape, (), start, step)


def _fold_nest(
    scope: Scope,
    shape: Sequence[Scalar],
    indices: tuple[Scalar, ...],
    start: Scalar,
    step: Callable[[Scalar, Sequence[Scalar]], Scalar],
) -> Scalar:
    if not shape:
        return step(start, indices)
    emit = scope.emitter
    block = Block(arg_types=[IndexType(), start.kind.type])
    index = _counter(block, len(indices))
    outer, scope.facts = scope.facts, scope.facts.copy()
    scope.facts.low[block.args[0]] = 0
    scope.facts.add(scope.facts.at_least(shape[0], 1))
    block.args[1].name_hint = "sum"
    with emit.inside(block):
        carried = Scalar(start.kind, ssa=block.args[1])
        inner = _fold_nest(scope, shape[1:], (*indices, index), carried, step)
        emit.add(scf.YieldOp(emit.ssa(inner)))
    scope.facts = outer
    bounds = (emit.index(0), emit.ssa(shape[0]), emit.index(1))
    op = emit.add(scf.ForOp(*bounds, [emit.ssa(start)], Region(block)))
    return Scalar(start.kind, ssa=op.results[0])


def element_kind(array: ArrayLike) -> Kind:
    """The kind of an array's elements."""
    return ELEMENT_KINDS[array.element] if isinstance(array, View) else array.kind


def elementwise(
    scope: Scope,
    operands: Sequence[Value],
    compute: Callable[[Scope, Sequence[Scalar]], Scalar],
) -> Elementwise:
    """What a function of numbers gives for arrays, with NumPy's broadcasting."""
    arrays = [v for v in operands if isinstance(v, View | Elementwise)]
    for value in operands:
        if not isinstance(value, Scalar | View | Elementwise):
            scope.refuse(f"arithmetic with {describe(value)} cannot be compiled")
    shape = _broadcast(scope, arrays)
    node = scope.node

    def at(indices: Sequence[Scalar]) -> Scalar:
        values: list[Scalar] = []
        for value in operands:
            if isinstance(value, Scalar):
                values.append(value)
            elif isinstance(value, View | Elementwise):
                used = indices[len(indices) - value.rank :]
                used = [
                    Scalar.of(0) if extent.whole == 1 else index
                    for index, extent in zip(used, value.shape, strict=True)
                ]
                values.append(element_of(scope, value, used))
        with scope.at(node):
            return compute(scope, values)

    reads = tuple(
        view
        for array in arrays
        for view in ((array,) if isinstance(array, View) else array.reads)
    )
    return Elementwise(_kind_of(scope, at, shape), shape, at, reads)


def _kind_of(
    scope: Scope, at: Callable[[Sequence[Scalar]], Scalar], shape: Sequence[Scalar]
) -> Kind:
    """The kind of the elements, found by writing one on trial."""
    trial = Block(arg_types=[IndexType()] * len(shape))
    facts, scope.facts = scope.facts, scope.facts.copy()
    for argument in trial.args:
        scope.facts.low[argument] = 0
    with scope.emitter.inside(trial):
        kind = at([Scalar(Kind.INT, ssa=a) for a in trial.args]).kind
    scope.facts = facts
    discard(trial)
    return kind


def _broadcast(scope: Scope, arrays: Sequence[ArrayLike]) -> tuple[Scalar, ...]:
    rank = max(array.rank for array in arrays)
    shape: list[Scalar] = []
    for axis in range(rank):
        extents = [
            array.shape[axis - rank + array.rank]
            for array in arrays
            if axis - rank + array.rank >= 0
        ]
        shape.append(_common_extent(scope, extents))
    return tuple(shape)


def _common_extent(scope: Scope, extents: Sequence[Scalar]) -> Scalar:
    """The extent of all; those that are not known may not be 1 beside another."""
    wide = [extent for extent in extents if extent.whole != 1]
    if not wide:
        return extents[0]
    first = next((e for e in wide if e.whole is not None), wide[0])
    for extent in wide:
        require_equal(scope, extent, first)
    return first


def require_equal(scope: Scope, first: Scalar, second: Scalar) -> None:
    """Extents are the same, or that is checked when it runs."""
    if first == second:
        return
    message = "ValueError: arrays of different shapes meet"
    if first.whole is not None and second.whole is not None:
        if first.whole != second.whole:
            scope.refuse(
                f"{message}: an extent of {first.whole} and one of {second.whole}"
            )
        return
    one, other = ((s.base or s.ssa, s.offset) for s in (first, second))
    if one != other:
        scope.require(compare(scope, ast.Eq(), first, second), message)


def binary_arrays(scope: Scope, op: ast.operator, first: Value, second: Value) -> Value:
    """An operator between arrays, or an array and a number."""
    if isinstance(op, ast.MatMult):
        return product(scope, first, second)
    return elementwise(
        scope, (first, second), lambda s, pair: _operated(s, op, pair[0], pair[1])
    )


def _operated(scope: Scope, op: ast.operator, first: Scalar, second: Scalar) -> Scalar:
    """NumPy squares an array where it is raised to the power of 2."""
    if isinstance(op, ast.Pow) and second.constant == 2 and first.kind.is_float:
        return binary(scope, ast.Mult(), first, first)
    return binary(scope, op, first, second)


def product(scope: Scope, first: Value, second: Value) -> Value:
    """`a @ b` and `np.dot(a, b)` of vectors and matrices."""
    for value in (first, second):
        if not isinstance(value, View | Elementwise):
            scope.refuse(f"a matrix product with {describe(value)}; give arrays")
    assert isinstance(first, View | Elementwise)
    assert isinstance(second, View | Elementwise)
    if not (first.rank in (1, 2) and second.rank in (1, 2)):
        scope.refuse("products of arrays of more than two dimensions; write loops")
    if first.rank + second.rank > 2:
        first, second = (
            array if isinstance(array, View) else materialised(scope, array, None)
            for array in (first, second)
        )
    inner = first.shape[-1]
    require_equal(scope, inner, second.shape[0])
    rows, columns = first.shape[:-1], second.shape[1:]

    def at(indices: Sequence[Scalar]) -> Scalar:
        row, column = indices[: len(rows)], indices[len(rows) :]

        def term(scope: Scope, k: Scalar) -> Scalar:
            left = element_of(scope, first, [*row, k])
            right = element_of(scope, second, [k, *column])
            return binary(scope, ast.Mult(), left, right)

        return summed(scope, (inner,), lambda index: term(scope, index[0]))

    if not rows and not columns:
        return at(())
    reads = tuple(
        view
        for array in (first, second)
        for view in ((array,) if isinstance(array, View) else array.reads)
    )
    shape = (*rows, *columns)
    return Elementwise(_kind_of(scope, at, shape), shape, at, reads, is_local=False)


def summed(
    scope: Scope,
    shape: Sequence[Scalar],
    term: Callable[[Sequence[Scalar]], Scalar],
) -> Scalar:
    """The sum of terms, in order of their indices."""
    kind = _kind_of(scope, term, shape)
    if kind is Kind.BOOL:
        kind = Kind.NUMPY_INT
    zero = Scalar(kind, 0.0 if kind.is_float else 0)
    return folded(
        scope, shape, zero, lambda s, index: binary(scope, ast.Add(), s, term(index))
    )


def assign_elements(scope: Scope, place: View, value: Value) -> None:
    """`place[...] = value`: everything is read before anything is written."""
    if isinstance(value, Known):
        scope.refuse(f"elements are set to {describe(value)}")
    if isinstance(value, Scalar):
        number = value
        for_each(scope, place.shape, lambda index: store(scope, place, number, index))
        return
    if not isinstance(value, View | Elementwise):
        scope.refuse(f"elements are set to {describe(value)}; give an array")
    if value.rank > place.rank:
        scope.refuse(
            f"an array of {value.rank} dimensions is stored in one of {place.rank}"
        )
    for mine, given in zip(reversed(place.shape), reversed(value.shape), strict=False):
        if given.whole != 1:
            require_equal(scope, mine, given)
    if _may_overlap(scope, place, value):
        value = materialised(scope, value, None)
    source = value

    def body(index: Sequence[Scalar]) -> None:
        used = index[len(index) - source.rank :]
        used = [
            Scalar.of(0) if extent.whole == 1 and mine.whole != 1 else i
            for i, extent, mine in zip(
                used, source.shape, place.shape[len(index) - source.rank :], strict=True
            )
        ]
        store(scope, place, element_of(scope, source, used), index)

    for_each(scope, place.shape, body)


def _may_overlap(scope: Scope, place: View, value: ArrayLike) -> bool:
    """Whether an element may be written before it is read."""
    reads = (value,) if isinstance(value, View) else value.reads
    is_local = isinstance(value, View) or value.is_local
    for view in reads:
        if view.buffer is place.buffer:
            same = (view.places, view.shape) == (place.places, place.shape)
            if not (is_local and same):
                return True
        elif view.element.dtype == place.element.dtype and not (
            _is_own(scope, view) and _is_own(scope, place)
        ):
            return True
    return False


def _is_own(scope: Scope, view: View) -> bool:
    """Whether no other name can be of the same memory: an argument, a new array."""
    owner = view.buffer.owner
    return owner is scope.emitter.entry or isinstance(owner, memref.AllocOp)


def materialised(scope: Scope, value: ArrayLike, name: str | None) -> View:
    """An array that holds the elements."""
    element = (
        value.element
        if isinstance(value, View)
        else _OF_KIND.get(value.kind, annotations.f64)
    )
    new = allocated(scope, element, value.shape, name)
    for_each(
        scope,
        value.shape,
        lambda index: store(scope, new, element_of(scope, value, index), index),
    )
    return new


def transposed(view: View) -> View:
    """`x.T`"""
    rank = view.rank
    places = tuple(
        place
        if isinstance(place, Scalar)
        else Along(place.start, place.step, rank - 1 - place.axis)
        for place in view.places
    )
    is_whole = view.is_whole and rank < 2
    return View(view.buffer, view.element, places, view.shape[::-1], is_whole)
