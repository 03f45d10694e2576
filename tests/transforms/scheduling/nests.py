"""Nests of loops as data: their text in MLIR, and the accesses of any order.

A statement is text such as `a[i + 1] = b[j] + a[i]`, with subscripts of sums,
differences and products; a loop is a variable, its bounds and what it holds. Buffers
with a number behind their name have so many dimensions, else one.
"""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import TypeAlias

from xdsl.dialects.builtin import ModuleOp

from tapeflow.frontend.reader import parse_module
from tapeflow.universe import full_context

BUFFERS = {"a": 1, "b": 1, "c2": 2, "d2": 2}
"""Names and dimensions."""
EXTENT = 64
"""Of each dimension."""


@dataclass(frozen=True)
class Loop:
    """`for variable in range(lower, upper)`."""

    variable: str
    lower: str
    upper: str
    body: tuple["Statement | Loop", ...]


Statement: TypeAlias = str
Touch: TypeAlias = tuple[str, tuple[int, ...], bool]
"""A buffer, an element of it, and whether it is written."""


def loop(variable: str, *body: Statement | Loop, span: str = "0:m") -> Loop:
    """A loop, by default from 0 to m."""
    lower, upper = span.split(":")
    return Loop(variable, lower, upper, body)


def touches(statement: Statement, values: dict[str, int]) -> list[Touch]:
    """The accesses of one execution of a statement."""
    target, source = _parts(statement)
    found = [(*_element(read, values), False) for read in source]
    return [*found, (*_element(target, values), True)]


def _parts(statement: Statement) -> tuple[ast.Subscript, list[ast.Subscript]]:
    tree = ast.parse(statement).body[0]
    assert isinstance(tree, ast.Assign)
    target = tree.targets[0]
    assert isinstance(target, ast.Subscript)
    reads = [node for node in ast.walk(tree.value) if isinstance(node, ast.Subscript)]
    return target, reads


def _subscripts(access: ast.Subscript) -> list[ast.expr]:
    index = access.slice
    return list(index.elts) if isinstance(index, ast.Tuple) else [index]


def _element(
    access: ast.Subscript, values: dict[str, int]
) -> tuple[str, tuple[int, ...]]:
    assert isinstance(access.value, ast.Name)
    texts = (ast.unparse(part) for part in _subscripts(access))
    return access.value.id, tuple(eval(text, {}, values) for text in texts)


Body: TypeAlias = Sequence[Statement | Loop]


def one_by_one(body: Body, values: dict[str, int]) -> Iterator[tuple[int, Touch]]:
    """The accesses of a body in order, each with the value of i."""
    for part in body:
        if isinstance(part, str):
            yield from ((values["i"], touch) for touch in touches(part, values))
            continue
        for number in range(*_bounds(part, values)):
            yield from one_by_one(part.body, values | {part.variable: number})


def side_by_side(
    body: Body, copies: Sequence[dict[str, int]]
) -> Iterator[tuple[int, Touch]]:
    """The same where iterations run beside each other: all inner loops are shared."""
    run: list[Statement] = []
    for part in (*body, None):
        if isinstance(part, str):
            run.append(part)
            continue
        for values in copies:
            for statement in run:
                yield from ((values["i"], t) for t in touches(statement, values))
        run = []
        if part is not None:
            for number in range(*_bounds(part, copies[0])):
                inner = [values | {part.variable: number} for values in copies]
                yield from side_by_side(part.body, inner)


def _bounds(part: Loop, values: dict[str, int]) -> tuple[int, int]:
    return eval(part.lower, {}, values), eval(part.upper, {}, values)


def keeps_order(body: Body, copies: int, sizes: dict[str, int]) -> bool:
    """Whether accesses to an element, one a write, keep their order side by side."""
    for first in range(0, sizes["n"], copies):
        iterations = [sizes | {"i": first + copy} for copy in range(copies)]
        before = [(i, t) for values in iterations for i, t in one_by_one(body, values)]
        after = [*side_by_side(body, iterations)]
        if _orders(before) != _orders(after):
            return False
    return True


def _orders(touched: list[tuple[int, Touch]]) -> dict[object, list[object]]:
    """By element, the accesses in order; reads between two writes are one set."""
    found: dict[object, list[object]] = {}
    for i, (buffer, element, writes) in touched:
        order = found.setdefault((buffer, element), [set()])
        reads = order[-1]
        assert isinstance(reads, set)
        if writes:
            order += [i, set()]
        else:
            reads.add(i)
    return found


class _Writer:
    """Writes a nest as a function of its buffers, n and m."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._names = count()

    def emit(self, text: str) -> str:
        name = f"%v{next(self._names)}"
        self.lines.append(f"{name} = {text}")
        return name

    def index(self, node: ast.expr) -> str:
        match node:
            case ast.Name(id=name):
                return f"%{name}"
            case ast.Constant(value=value):
                return self.emit(f"arith.constant {value} : index")
            case ast.BinOp(left=left, op=op, right=right):
                names = {"Add": "addi", "Sub": "subi", "Mult": "muli"}
                name = names[type(op).__name__]
                one, other = self.index(left), self.index(right)
                return self.emit(f"arith.{name} {one}, {other} : index")
            case _:
                raise ValueError(ast.unparse(node))

    def place(self, access: ast.Subscript) -> str:
        assert isinstance(access.value, ast.Name)
        indices = ", ".join(self.index(part) for part in _subscripts(access))
        return f"%{access.value.id}[{indices}] : {_type(access.value.id)}"

    def statement(self, text: Statement) -> None:
        target, reads = _parts(text)
        total = "%seed"
        for read in reads:
            value = self.emit(f"memref.load {self.place(read)}")
            shrunk = self.emit(f"arith.mulf {total}, %factor : f64")
            total = self.emit(f"arith.addf {shrunk}, {value} : f64")
        self.lines.append(f"memref.store {total}, {self.place(target)}")

    def body(self, parts: Body) -> None:
        for part in parts:
            if isinstance(part, str):
                self.statement(part)
                continue
            lower, upper = (
                self.index(ast.parse(text, mode="eval").body)
                for text in (part.lower, part.upper)
            )
            one = self.emit("arith.constant 1 : index")
            head = f"scf.for %{part.variable} = {lower} to {upper} step {one}"
            self.lines.append(f"{head} {{")
            self.body(part.body)
            self.lines.append("}")


def _type(buffer: str) -> str:
    return f"memref<{'?x' * BUFFERS[buffer]}f64>"


def module_of(nest: Loop) -> ModuleOp:
    """A nest as a function `f` of its buffers, n and m."""
    writer = _Writer()
    writer.body([nest])
    arguments = ", ".join(f"%{name}: {_type(name)}" for name in BUFFERS)
    lines = "\n".join(writer.lines)
    text = f"""func.func @f({arguments}, %n: index, %m: index) {{
      %seed = arith.constant 1.25 : f64
      %factor = arith.constant 0.3 : f64
      {lines}
      func.return
    }}"""
    return parse_module(text, "nest.mlir", full_context())
