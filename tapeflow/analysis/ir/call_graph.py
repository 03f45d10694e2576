"""Which functions of a module call which, callees first, and which call themselves."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import CallOp, FuncOp
from xdsl.ir import Operation

from tapeflow.analysis.ir.walking import operations_in


class CallGraph:
    """The functions with bodies of a module, by name, and their calls."""

    def __init__(self, module: ModuleOp | None):
        self._functions = {
            op.sym_name.data: op
            for op in (() if module is None else module.ops)
            if isinstance(op, FuncOp) and not op.is_declaration
        }
        self._calls: dict[FuncOp, tuple[CallOp, ...]] = {}

    @staticmethod
    def around(function: FuncOp) -> "CallGraph":
        """The graph of the module that a function stands in."""
        module = function.parent_op()
        return CallGraph(module if isinstance(module, ModuleOp) else None)

    def callee(self, call: Operation) -> FuncOp | None:
        """The function that an operation calls, None if it has no body here."""
        if not isinstance(call, CallOp):
            return None
        return self._functions.get(call.callee.string_value())

    def calls_to(self, function: FuncOp) -> Sequence[CallOp]:
        """The calls of a function in the whole module."""
        return self._calls_to.get(function, ())

    @cached_property
    def _calls_to(self) -> dict[FuncOp, list[CallOp]]:
        found: dict[FuncOp, list[CallOp]] = {}
        for caller in self._functions.values():
            for call in self.calls(caller):
                callee = self.callee(call)
                if callee is not None:
                    found.setdefault(callee, []).append(call)
        return found

    def calls(self, function: FuncOp) -> tuple[CallOp, ...]:
        """The calls of a function in program order."""
        if function not in self._calls:
            found = (op for op in operations_in(function) if isinstance(op, CallOp))
            self._calls[function] = tuple(found)
        return self._calls[function]

    def callees(self, function: FuncOp) -> Iterator[FuncOp]:
        """The functions that a function calls itself, once for each call."""
        for call in self.calls(function):
            callee = self.callee(call)
            if callee is not None:
                yield callee

    def components(self, *roots: FuncOp) -> list[tuple[FuncOp, ...]]:
        """All that the roots reach, themselves included, callees first.

        Functions that call each other in a circle are together.
        """
        search = _Components(self)
        for root in roots:
            search.visit(root)
        return search.found

    def is_recursive(self, component: tuple[FuncOp, ...]) -> bool:
        """Whether the functions of a component call themselves."""
        first, *others = component
        return bool(others) or first in self.callees(first)


@dataclass
class _Components:
    """Tarjan's search, without recursion: chains of calls may be long."""

    graph: CallGraph
    found: list[tuple[FuncOp, ...]] = field(default_factory=list[tuple[FuncOp, ...]])
    _lowest: dict[FuncOp, int] = field(default_factory=dict[FuncOp, int])
    """By function that was entered, the earliest one that it is in a circle with."""
    _open: list[FuncOp] = field(default_factory=list[FuncOp])

    def visit(self, root: FuncOp) -> None:
        if root in self._lowest:
            return
        path = [self._enter(root)]
        while path:
            function, number, callees = path[-1]
            callee = next(callees, None)
            if callee is None:
                path.pop()
                self._leave(function, number)
                if path:
                    self._reach(path[-1][0], function)
            elif callee not in self._lowest:
                path.append(self._enter(callee))
            else:
                self._reach(function, callee)

    def _enter(self, function: FuncOp) -> tuple[FuncOp, int, Iterator[FuncOp]]:
        number = len(self._lowest)
        self._lowest[function] = number
        self._open.append(function)
        return function, number, self.graph.callees(function)

    def _reach(self, caller: FuncOp, callee: FuncOp) -> None:
        self._lowest[caller] = min(self._lowest[caller], self._lowest[callee])

    def _leave(self, function: FuncOp, number: int) -> None:
        if self._lowest[function] < number:
            return
        component: list[FuncOp] = []
        while function not in component[-1:]:
            component.append(self._open.pop())
            # What is closed is in no circle with what is entered later.
            self._lowest[component[-1]] = _CLOSED
        self.found.append(tuple(reversed(component)))


_CLOSED = 1 << 62
"""A number behind all that are given: what is closed is never the lowest."""
