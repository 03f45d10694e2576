"""Makes a pass or a named pipeline from its options, with errors a person can act on.

Two of xDSL's traps are closed here: a bare flag means `true`, and a whole number is
accepted where a `float` is wanted.
"""

from types import NoneType
from typing import Any, TypeVar

from xdsl.utils.arg_spec import ArgSpec, ArgSpecConvertible, ParameterListType
from xdsl.utils.hints import isa

from tapeflow.near_names import did_you_mean
from tapeflow.tools.byte_count import EXAMPLES, bytes_of
from tapeflow.transforms.building.option_help import (
    in_words,
    option_types,
    type_choices,
)

SpecT = TypeVar("SpecT", bound=ArgSpecConvertible)


class OptionError(ValueError):
    """An option that does not exist, is missing, or has a value that does not fit.

    `option` is the option at fault as it was written; None where it is not one.
    """

    def __init__(self, message: str, option: str | None = None):
        super().__init__(message)
        self.option = option


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
            takes = f"'{spec.name}' takes {in_words(types[option])}"
            raise OptionError(
                f"option '{option}' of {takes}, not {_shown(given)}"
                f"{_remedy(option, given, types[option])}",
                written,
            )
        values[option.replace("-", "_")] = value
    for required in sorted(kind.required_fields() - values.keys() - {"name"}):
        option = required.replace("_", "-")
        raise OptionError(
            f"'{spec.name}' needs the option '{option}': "
            f"{spec.name}{{{option}=...}}, {in_words(types[option])}"
        )
    try:
        return kind.from_spec(ArgSpec(spec.name, values))
    except ValueError as error:
        raise OptionError(f"'{spec.name}': {error}") from error


def _unknown(name: str, option: str, types: dict[str, Any]) -> str:
    if not types:
        return f"'{name}' takes no options, so '{option}' is unknown"
    hint = did_you_mean(option, types)
    return f"'{name}' has no option '{option}';{hint} it takes {', '.join(types)}"


def _remedy(option: str, given: ParameterListType, kind: Any) -> str:
    """How to write a list that is one word, and bytes with a suffix."""
    choices = type_choices(kind)
    if str in choices and len(given) > 1:
        return f'; write {option}="{",".join(map(_word, given))}"'
    if option.endswith("bytes"):
        return f": write {EXAMPLES}"
    if int in choices and len(given) == 1 and isinstance(given[0], str):
        number = bytes_of(given[0])
        return "" if number is None else f"; write {option}={number}"
    return ""


def _converted(given: ParameterListType, kind: Any) -> ParameterListType | None:
    """`given` as `kind` wants it, None where it does not fit."""
    choices = type_choices(kind)
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


def _shown(given: ParameterListType) -> str:
    if not given:
        return "nothing"
    return f"'{','.join(map(_word, given))}'"


def _word(value: str | int | bool | float) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
