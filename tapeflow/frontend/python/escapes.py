"""`break`, `continue`, `return` and `raise` inside loops and branches, written without.

    for i in range(n):                 broken = False
        if x[i] < 0.0:                 for i in range(n):     # while not broken
            break                          if x[i] < 0.0:
        s += x[i]                              broken = True
                                           else:
                                               s += x[i]

What stands behind a branch that is left for good moves into the other one; where a
branch may be left, a flag tells. Names that this adds begin with a dot.
"""

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

RESULT = ".result"
"""The name of what the function returns."""
_RETURNED = ".returned"


def is_internal(name: str) -> bool:
    """Whether a name is none of the user's."""
    return name.startswith(".")


@dataclass(frozen=True)
class Straight:
    """A function's statements without escapes."""

    body: list[ast.stmt]
    stops: dict[ast.For, str]
    """The flag that ends a loop early."""
    always_returns: bool
    returns: bool


@dataclass(frozen=True)
class _Context:
    """Where a statement is: the flags to be set where it is left."""

    loops: tuple[str, ...] = ()
    """Of the loops around it, the innermost last."""
    skips: tuple[str, ...] = ()
    """Of branches in the innermost loop."""
    outer_skips: tuple[str, ...] = ()


def straighten(function: ast.FunctionDef) -> Straight:
    """A function's statements without escapes from loops and branches."""
    rewriter = _Rewriter()
    body, ends = rewriter.rewrite(function.body, _Context())
    if rewriter.returns_in_loop:
        body.insert(0, _set(function, _RETURNED, False))
    returns = any(isinstance(n, ast.Return) for n in _walk_own(function.body))
    return Straight(body, rewriter.stops, ends, returns)


@dataclass
class _Rewriter:
    stops: dict[ast.For, str] = field(default_factory=dict[ast.For, str])
    returns_in_loop: bool = False
    _flags: int = 0

    def rewrite(
        self, statements: Sequence[ast.stmt], at: _Context
    ) -> tuple[list[ast.stmt], bool]:
        """Statements without escapes, and whether they never run to their end."""
        done: list[ast.stmt] = []
        for number, statement in enumerate(statements):
            rest = statements[number + 1 :]
            if isinstance(statement, ast.Break | ast.Continue | ast.Return | ast.Raise):
                return [*done, *self._escape(statement, at)], True
            if not _has_escapes(statement):
                done.append(statement)
            elif isinstance(statement, ast.If):
                if (assertion := _as_assertion(statement)) is not None:
                    done.append(assertion)
                    continue
                if any(map(_leaves, statement.body + statement.orelse)):
                    more, ends = self._branch(statement, rest, at)
                    return [*done, *more], ends
                done.append(self._if(statement, statement.body, statement.orelse, at))
            elif isinstance(statement, ast.For | ast.While):
                done += self._loop(statement, at)
                if _contains(statement, ast.Return):
                    more, ends = self.rewrite(rest, at)
                    return [*done, *_unless(statement, _RETURNED, more)], ends
            else:
                done.append(statement)
        return done, False

    def _escape(self, statement: ast.stmt, at: _Context) -> list[ast.stmt]:
        flags = at.skips
        if isinstance(statement, ast.Raise):
            return [statement]
        done: list[ast.stmt] = []
        if isinstance(statement, ast.Break):
            flags += at.loops[-1:]
        elif isinstance(statement, ast.Return):
            value = statement.value or ast.copy_location(ast.Constant(None), statement)
            done.append(_assign(statement, RESULT, value))
            flags += at.outer_skips + at.loops
            if at.loops:
                self.returns_in_loop = True
                flags += (_RETURNED,)
        return [*done, *(_set(statement, flag, True) for flag in flags)]

    def _if(
        self,
        statement: ast.If,
        body: Sequence[ast.stmt],
        orelse: Sequence[ast.stmt],
        at: _Context,
    ) -> ast.If:
        first = self.rewrite(body, at)[0] or [ast.copy_location(ast.Pass(), statement)]
        new = ast.If(statement.test, first, self.rewrite(orelse, at)[0])
        return ast.copy_location(new, statement)

    def _branch(
        self, statement: ast.If, rest: Sequence[ast.stmt], at: _Context
    ) -> tuple[list[ast.stmt], bool]:
        """A branch that is left, at least on one way, and what stands behind it."""
        body, orelse = statement.body, statement.orelse
        body_ends, orelse_ends = _ends(body), _ends(orelse)
        if body_ends and orelse_ends:
            return [self._if(statement, body, orelse, at)], True
        if body_ends and not any(map(_leaves, orelse)):
            ends = self.rewrite([*orelse, *rest], at)[1]
            return [self._if(statement, body, [*orelse, *rest], at)], ends
        if orelse_ends and not any(map(_leaves, body)):
            ends = self.rewrite([*body, *rest], at)[1]
            return [self._if(statement, [*body, *rest], orelse, at)], ends
        flag = self._flag("skipped")
        inside = replace(at, skips=(*at.skips, flag))
        new = self._if(statement, body, orelse, inside)
        more, ends = self.rewrite(rest, at)
        return [
            _set(statement, flag, False),
            new,
            *_unless(statement, flag, more),
        ], ends

    def _loop(self, loop: ast.For | ast.While, at: _Context) -> list[ast.stmt]:
        stops = any(map(_breaks, loop.body)) or _contains(loop, ast.Return)
        flag = self._flag("broken")
        inside = _Context(
            (*at.loops, flag) if stops else at.loops, (), at.outer_skips + at.skips
        )
        if not stops:
            inside = replace(inside, loops=at.loops)
        body, _ = self.rewrite(loop.body, inside)
        body = body or [ast.copy_location(ast.Pass(), loop)]
        done: list[ast.stmt] = [_set(loop, flag, False)] if stops else []
        new: ast.For | ast.While
        if isinstance(loop, ast.For):
            new = ast.For(loop.target, loop.iter, body, [], None)
            if stops:
                self.stops[new] = flag
        else:
            test = loop.test
            if stops:
                both = ast.BoolOp(ast.And(), [_not(loop, flag), test])
                test = ast.copy_location(both, loop.test)
            new = ast.While(test, body, [])
        done.append(ast.copy_location(new, loop))
        orelse, _ = self.rewrite(loop.orelse, at)
        return done + (_unless(loop, flag, orelse) if stops else orelse)

    def _flag(self, name: str) -> str:
        self._flags += 1
        return f".{name}{self._flags}"


