"""Loops and branches as regions, with what they carry and give.

What a loop carries gets the kind that it has at the head and at the end; where these
differ, the loop is written again with the kind of both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from xdsl.dialects import memref, scf
from xdsl.ir import Attribute, Block, SSAValue

from tapeflow.frontend.python.conversions import as_kind, merged_kind
from tapeflow.frontend.python.emitter import GIVEN, discard
from tapeflow.frontend.python.escapes import RESULT, is_internal
from tapeflow.frontend.python.facts import Facts
from tapeflow.frontend.python.kinds import Kind
from tapeflow.frontend.python.scope import Scope
from tapeflow.frontend.python.subscripts import whole_view
from tapeflow.frontend.python.values import (
    Scalar,
    Several,
    Unbound,
    Value,
    View,
    describe,
)

Names = Mapping[str, Value]


def hinted(name: str, value: Value) -> None:
    """Give an SSA value the name of the variable, unless it has one."""
    ssa = value.ssa if isinstance(value, Scalar) else None
    if isinstance(value, View) and value.is_whole:
        ssa = value.buffer
    if ssa is not None and (ssa.name_hint is None or ssa.name_hint.endswith(GIVEN)):
        ssa.name_hint = name.lstrip(".")


def branch(
    scope: Scope,
    condition: Scalar,
    first: Callable[[], None],
    second: Callable[[], None],
    wanted: Iterable[str],
) -> None:
    """Write an `scf.if`; the names wanted have the value of the branch that ran."""
    emit = scope.emitter
    before, facts = dict(scope.names), scope.facts
    sides: list[tuple[Block, dict[str, Value], bool]] = []
    for lower, implied in ((first, condition.if_true), (second, condition.if_false)):
        scope.names, scope.facts, scope.is_dead = dict(before), facts.copy(), False
        scope.facts.add(implied)
        with emit.inside(Block()) as block:
            lower()
        sides.append((block, scope.names, scope.is_dead))
    scope.names, scope.facts = before, facts
    scope.is_dead = all(is_dead for *_, is_dead in sides)
    (then, then_names, _), (orelse, orelse_names, _) = sides
    if scope.is_dead:
        wanted = ()
    results = _Results(scope, sides)
    for name in sorted(wanted):
        pair = (then_names.get(name), orelse_names.get(name))
        scope.names[name] = results.merge(name, *pair)
    for side, block in enumerate((then, orelse)):
        with emit.inside(block):
            emit.add(scf.YieldOp(*(pair[side] for pair in results.values)))
    has_else = bool(results.values) or len(list(orelse.ops)) > 1
    types = [pair[0].type for pair in results.values]
    op = scf.IfOp(emit.ssa(condition), types, [then], [orelse] if has_else else None)
    emit.add(op)
    results.define(op.results)


@dataclass
class _Pending:
    """A merged number whose SSA value the branch will give."""

    name: str
    position: int
    kind: Kind


class _Results:
    """What a branch gives: one value a name, or a part of a tuple."""

    def __init__(self, scope: Scope, sides: list[tuple[Block, dict[str, Value], bool]]):
        self._scope = scope
        self._sides = sides
        self.values: list[tuple[SSAValue, SSAValue]] = []
        self._known: dict[tuple[SSAValue, SSAValue], int] = {}
        self._shapes: dict[str, Value] = {}
        self._pending: list[_Pending] = []

    def merge(self, name: str, first: Value | None, second: Value | None) -> Value:
        """The value of a name behind the branch; SSA values come later."""
        value = self._merged(name, first, second)
        self._shapes[name] = value
        return value

    def define(self, results: Iterable[SSAValue]) -> None:
        """Put the results of the operation in their places."""
        values = list(results)
        for name, shape in self._shapes.items():
            value = _with_results(shape, values)
            self._scope.names[name] = value
            hinted(name, value)

    def _merged(self, name: str, first: Value | None, second: Value | None) -> Value:
        dead = [is_dead for *_, is_dead in self._sides]
        if first is not None and first == second:
            return first
        if dead[0] and second is not None:
            return second if not isinstance(second, Scalar) else self._same(second, 1)
        if dead[1] and first is not None:
            return first if not isinstance(first, Scalar) else self._same(first, 0)
        match first, second:
            case Several(), Several() if len(first.items) == len(second.items):
                pairs = zip(first.items, second.items, strict=True)
                return Several(tuple(self._merged(name, a, b) for a, b in pairs))
            case _:
                pass
        missing = [v is None or isinstance(v, Unbound) for v in (first, second)]
        if is_internal(name) and any(missing):
            known = second if missing[0] else first
            if isinstance(known, Scalar):
                return self._same(known, 1 if missing[0] else 0)
            if isinstance(known, Several):
                empty = Several((Unbound(""),) * len(known.items))
                pair = (empty, known) if missing[0] else (known, empty)
                return self._merged(name, *pair)
            if known is not None:
                return known
        if any(missing):
            line = getattr(self._scope.node, "lineno", 0)
            return Unbound(
                f"'{name}' is bound on one side of the 'if' of line {line} only; give "
                "it a value before"
            )
        if isinstance(first, Scalar) and isinstance(second, Scalar):
            return self._numbers(name, first, second)
        assert first is not None and second is not None
        if isinstance(first, View) and isinstance(second, View):
            return Unbound(
                f"'{name}' is one array or another, as data decides; use the arrays in "
                "both branches, or copy into one"
            )
        return Unbound(
            f"'{name}' is {describe(first)} on one side of a branch and "
            f"{describe(second)} on the other"
        )

    def _numbers(self, name: str, first: Scalar, second: Scalar) -> Value:
        scope = self._scope
        kind = merged_kind(scope, first, second)
        if kind is None:
            what = "what is returned" if name == RESULT else f"'{name}'"
            scope.refuse(
                f"{what} is {first.kind.value} on one side of this branch and "
                f"{second.kind.value} on the other; convert one of them"
            )
        pair: list[SSAValue] = []
        for value, (block, _, _) in zip((first, second), self._sides, strict=True):
            with scope.emitter.inside(block):
                pair.append(scope.emitter.ssa(as_kind(scope, value, kind)))
        return self._result(kind, pair[0], pair[1])

    def _same(self, known: Scalar, side: int) -> Scalar:
        """A number that only one side has; the other gives a zero that nobody reads."""
        scope = self._scope
        with scope.emitter.inside(self._sides[side][0]):
            value = scope.emitter.ssa(known)
        zero = scope.emitter.constant(known.kind, 0)
        pair = (value, zero) if side == 0 else (zero, value)
        return self._result(known.kind, *pair)

    def _result(self, kind: Kind, first: SSAValue, second: SSAValue) -> Scalar:
        if first is second:
            return Scalar(kind, ssa=first)
        pair = first, second
        if pair not in self._known:
            self._known[pair] = len(self.values)
            self.values.append(pair)
        placeholder = Scalar(kind, ssa=first, offset=0)
        return _Numbered(kind, ssa=placeholder.ssa, number=self._known[pair])


@dataclass(frozen=True)
class _Numbered(Scalar):
    """Stands for a result of a branch that is not written yet."""

    number: int = 0


def _with_results(value: Value, results: list[SSAValue]) -> Value:
    if isinstance(value, _Numbered):
        return Scalar(value.kind, ssa=results[value.number])
    if isinstance(value, Several):
        return Several(tuple(_with_results(item, results) for item in value.items))
    return value


@dataclass
class Carried:
    """The variables that a loop carries, flat: each is one SSA value."""

    scope: Scope
    names: list[str]
    assumed: dict[str, Value]
    lows: dict[str, int | None]
    """The least that a whole number is, for subscripts at least."""
    proven: set[str]
    """The names of which that holds for all uses."""
    unbound: list[str] = field(default_factory=list[str])
    """Names of ours that are bound in the loop first."""
    names_before: dict[str, Value] = field(default_factory=dict[str, Value])
    facts_before: Facts = field(default_factory=Facts)

    @staticmethod
    def of(scope: Scope, names: Iterable[str]) -> Carried:
        """The names that are bound before the loop, and internal ones."""
        known = {
            name: scope.names[name]
            for name in sorted(names)
            if isinstance(scope.names.get(name), Scalar | View | Several)
        }
        carried = Carried(scope, [*known], known, {}, set())
        carried.unbound = [
            name for name in sorted(names) if is_internal(name) and name not in known
        ]
        for name, value in known.items():
            if isinstance(value, Several):
                scope.refuse(
                    f"'{name}' is a tuple that a loop changes; give its parts names of "
                    "their own"
                )
            carried.lows[name] = carried.low(value)
            if isinstance(value, Scalar) and scope.facts.low_of(value) is not None:
                carried.proven.add(name)
        return carried

    def low(self, value: Value) -> int | None:
        if not isinstance(value, Scalar) or not value.kind.is_int:
            return None
        return self.scope.facts.subscript_low(value)

    def initial(self) -> list[SSAValue]:
        """What the loop begins with, in the kinds that it carries."""
        scope = self.scope
        return [self._ssa(name, scope.names[name]) for name in self.names]

    def types(self) -> list[Attribute]:
        return [
            value.kind.type if isinstance(value, Scalar) else _buffer(value).type
            for value in self.assumed.values()
        ]

    def enter(self, arguments: Iterable[SSAValue]) -> None:
        """Bind the names to what is carried."""
        facts = self.scope.facts
        for name, argument in zip(self.names, arguments, strict=True):
            argument.name_hint = name.lstrip(".")
            assumed = self.assumed[name]
            if isinstance(assumed, Scalar):
                number = Scalar(assumed.kind, ssa=argument, literal=assumed.constant)
                self.scope.names[name] = number
                low = self.lows[name]
                if assumed.kind.is_int and low is not None:
                    facts.subscripts[argument] = low
                    if name in self.proven:
                        facts.low[argument] = low
            else:
                assert isinstance(assumed, View)
                view = whole_view(
                    self.scope, argument, assumed.element, sizes=assumed.shape
                )
                self.scope.names[name] = view

    def disagreement(self) -> bool:
        """Whether the names at the end do not fit what was assumed; it then does."""
        changed = False
        for name in self.names:
            assumed, value = self.assumed[name], self.scope.names.get(name)
            if isinstance(assumed, View):
                self._require_same_shape(name, assumed, value)
                continue
            assert isinstance(assumed, Scalar)
            if not isinstance(value, Scalar):
                self._refuse_change(name, assumed, value)
            kind = merged_kind(self.scope, assumed, value)
            if kind is None:
                self._refuse_change(name, assumed, value)
            if kind is not assumed.kind:
                self.assumed[name] = Scalar(
                    kind, ssa=assumed.ssa, constant=_kept(assumed, kind)
                )
                changed = True
            changed |= self._lower(name, value)
        return changed

    def _lower(self, name: str, value: Scalar) -> bool:
        """Take back what was assumed of the least that a number may be."""
        low = self.lows[name]
        if low is None or not value.kind.is_int:
            return False
        now, proven = self.low(value), self.scope.facts.low_of(value)
        if name in self.proven and (proven is None or proven < low):
            self.proven.discard(name)
            return True
        if now is not None and now >= low:
            return False
        self.lows[name] = 0 if low > 0 and now is not None and now >= 0 else None
        return True

    def require_kinds(self, blocks: Iterable[Block]) -> None:
        """Raises PythonError where only an inner loop changed the kind of a literal."""
        for block in blocks:
            arguments = list(block.args)[-len(self.names) :] if self.names else []
            for name, argument in zip(self.names, arguments, strict=True):
                if argument in self.scope.emitter.literal_uses:
                    assumed = self.assumed[name]
                    self._refuse_change(name, assumed, self.scope.names.get(name))

    def ended(self) -> list[SSAValue]:
        """What an iteration passes on."""
        return [self._ssa(name, self.scope.names[name]) for name in self.names]

    def leave(self, results: Iterable[SSAValue]) -> None:
        """Bind the names to what the loop gives."""
        self.enter(results)

    def _ssa(self, name: str, value: Value) -> SSAValue:
        assumed = self.assumed[name]
        if isinstance(value, Scalar) and isinstance(assumed, Scalar):
            return self.scope.emitter.ssa(as_kind(self.scope, value, assumed.kind))
        buffer = _buffer(value)
        assert isinstance(assumed, View)
        expected = assumed.type
        if buffer.type != expected:
            buffer = self.scope.emitter.value(memref.CastOp.get(buffer, expected))
        return buffer

    def _require_same_shape(
        self, name: str, assumed: View, value: Value | None
    ) -> None:
        if not isinstance(value, View) or not value.is_whole:
            self._refuse_change(name, assumed, value)
        if not assumed.is_whole:
            self.scope.refuse(
                f"'{name}' is a view that a loop changes; use subscripts of the whole "
                "array instead"
            )
        same = len(value.shape) == len(assumed.shape) and all(
            _same_size(a, b) for a, b in zip(value.shape, assumed.shape, strict=True)
        )
        if not same or value.element is not assumed.element:
            self.scope.refuse(
                f"'{name}' may be an array of another shape or type after an iteration "
                "of this loop; swap arrays that are allocated with the same sizes"
            )

    def _refuse_change(self, name: str, before: Value, after: Value | None):
        found = "nothing" if after is None else describe(after)
        if isinstance(after, Unbound):
            self.scope.refuse(after.reason)
        what = "what is returned" if name == RESULT else f"'{name}'"
        self.scope.refuse(
            f"{what} is {describe(before)} before an iteration of this loop and "
            f"{found} after it; convert one of them"
        )


def _kept(assumed: Scalar, kind: Kind) -> bool | int | float | None:
    number = assumed.constant
    return float(number) if number is not None and kind.is_float else number


def _same_size(first: Scalar, second: Scalar) -> bool:
    if first.whole is not None or second.whole is not None:
        return first.whole == second.whole
    pair = ((s.base or s.ssa, s.offset) for s in (first, second))
    return next(pair) == next(pair)


def _buffer(value: Value) -> SSAValue:
    assert isinstance(value, View) and value.is_whole
    return value.buffer


def written_until_stable(
    scope: Scope, carried: Carried, write: Callable[[], tuple[Block, ...]]
) -> tuple[Block, ...]:
    """Write a loop's blocks, again if what it carries is of other kinds at the end."""
    _bind_internal(scope, carried, write)
    names, facts = dict(scope.names), scope.facts
    carried.names_before, carried.facts_before = names, facts
    while True:
        scope.names, scope.facts, scope.is_dead = dict(names), facts.copy(), False
        blocks = write()
        if not carried.disagreement():
            carried.require_kinds(blocks)
            return blocks
        for block in reversed(blocks):
            discard(block)


def _bind_internal(
    scope: Scope, carried: Carried, write: Callable[[], tuple[Block, ...]]
) -> None:
    """Names of ours that the loop binds first begin with a zero that nobody reads."""
    if not carried.unbound:
        return
    names, facts = dict(scope.names), scope.facts
    scope.facts = facts.copy()
    for block in reversed(write()):
        discard(block)
    found, scope.names, scope.facts = scope.names, names, facts
    for name in carried.unbound:
        value = found.get(name)
        if value is None or isinstance(value, Unbound):
            continue  # What binds it never runs.
        if not isinstance(value, Scalar):
            scope.refuse(
                "several values, or an array, are returned from inside a loop; give "
                "them names, leave the loop by 'break', and return them behind it"
            )
        zero = Scalar(value.kind, 0.0 if value.kind.is_float else 0)
        scope.names[name] = carried.assumed[name] = zero
        carried.names.append(name)
        carried.lows[name] = None
