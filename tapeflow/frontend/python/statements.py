"""The statements of a function, one after the other."""

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field

from xdsl.dialects import arith, scf
from xdsl.dialects.builtin import IndexType
from xdsl.ir import Block, Region

from tapeflow.frontend.python.arithmetic import add, binary
from tapeflow.frontend.python.arrays import assign_elements, binary_arrays, materialised
from tapeflow.frontend.python.comparisons import compare, opposite, truth
from tapeflow.frontend.python.counting import Count, counts_of, from_zero
from tapeflow.frontend.python.escapes import Straight
from tapeflow.frontend.python.kinds import Kind
from tapeflow.frontend.python.liveness import (
    Names,
    live_before,
    live_in_loop,
    names_bound,
)
from tapeflow.frontend.python.loops import (
    Carried,
    branch,
    hinted,
    written_until_stable,
)
from tapeflow.frontend.python.scope import Scope
from tapeflow.frontend.python.subscripts import (
    load,
    part_of,
    store,
    subscript_values,
)
from tapeflow.frontend.python.values import (
    Elementwise,
    Known,
    Scalar,
    Several,
    Unbound,
    Value,
    View,
    describe,
)


@dataclass
class Statements:
    """Lowers the statements of one function."""

    scope: Scope
    straight: Straight
    loops: int = field(default=0)
    """Around the statement that is lowered."""

    def run(self, statements: Sequence[ast.stmt], after: Names) -> None:
        """Lower statements behind which the names `after` are read."""
        live = [after]
        for statement in reversed(statements):
            live.append(live_before([statement], live[-1]))
        live.reverse()
        for statement, behind in zip(statements, live[1:], strict=True):
            if self.scope.is_dead:
                return
            with self.scope.at(statement):
                self._statement(statement, behind)

    def _statement(self, statement: ast.stmt, after: Names) -> None:
        scope = self.scope
        match statement:
            case ast.Assign():
                value = self._evaluated(statement.value)
                for target in statement.targets:
                    self._assign(target, value)
            case ast.AnnAssign():
                if statement.value is not None:
                    value = self._evaluated(statement.value)
                    self._assign(statement.target, value)
            case ast.AugAssign():
                self._augment(statement)
            case ast.If():
                self._if(statement, after)
            case ast.While():
                self._while(statement, after)
            case ast.For():
                self._for(statement, after)
            case ast.Assert():
                self._assert(statement)
            case ast.Raise():
                scope.require(
                    Scalar(Kind.BOOL, ssa=self._false()), _said(statement.exc)
                )
                scope.is_dead = True
            case ast.Expr():
                if not isinstance(statement.value, ast.Constant):
                    self._evaluated(statement.value)
            case ast.Pass() | ast.Import() | ast.ImportFrom():
                self._import(statement)
            case _:
                name = type(statement).__name__.lower()
                scope.refuse(
                    f"'{name}' cannot be compiled; write it with assignments, for, "
                    "while, if and calls of functions"
                )

    def _false(self):
        return self.scope.emitter.constant(Kind.BOOL, False)

    def _import(self, statement: ast.stmt) -> None:
        if not isinstance(statement, ast.Pass):
            self.scope.refuse("import at the top of the file, not inside the function")

    def _evaluated(self, node: ast.expr) -> Value:
        return self.scope.evaluate(self.scope, node)

    def _assign(self, target: ast.expr, value: Value) -> None:
        scope = self.scope
        match target:
            case ast.Name():
                if isinstance(value, Elementwise):
                    value = materialised(scope, value, target.id)
                hinted(target.id, value)
                scope.names[target.id] = value
            case ast.Tuple() | ast.List():
                with scope.at(target):
                    parts = self._parts(value, len(target.elts))
                for part, inner in zip(target.elts, parts, strict=True):
                    self._assign(inner_target(scope, part), inner)
            case ast.Subscript():
                with scope.at(target):
                    self._store(target, value)
            case _:
                scope.refuse("assign to a name or to elements of an array", target)

    def _parts(self, value: Value, count: int) -> Sequence[Value]:
        scope = self.scope
        if isinstance(value, Several):
            items: Sequence[Value] = value.items
        elif (
            isinstance(value, View) and value.rank and value.shape[0].whole is not None
        ):
            numbers = range(value.shape[0].whole)
            views = [part_of(scope, value, [Scalar.of(n)]) for n in numbers]
            items = [v if v.rank else load(scope, v) for v in views]
        else:
            scope.refuse(f"{describe(value)} cannot be taken apart into {count} names")
        if len(items) != count:
            scope.refuse(f"{len(items)} values are assigned to {count} names")
        return items

    def _place(self, target: ast.Subscript) -> View:
        scope = self.scope
        array = self._evaluated(target.value)
        if not isinstance(array, View):
            scope.refuse(
                f"elements of {describe(array)} cannot be set; set those of an array"
            )
        return part_of(scope, array, subscript_values(scope, target.slice))

    def _store(self, target: ast.Subscript, value: Value) -> None:
        place = self._place(target)
        if place.rank == 0:
            if not isinstance(value, Scalar):
                self.scope.refuse(f"an element is set to {describe(value)}")
            store(self.scope, place, value)
        else:
            assign_elements(self.scope, place, value)

    def _augment(self, statement: ast.AugAssign) -> None:
        """The target is found once, then the value is evaluated, as in Python."""
        scope, target = self.scope, statement.target
        if isinstance(target, ast.Name):
            name = ast.copy_location(ast.Name(target.id, ast.Load()), target)
            before = self._evaluated(name)
            value = self._evaluated(statement.value)
            if isinstance(before, View) and before.rank:
                new = binary_arrays(scope, statement.op, before, value)
                assign_elements(scope, before, new)
                return
            self._assign(target, self._combined(statement.op, before, value))
            return
        assert isinstance(target, ast.Subscript)
        place = self._place(target)
        if place.rank:
            value = self._evaluated(statement.value)
            new = binary_arrays(scope, statement.op, place, value)
            assign_elements(scope, place, new)
            return
        before = load(scope, place)
        value = self._evaluated(statement.value)
        new = self._combined(statement.op, before, value)
        assert isinstance(new, Scalar)
        store(scope, place, new)

    def _combined(self, op: ast.operator, first: Value, second: Value) -> Value:
        if isinstance(first, Scalar) and isinstance(second, Scalar):
            return binary(self.scope, op, first, second)
        return binary_arrays(self.scope, op, first, second)

    def _condition(self, node: ast.expr) -> Scalar:
        value = self._evaluated(node)
        with self.scope.at(node):
            if isinstance(value, Known) and value.thing is None:
                return Scalar.of(False)
            if not isinstance(value, Scalar):
                self.scope.refuse(
                    f"{describe(value)} is no truth value; compare numbers"
                )
            return truth(self.scope, value)

    def _assert(self, statement: ast.Assert) -> None:
        condition = self._condition(statement.test)
        message = _said(statement.msg) if statement.msg else "AssertionError"
        if isinstance(statement.msg, ast.Constant):
            message = f"AssertionError: {statement.msg.value}"
        if condition.constant is False:
            condition = Scalar(Kind.BOOL, ssa=self._false())
        self.scope.require(condition, message)

    def _if(self, statement: ast.If, after: Names) -> None:
        condition = self._condition(statement.test)
        if condition.constant is not None:
            taken = statement.body if condition.constant else statement.orelse
            self.run(taken, after)
            return
        bound = names_bound([*statement.body, *statement.orelse])
        branch(
            self.scope,
            condition,
            lambda: self.run(statement.body, after),
            lambda: self.run(statement.orelse, after),
            bound & after,
        )

    def _carried(self, loop: ast.For | ast.While, after: Names) -> Names:
        bound = names_bound([loop])
        return bound & live_in_loop(loop, after)

    def _while(self, loop: ast.While, after: Names) -> None:
        self._while_loop(loop, after, self._carried(loop, after), None, None)

    def _while_loop(
        self,
        loop: ast.For | ast.While,
        after: Names,
        names: Names,
        count: Count | None,
        stop: str | None,
    ) -> None:
        """An `scf.while`; a `for` with a flag that ends it counts in one, too."""
        scope, emit = self.scope, self.scope.emitter
        wanted = live_in_loop(loop, after)
        number = f"{stop}.count"
        if count is not None and stop is not None:
            count = from_zero(scope, count)
            scope.names[number] = Scalar.of(0)
            names |= {number, stop}
            wanted |= {stop}
        carried = Carried.of(scope, names)

        def write() -> tuple[Block, ...]:
            before = Block(arg_types=carried.types())
            carried.enter(before.args)
            with emit.inside(before):
                go_on = self._goes_on(loop, count, stop, number)
            body = Block(arg_types=carried.types())
            carried.enter(body.args)
            scope.facts.add(go_on.if_true)
            with emit.inside(body):
                if count is not None:
                    at = scope.names[number]
                    assert isinstance(loop, ast.For) and isinstance(at, Scalar)
                    self._assign(loop.target, count.value(scope, at))
                self.run(loop.body, wanted)
                if count is not None:
                    at = scope.names[number]
                    assert isinstance(at, Scalar)
                    scope.names[number] = add(scope, at, Scalar.of(1))
            conditions.append(go_on)
            return before, body

        conditions: list[Scalar] = []
        before, body = written_until_stable(scope, carried, write)
        with emit.inside(before):
            emit.add(scf.ConditionOp(emit.ssa(conditions[-1]), *before.args))
        with emit.inside(body):
            emit.add(scf.YieldOp(*carried.ended()))
        self._leave_names(loop, carried, after)
        op = scf.WhileOp(
            carried.initial(), carried.types(), Region(before), Region(body)
        )
        emit.add(op)
        carried.leave(op.results)
        scope.names.pop(number, None)

    def _goes_on(
        self, loop: ast.For | ast.While, count: Count | None, stop: str | None, at: str
    ) -> Scalar:
        scope = self.scope
        if isinstance(loop, ast.While):
            return self._condition(loop.test)
        assert count is not None and stop is not None
        position, flag = scope.names[at], scope.names[stop]
        assert isinstance(position, Scalar) and isinstance(flag, Scalar)
        more = compare(scope, ast.Lt(), position, count.trips)
        runs = opposite(scope, flag)
        emit = scope.emitter
        both = emit.value(arith.AndIOp(emit.ssa(runs), emit.ssa(more)))
        return Scalar(Kind.BOOL, ssa=both, if_true=more.if_true)

    def _leave_names(
        self,
        loop: ast.For | ast.While,
        carried: Carried,
        after: Names,
    ) -> None:
        """Names first bound in the loop may have no value behind it."""
        scope = self.scope
        before = carried.names_before
        scope.names, scope.facts = dict(before), carried.facts_before
        scope.is_dead = False
        for name in names_bound([loop]) - set(carried.names):
            if name in before and name not in after:
                scope.names[name] = Unbound(
                    f"'{name}' has another value behind the loop of line {loop.lineno}"
                )
            elif name not in before:
                scope.names[name] = Unbound(
                    f"'{name}' is bound in the loop of line {loop.lineno} only, which "
                    "may not run at all; give it a value before the loop"
                )

    def _for(self, loop: ast.For, after: Names) -> None:
        scope = self.scope
        with scope.at(loop.iter):
            count = counts_of(scope, loop.iter)
        names = self._carried(loop, after)
        stop = self.straight.stops.get(loop)
        if stop is not None:
            self._while_loop(loop, after, names, count, stop)
            return
        self._for_loop(loop, after, names, count)

    def _for_loop(
        self, loop: ast.For, after: Names, names: Names, count: Count
    ) -> None:
        scope, emit = self.scope, self.scope.emitter
        carried = Carried.of(scope, names)
        wanted = live_in_loop(loop, after)

        def write() -> tuple[Block, ...]:
            block = Block(arg_types=[IndexType(), *carried.types()])
            induction = block.args[0]
            carried.enter(block.args[1:])
            scope.facts.add(count.facts_inside(scope, induction))
            with emit.inside(block), scope.at(loop):
                value = count.value_of(scope, induction)
                self._assign(loop.target, value)
                if induction.name_hint is None:
                    induction.name_hint = "k"
                self.run(loop.body, wanted)
            return (block,)

        (body,) = written_until_stable(scope, carried, write)
        with emit.inside(body):
            emit.add(scf.YieldOp(*carried.ended()))
        self._leave_names(loop, carried, after)
        low, high, step = (emit.ssa(bound) for bound in count.bounds)
        op = emit.add(scf.ForOp(low, high, step, carried.initial(), Region(body)))
        carried.leave(op.results)


def inner_target(scope: Scope, target: ast.expr) -> ast.expr:
    """A part of a tuple that is assigned to."""
    if isinstance(target, ast.Starred):
        scope.refuse("'*' in an assignment cannot be compiled; name each part", target)
    return target


def _said(error: ast.expr | None) -> str:
    """`ValueError: message` of what is raised."""
    match error:
        case ast.Call(func=ast.Name(id=name), args=[ast.Constant(value=str(text))]):
            return f"{name}: {text}"
        case ast.Call(func=ast.Name(id=name)) | ast.Name(id=name):
            return name
        case _:
            return "AssertionError" if error is None else "AssertionError raised here"