def _as_assertion(statement: ast.If) -> ast.Assert | None:
    """`if wrong: raise Error(...)` as an assertion."""
    if len(statement.body) != 1 or statement.orelse:
        return None
    (only,) = statement.body
    if not isinstance(only, ast.Raise):
        return None
    right = ast.copy_location(ast.UnaryOp(ast.Not(), statement.test), statement.test)
    return ast.copy_location(ast.Assert(right, only.exc), only)


_ESCAPES = (ast.Break, ast.Continue, ast.Return, ast.Raise)


def _walk_own(statements: Sequence[ast.AST]) -> list[ast.AST]:
    """All parts of statements, without those of functions defined inside."""
    found: list[ast.AST] = []
    work = [*statements]
    while work:
        node = work.pop()
        found.append(node)
        if not isinstance(node, ast.FunctionDef | ast.Lambda):
            work += ast.iter_child_nodes(node)
    return found


def _contains(statement: ast.stmt, kind: type[ast.stmt]) -> bool:
    return any(isinstance(node, kind) for node in _walk_own([statement]))


def _has_escapes(statement: ast.stmt) -> bool:
    has_else = isinstance(statement, ast.For | ast.While) and statement.orelse
    return bool(has_else) or any(
        isinstance(node, _ESCAPES)
        or (isinstance(node, ast.For | ast.While) and bool(node.orelse))
        for node in _walk_own([statement])
    )


def _leaves(statement: ast.stmt) -> bool:
    """Whether a statement may end what is around it."""
    if isinstance(statement, _ESCAPES):
        return True
    if isinstance(statement, ast.If):
        return any(map(_leaves, statement.body + statement.orelse))
    return isinstance(statement, ast.For | ast.While) and (
        _contains(statement, ast.Return)
    )


def _breaks(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.If):
        return any(map(_breaks, statement.body + statement.orelse))
    return isinstance(statement, ast.Break)


def _ends(statements: Sequence[ast.stmt]) -> bool:
    """Whether statements never run to their end."""
    return any(
        isinstance(s, _ESCAPES)
        or (isinstance(s, ast.If) and _ends(s.body) and _ends(s.orelse))
        for s in statements
    )


def _assign(at: ast.AST, name: str, value: ast.expr) -> ast.stmt:
    target = ast.copy_location(ast.Name(name, ast.Store()), at)
    return ast.copy_location(ast.Assign([target], value), at)


def _set(at: ast.AST, name: str, flag: bool) -> ast.stmt:
    return _assign(at, name, ast.copy_location(ast.Constant(flag), at))


def _not(at: ast.AST, name: str) -> ast.expr:
    flag = ast.copy_location(ast.Name(name, ast.Load()), at)
    return ast.copy_location(ast.UnaryOp(ast.Not(), flag), at)


def _unless(at: ast.AST, flag: str, body: list[ast.stmt]) -> list[ast.stmt]:
    if not body:
        return []
    return [ast.copy_location(ast.If(_not(at, flag), body, []), at)]
