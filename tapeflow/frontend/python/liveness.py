"""Which names a piece of a function still reads: what loops and branches pass on.

Statements here have no `break`, `continue` or `return` inside loops and branches any
more (`escapes`).
"""

import ast
from collections.abc import Iterable, Sequence

Names = frozenset[str]


def names_read(node: ast.AST | None) -> Names:
    """The names whose values a part of the program uses."""
    if node is None:
        return frozenset()
    return frozenset(
        inner.id
        for inner in ast.walk(node)
        if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Load)
    )


def names_bound(statements: Iterable[ast.AST]) -> Names:
    """The names that statements bind, in any order of their own."""
    return frozenset(
        inner.id
        for statement in statements
        for inner in ast.walk(statement)
        if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store)
    )


def live_before(statements: Sequence[ast.stmt], after: Names) -> Names:
    """The names read by statements, or behind them, before they are bound again."""
    live = after
    for statement in reversed(statements):
        live = _live_before(statement, live)
    return live


def live_in_loop(loop: ast.For | ast.While, after: Names) -> Names:
    """The names that are read at the head of a loop, before each iteration."""
    target = frozenset[str]()
    live = after
    if isinstance(loop, ast.While):
        live |= names_read(loop.test)
    else:
        target = names_bound([loop.target])
    while True:
        more = live | (live_before(loop.body, live) - target)
        if more == live:
            return live
        live = more


def _live_before(statement: ast.stmt, after: Names) -> Names:
    match statement:
        case ast.Assign() | ast.AnnAssign():
            targets = (
                statement.targets
                if isinstance(statement, ast.Assign)
                else [statement.target]
            )
            bound = names_bound(targets)
            inside = frozenset[str]().union(*map(names_read, targets))
            return (after - bound) | inside | names_read(statement.value)
        case ast.AugAssign():
            return after | names_bound([statement.target]) | names_read(statement)
        case ast.If():
            return (
                names_read(statement.test)
                | live_before(statement.body, after)
                | live_before(statement.orelse, after)
            )
        case ast.For():
            return live_in_loop(statement, after) | names_read(statement.iter)
        case ast.While():
            return live_in_loop(statement, after)
        case _:
            return after | names_read(statement)
