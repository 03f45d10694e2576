"""SymPy, which carries no types and takes a third of a second to load."""

from functools import cache
from importlib import import_module
from typing import Any, TypeAlias

Expression: TypeAlias = Any
"""A SymPy expression of whole numbers."""


@cache
def sympy() -> Any:
    """The module, loaded when it is first asked for."""
    return import_module("sympy")


def size_symbol(name: str) -> Expression:
    """The symbol of one of the program's sizes, equal for equal names."""
    assumptions = {"nonnegative": True} if name.startswith("dim(") else {}
    return sympy().Symbol(name, integer=True, **assumptions)
