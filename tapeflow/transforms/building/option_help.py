"""What a pass or a named pipeline can be told: each option, its meaning and default.

An option is a field of a dataclass and its meaning is the string below it, which Python
does not keep. It is read from the source, and only when somebody asks for help.
"""

import ast
import inspect
import sys
from dataclasses import MISSING, Field, fields
from functools import cache
from itertools import pairwise
from types import NoneType, UnionType
from typing import Any, Literal, Union, cast, get_args, get_origin
from typing import get_type_hints as type_hints

from xdsl.utils.arg_spec import ArgSpecConvertible


def option_types(kind: type[ArgSpecConvertible]) -> dict[str, Any]:
    """Option name, in the spelling of the command line, to its Python type."""
    hints = type_hints(kind)
    return {name: hints[field.name] for name, field in _option_fields(kind).items()}


def option_defaults(kind: type[ArgSpecConvertible]) -> dict[str, str | None]:
    """Option name to its default as it would be written.

    "" stands for nothing (no word, no numbers), None for an option that is required.
    """
    return {name: _default(field) for name, field in _option_fields(kind).items()}


@cache
def describe_options(kind: type[ArgSpecConvertible]) -> dict[str, str]:
    """Option name to sentences: what it means, what it takes, its default."""
    meanings: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        meanings |= field_docstrings(base)
    types = option_types(kind)
    return {
        name: f"{meanings.get(name.replace('-', '_'), '')} "
        f"Takes {in_words(types[name])}; {_default_in_words(default)}.".lstrip()
        for name, default in option_defaults(kind).items()
    }


def field_docstrings(kind: type) -> dict[str, str]:
    """The string below each annotated name of a class body, on one line.

    Those of base classes are not among them; nothing is where there is no source.
    """
    try:
        text = inspect.getsource(sys.modules[kind.__module__])
    except (OSError, TypeError):  # a built-in type, or compiled code alone
        return {}
    return {
        entry.target.id: " ".join(below.value.value.split())
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ClassDef) and node.name == kind.__name__
        for entry, below in pairwise(node.body)
        if isinstance(entry, ast.AnnAssign)
        and isinstance(entry.target, ast.Name)
        and isinstance(below, ast.Expr)
        and isinstance(below.value, ast.Constant)
        and isinstance(below.value.value, str)
    }


@cache
def write_options_in_doc(kind: type[ArgSpecConvertible]) -> None:
    """Let the docstring of a class end with its options, so that `help` shows them."""
    options = describe_options(kind)
    if options:
        lines = (f"\n        {name}: {text}" for name, text in options.items())
        doc = (kind.__doc__ or "").rstrip()
        kind.__doc__ = f"{doc}\n\n    Options:\n{''.join(lines)}\n    "


def in_words(kind: Any) -> str:
    """What an option of this type takes, such as "a whole number"."""
    choices = [choice for choice in type_choices(kind) if choice is not NoneType]
    if float in choices and int in choices:
        choices.remove(int)
    return " or ".join(map(_one_in_words, choices))


def type_choices(kind: Any) -> tuple[Any, ...]:
    """The members of a union; any other type alone."""
    return get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)


_WORDS: dict[Any, str] = {
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    str: "a word",
    tuple[int, ...]: "whole numbers separated by commas",
    tuple[str, ...]: "words separated by commas",
}


def _one_in_words(kind: Any) -> str:
    if get_origin(kind) is Literal:
        return " or ".join(map(str, get_args(kind)))
    return _WORDS.get(kind, str(kind))


def _option_fields(kind: type[ArgSpecConvertible]) -> dict[str, Field[Any]]:
    return {
        field.name.replace("_", "-"): field
        for field in fields(kind)
        if field.init and field.name != "name"
    }


def _default(field: Field[Any]) -> str | None:
    default = field.default
    if default is MISSING:
        return None
    if default is None:
        return ""
    values = cast(tuple[Any, ...], default if isinstance(default, tuple) else [default])
    return ",".join(
        str(value).lower() if isinstance(value, bool) else str(value)
        for value in values
    )


def _default_in_words(default: str | None) -> str:
    if default is None:
        return "required"
    return f"by default {default}" if default else "optional"
