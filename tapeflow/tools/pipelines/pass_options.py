"""Makes a pass or a named pipeline from its options, with errors a person can act on.

Two of xDSL's traps are closed here: a bare flag means `true`, and a whole number is
accepted where a `float` is wanted.
"""

from dataclasses import fields
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from xdsl.utils.arg_spec import ArgSpec, ArgSpecConvertible, ParameterListType
from xdsl.utils.hints import isa

SpecT = TypeVar("SpecT", bound=ArgSpecConvertible)


class OptionError(ValueError):
    """An option that does not exist, is missing, or has a value that does not fit.

    `option` is the option at fault as it was written; None where it is not one.
    """

    def __init__(self, message: str, option: str | None = None):
        super().__init__(message)
        self.option = option


def option_types(kind: type[ArgSpecConvertible]) -> dict[str, Any]:
    """Option name, in the spelling of the command line, to its Python type."""
    hints = get_type_hints(kind)
    return {
        field.name.replace("_", "-"): hints[field.name]
        for field in fields(kind)
        if field.init and field.name != "name"
    }


def instantiate(kind: type[SpecT], spec: ArgSpec) -> SpecT:
    """An instance of `kind` with the options of `spec`; raises `OptionError`."""
    types = option_types(kind)
    values: dict[str, ParameterListType] = {}
    for written, given in spec.parameters.items():
        option = written.replace("_", "-")
        if option not in types:
            raise OptionError(_unknown(spec.name, written, types), written)
        value = _converted(given, types[option])
        if value is None:
            raise OptionError(
                f"option '{option}' of '{spec.name}' takes {_in_words(types[option])}, "
                f"not {_shown(given)}",
                written,
            )
        values[option.replace("-", "_")] = value
    for required in sorted(kind.required_fields() - values.keys() - {"name"}):
        option = required.replace("_", "-")
        raise OptionError(
            f"'{spec.name}' needs the option '{option}': "
            f"{spec.name}{{{option}=...}}, {_in_words(types[option])}"
        )
    try:
        return kind.from_spec(ArgSpec(spec.name, values))
    except ValueError as error:
        raise OptionError(f"'{spec.name}': {error}") from error


def _unknown(name: str, option: str, types: dict[str, Any]) -> str:
    if not types:
        return f"'{name}' takes no options, so '{option}' is unknown"
    return f"'{name}' has no option '{option}'; it takes {', '.join(types)}"


def _converted(given: ParameterListType, kind: Any) -> ParameterListType | None:
    """`given` as `kind` wants it, None where it does not fit."""
    choices = _choices(kind)
    if not given:
        if bool in choices:
            return (True,)
        return given if NoneType in choices or isa(given, kind) else None
    if any(isinstance(value, bool) for value in given) and bool not in choices:
        return None
    if float in choices and int not in choices:
        given = tuple(
            float(value) if isinstance(value, int) else value for value in given
        )
    fits = (len(given) == 1 and isa(given[0], kind)) or isa(given, kind)
    return given if fits else None


def _choices(kind: Any) -> tuple[Any, ...]:
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


def _in_words(kind: Any) -> str:
    choices = [choice for choice in _choices(kind) if choice is not NoneType]
    if float in choices and int in choices:
        choices.remove(int)
    return " or ".join(map(_one_in_words, choices))


def _one_in_words(kind: Any) -> str:
    if get_origin(kind) is Literal:
        return " or ".join(map(str, get_args(kind)))
    return _WORDS.get(kind, str(kind))


def _shown(given: ParameterListType) -> str:
    if not given:
        return "nothing"
    return f"'{','.join(map(_word, given))}'"


def _word(value: str | int | bool | float) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
