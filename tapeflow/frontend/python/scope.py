"""One function while it is lowered: its source, its names, what is known."""

from __future__ import annotations

import ast
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import NoReturn

from xdsl.dialects import cf
from xdsl.ir import SSAValue

from tapeflow.frontend.python.emitter import Emitter
from tapeflow.frontend.python.facts import Facts
from tapeflow.frontend.python.kinds import Kind
from tapeflow.frontend.python.user_source import UserSource
from tapeflow.frontend.python.values import Scalar, Value


@dataclass
class Scope:
    """What statements and expressions of one function are lowered in."""

    source: UserSource
    emitter: Emitter
    evaluate: Callable[[Scope, ast.expr], Value]
    """Lowers an expression."""
    call: Callable[[Scope, ast.Call, UserSource, list[Value], dict[str, Value]], Value]
    """Lowers a call of another function of the user's."""
    names: dict[str, Value] = field(default_factory=dict[str, Value])
    facts: Facts = field(default_factory=Facts)
    node: ast.AST = field(default_factory=ast.Pass)
    """The part of the function that is lowered now."""
    callers: tuple[UserSource, ...] = ()
    """The functions that this one is called from."""
    is_dead: bool = False
    """Whether what comes next never runs."""

    def refuse(self, message: str, node: ast.AST | None = None) -> NoReturn:
        """Raises PythonError at the part that is lowered now, or another one."""
        self.source.refuse(self.node if node is None else node, message)

    def at(self, node: ast.AST) -> AbstractContextManager[None]:
        """Lower a part of the function: messages and operations are of its place."""
        return _At(self, node)

    def require(self, condition: Scalar, message: str) -> None:
        """Leave the function with a message unless the condition holds."""
        if condition.constant is not None and condition.constant:
            return
        self.emitter.add(cf.AssertOp(self.emitter.ssa(condition), message))
        self.facts.add(condition.if_true)

    def int_of(self, value: SSAValue, low: int | None = None) -> Scalar:
        """A whole number that an operation has computed."""
        if low is not None:
            self.facts.low[value] = low
        return Scalar(Kind.INT, ssa=value)


class _At(AbstractContextManager[None]):
    def __init__(self, scope: Scope, node: ast.AST):
        self._scope, self._node = scope, node
        self._before = scope.node, scope.emitter.location

    def __enter__(self) -> None:
        scope = self._scope
        self._before = scope.node, scope.emitter.location
        scope.node = self._node
        scope.emitter.location = scope.source.location(self._node)

    def __exit__(self, *_: object) -> None:
        self._scope.node, self._scope.emitter.location = self._before
