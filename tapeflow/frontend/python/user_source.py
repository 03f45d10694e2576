"""The source of a user's function: its syntax tree, its lines, its surroundings."""

import ast
import inspect
import linecache
from builtins import __dict__ as builtin_names
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from types import FunctionType
from typing import Any, NoReturn

from xdsl.dialects.builtin import FileLineColLoc, IntAttr, StringAttr

from tapeflow.frontend.input_error import InputError, InputPlace


class PythonError(InputError):
    """A Python function, or an argument of it, that cannot be compiled."""


@dataclass(frozen=True)
class UserSource:
    """One function as its user wrote it."""

    function: Any
    """A `FunctionType`, which as the type of a field would be a method."""
    tree: ast.FunctionDef
    file: str
    lines: tuple[str, ...]

    @staticmethod
    def of(function: Callable[..., object]) -> "UserSource":
        """The source of a function.

        Raises:
            PythonError: it is none that is defined by `def`, or its text is not there.
        """
        plain: object = inspect.unwrap(function)
        if not isinstance(plain, FunctionType):
            raise PythonError(
                f"{function!r} is no function that is written in Python; define one "
                "with 'def' that calls it"
            )
        code = plain.__code__
        linecache.checkcache(code.co_filename)
        lines = linecache.getlines(code.co_filename, plain.__globals__)
        tree = _definition(lines, code.co_firstlineno, plain.__name__)
        if tree is None:
            raise PythonError(_no_text(plain, lines))
        return UserSource(plain, tree, code.co_filename, tuple(lines))

    @property
    def name(self) -> str:
        return self.function.__name__

    @cached_property
    def bound(self) -> frozenset[str]:
        """The names that the function binds itself."""
        return frozenset(self.function.__code__.co_varnames) | frozenset(
            self.function.__code__.co_cellvars
        )

    def place(self, node: ast.AST) -> InputPlace:
        """Where a part of the function is."""
        line = getattr(node, "lineno", self.tree.lineno)
        text = self.lines[line - 1].rstrip("\n") if line <= len(self.lines) else ""
        start = _letters(text, getattr(node, "col_offset", 0))
        end = len(text)
        if getattr(node, "end_lineno", None) == line:
            end = _letters(text, getattr(node, "end_col_offset", 0))
        return InputPlace(self.file, line, start + 1, text, max(1, end - start))

    def location(self, node: ast.AST) -> FileLineColLoc:
        """The same for operations."""
        place = self.place(node)
        return FileLineColLoc(
            StringAttr(place.file), IntAttr(place.line), IntAttr(place.column)
        )

    def refuse(self, node: ast.AST, message: str) -> NoReturn:
        """Raises PythonError at a part of the function."""
        raise PythonError(message, self.place(node))

    def around(self, name: str) -> Any:
        """What a name means outside of the function.

        Raises:
            KeyError: nothing.
        """
        closure = self.function.__closure__ or ()
        names = self.function.__code__.co_freevars
        for free, cell in zip(names, closure, strict=True):
            if free == name:
                try:
                    return cell.cell_contents
                except ValueError:
                    raise KeyError(name) from None
        if name in self.function.__globals__:
            return self.function.__globals__[name]
        return builtin_names[name]


def _letters(text: str, column: int) -> int:
    """A column in letters; syntax trees count bytes."""
    return len(text.encode()[:column].decode(errors="ignore"))


def _definition(lines: list[str], first: int, name: str) -> ast.FunctionDef | None:
    """The definition that begins on a line, with its decorators."""
    try:
        module = ast.parse("".join(lines))
    except (SyntaxError, ValueError):
        return None
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef) and node.name == name:
            begins = [node.lineno, *(d.lineno for d in node.decorator_list)]
            if first in begins:
                return node
    return None


def _no_text(function: FunctionType, lines: list[str]) -> str:
    file = function.__code__.co_filename
    if function.__name__ == "<lambda>":
        return "a lambda cannot be compiled; define the function with 'def'"
    if lines:
        return (
            f"the definition of '{function.__name__}' is not in {file} any more; "
            "import it again"
        )
    return (
        f"the text of '{function.__name__}' cannot be found (it is from {file}); "
        "define it in a file or a notebook cell, not by exec or at a prompt"
    )
