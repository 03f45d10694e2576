"""What a `for` runs over: ranges up and down, arrays, `enumerate` and `zip`."""

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from xdsl.dialects import arith
from xdsl.ir import SSAValue

from tapeflow.frontend.python.arithmetic import add, multiply, subtract
from tapeflow.frontend.python.comparisons import compare, extreme
from tapeflow.frontend.python.kinds import Kind
from tapeflow.frontend.python.scope import Scope
from tapeflow.frontend.python.subscripts import load, part_of
from tapeflow.frontend.python.values import (
    Elementwise,
    Fact,
    Known,
    Scalar,
    Several,
    Value,
    View,
    describe,
)


@dataclass(frozen=True)
class Count:
    """The iterations of a `for` loop."""

    bounds: tuple[Scalar, Scalar, Scalar]
    """Of the `scf.for`: from, to, by."""
    value: Callable[[Scope, Scalar], Value]
    """What the target is in the iteration of a number, counted from 0."""
    is_plain: bool = False
    """Whether the target is the counter of the `scf.for` itself."""
    nonempty: tuple[Scalar, int] | None = None
    """A number that is greater than another wherever the body runs."""

    @property
    def trips(self) -> Scalar:
        """How many iterations, where the loop counts from 0 by 1."""
        return self.bounds[1]

    def value_of(self, scope: Scope, induction: SSAValue) -> Value:
        """What the target is for a counter of the `scf.for`."""
        counter = Scalar(Kind.INT, ssa=induction)
        return counter if self.is_plain else self.value(scope, counter)

    def facts_inside(self, scope: Scope, induction: SSAValue) -> tuple[Fact, ...]:
        """What is known where the body runs."""
        facts = scope.facts
        low = facts.low_of(self.bounds[0])
        subscript_low = facts.subscript_low(self.bounds[0])
        if subscript_low is not None:
            facts.subscripts[induction] = subscript_low
        found = () if low is None else (Fact(induction, low),)
        if self.nonempty is not None:
            size, least = self.nonempty
            found += facts.at_least(size, least)
        return found


def counts_of(scope: Scope, node: ast.expr) -> Count:
    """The iterations of `for ... in node`."""
    if isinstance(node, ast.Call):
        function = scope.evaluate(scope, node.func)
        thing = function.thing if isinstance(function, Known) else None
        is_strict = _strict(scope, thing, node)
        if thing is range:
            return _range(scope, [_whole(scope, arg) for arg in node.args])
        if thing is enumerate and len(node.args) == 1:
            inner = from_zero(scope, counts_of(scope, node.args[0]))
            return _counted(inner, lambda s, k: Several((k, _item(inner, s, k))))
        if thing is reversed and len(node.args) == 1:
            return _reversed(scope, counts_of(scope, node.args[0]))
        if thing is zip and node.args:
            counts = [counts_of(scope, arg) for arg in node.args]
            return _zipped(scope, counts, is_strict)
    value = scope.evaluate(scope, node)
    if isinstance(value, View | Elementwise) and value.rank:
        return _elements(scope, value)
    scope.refuse(
        f"a loop over {describe(value)} cannot be compiled; loop over range(...), an "
        "array, enumerate(...) or zip(...)"
    )


def _whole(scope: Scope, node: ast.expr) -> Scalar:
    value = scope.evaluate(scope, node)
    with scope.at(node):
        if isinstance(value, Scalar) and value.kind.is_int:
            return value
        scope.refuse(f"a range goes over ints, and this is {describe(value)}")


def _range(scope: Scope, given: Sequence[Scalar]) -> Count:
    if not 1 <= len(given) <= 3:
        scope.refuse("range takes one to three numbers")
    zero, one = Scalar.of(0), Scalar.of(1)
    start, stop = (zero, given[0]) if len(given) == 1 else given[:2]
    step = given[2] if len(given) == 3 else one
    if step.whole == 0:
        scope.refuse("ValueError: the step of a range is 0")
    if step.whole is not None and step.whole > 0:
        low = scope.facts.low_of(start)
        nonempty = None if low is None else (stop, low + 1)
        return Count((start, stop, step), _from(start, step), True, nonempty)
    if step.whole is None:
        scope.require(
            compare(scope, ast.NotEq(), step, zero),
            "ValueError: the step of a range is 0",
        )
    trips = _trips(scope, start, stop, step)
    return Count((zero, trips, one), _descending(start, stop, step))


def _from(start: Scalar, step: Scalar) -> Callable[[Scope, Scalar], Value]:
    return lambda scope, k: add(scope, start, multiply(scope, k, step))


def _descending(
    start: Scalar, stop: Scalar, step: Scalar
) -> Callable[[Scope, Scalar], Value]:
    def value(scope: Scope, k: Scalar) -> Value:
        if step.whole is None:
            return add(scope, start, multiply(scope, k, step))
        number = subtract(scope, start, multiply(scope, k, Scalar.of(-step.whole)))
        low = scope.facts.low_of(stop)
        if low is not None and number.ssa is not None:
            scope.facts.low[number.ssa] = low + 1
        return number

    return value


def _trips(scope: Scope, start: Scalar, stop: Scalar, step: Scalar) -> Scalar:
    """How many numbers a range has; a loop to a negative number does not run."""
    emit = scope.emitter
    if step.whole is not None:
        distance = subtract(scope, start, stop)
        if step.whole == -1:
            return distance
        return _ceil(scope, distance, Scalar.of(-step.whole))
    is_up = compare(scope, ast.Gt(), step, Scalar.of(0))
    up = _ceil(scope, subtract(scope, stop, start), step)
    down = _ceil(
        scope,
        subtract(scope, start, stop),
        subtract(scope, Scalar.of(0), step),
    )
    chosen = arith.SelectOp(emit.ssa(is_up), emit.ssa(up), emit.ssa(down))
    return scope.int_of(emit.value(chosen))


def _ceil(scope: Scope, value: Scalar, by: Scalar) -> Scalar:
    if value.whole is not None and by.whole is not None:
        return Scalar.of(-(-value.whole // by.whole))
    emit = scope.emitter
    return scope.int_of(emit.value(arith.CeilDivSIOp(emit.ssa(value), emit.ssa(by))))


def _elements(scope: Scope, array: View | Elementwise) -> Count:
    def value(scope: Scope, k: Scalar) -> Value:
        if isinstance(array, Elementwise):
            if array.rank == 1:
                return array.at([k])
            scope.refuse("give the array a name before the loop over its rows")
        part = part_of(scope, array, [k])
        return part if part.rank else load(scope, part)

    size = array.shape[0]
    bounds = (Scalar.of(0), size, Scalar.of(1))
    return Count(bounds, value, nonempty=(size, 1))


def _item(count: Count, scope: Scope, k: Scalar) -> Value:
    return k if _is_from_zero(count) and count.is_plain else count.value(scope, k)


def _is_from_zero(count: Count) -> bool:
    return count.bounds[0].whole == 0 and count.bounds[2].whole == 1


def from_zero(scope: Scope, count: Count) -> Count:
    """The same iterations, counted from 0 by 1."""
    if _is_from_zero(count):
        return count
    start, stop, step = count.bounds
    trips = subtract(scope, stop, start)
    if step.whole != 1:
        trips = _ceil(scope, trips, step)
    return Count((Scalar.of(0), trips, Scalar.of(1)), count.value)


def _counted(inner: Count, value: Callable[[Scope, Scalar], Value]) -> Count:
    bounds = inner.bounds
    return Count(bounds, value, nonempty=inner.nonempty)


def _reversed(scope: Scope, inner: Count) -> Count:
    inner = from_zero(scope, inner)

    def value(scope: Scope, k: Scalar) -> Value:
        last = subtract(scope, inner.trips, Scalar.of(1))
        number = subtract(scope, last, k)
        if number.ssa is not None:
            scope.facts.low[number.ssa] = 0
        return inner.value(scope, number)

    return Count(inner.bounds, value, nonempty=inner.nonempty)


def _strict(scope: Scope, thing: object, node: ast.Call) -> bool:
    """Whether a `zip` is strict; other keywords are refused."""
    match node.keywords:
        case []:
            return False
        case [ast.keyword(arg="strict", value=ast.Constant(value=bool(strict)))] if (
            thing is zip
        ):
            return strict
        case _:
            scope.refuse("keywords of what a loop runs over cannot be compiled")


def _zipped(scope: Scope, counts: Sequence[Count], is_strict: bool) -> Count:
    """As long as the shortest."""
    plain = [from_zero(scope, count) for count in counts]
    if is_strict:
        scope.refuse("zip(..., strict=True) cannot be compiled; compare lengths before")
    trips = extreme(scope, [count.trips for count in plain], largest=False)
    bounds = (Scalar.of(0), trips, Scalar.of(1))
    return Count(
        bounds, lambda s, k: Several(tuple(_item(count, s, k) for count in plain))
    )
