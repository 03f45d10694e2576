"""The types of a function's arguments: as it is annotated, or from examples."""

import typing
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias, get_args, get_origin

import numpy as np
from xdsl.ir import Attribute

from tapeflow.frontend.python.annotations import (
    BY_DTYPE,
    ArrayAnnotation,
    ElementType,
    f32,
    f64,
    i32,
    i64,
    index,
)
from tapeflow.frontend.python.arrays import memref_type
from tapeflow.frontend.python.kinds import Kind
from tapeflow.frontend.python.user_source import PythonError, UserSource

ArgumentType: TypeAlias = Kind | ArrayAnnotation
"""A number of a kind, or an array."""


@dataclass(frozen=True)
class Elements:
    """An array whose number of dimensions its annotation leaves open."""

    element: ElementType


Declared: TypeAlias = ArgumentType | Elements | None
"""What an annotation says; None where there is none."""

_SCALARS: dict[object, Kind] = {
    bool: Kind.BOOL,
    int: Kind.INT,
    float: Kind.FLOAT,
    np.float64: Kind.F64,
    np.float32: Kind.F32,
    np.int64: Kind.NUMPY_INT,
    np.bool_: Kind.BOOL,
}
_ELEMENT_SCALARS: dict[ElementType, Kind] = {
    f64: Kind.F64,
    f32: Kind.F32,
    i64: Kind.NUMPY_INT,
    i32: Kind.NUMPY_INT,
    index: Kind.INT,
}


def type_of(argument: ArgumentType) -> Attribute:
    """The type of MLIR that an argument has."""
    if isinstance(argument, Kind):
        return argument.type
    return memref_type(argument.element, argument.extents)


def declared_types(source: UserSource) -> tuple[Declared, ...]:
    """What the annotations of a function's arguments say.

    Raises:
        PythonError: an annotation that cannot be compiled, or an unusual argument.
    """
    arguments = source.tree.args
    for unusual in (arguments.vararg, arguments.kwarg):
        if unusual is not None:
            source.refuse(unusual, "'*' and '**' arguments cannot be compiled")
    nodes = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    hints = _hints(source)
    found: list[Declared] = []
    for node in nodes:
        declared = _declared(hints.get(node.arg))
        if declared is _UNKNOWN:
            source.refuse(
                node.annotation or node,
                f"the type of '{node.arg}' cannot be compiled; write float, int, bool, "
                "or an array as Annotated[NDArray[np.float64], tf.f64[:, 4]]",
            )
        found.append(declared)
    return tuple(found)


class _Unknown(Elements):
    """Stands for an annotation without a meaning here."""


_UNKNOWN = _Unknown(f64)


def _hints(source: UserSource) -> dict[str, Any]:
    try:
        return typing.get_type_hints(source.function, include_extras=True)
    except Exception as error:
        raise PythonError(
            f"an annotation of '{source.name}' cannot be evaluated: {error}",
            source.place(source.tree),
        ) from error


def _declared(hint: Any) -> Declared:
    if hint is None or hint is Any:
        return None
    if isinstance(hint, ArrayAnnotation):
        return hint
    if isinstance(hint, ElementType):
        return _ELEMENT_SCALARS.get(hint, Kind.BOOL)
    if get_origin(hint) is Annotated:
        for extra in get_args(hint)[1:]:
            if isinstance(extra, ArrayAnnotation | ElementType):
                return _declared(extra)
        return _declared(get_args(hint)[0])
    if get_origin(hint) is np.ndarray:
        inner = get_args(get_args(hint)[1]) if len(get_args(hint)) > 1 else ()
        if inner and inner[0] is not Any and isinstance(inner[0], type):
            element = BY_DTYPE.get(np.dtype(inner[0]))
            return _UNKNOWN if element is None else Elements(element)
        return None
    if hint is np.ndarray:
        return None
    return _SCALARS.get(hint, _UNKNOWN)


def types_of(
    source: UserSource, declared: Sequence[Declared], arguments: Sequence[object]
) -> tuple[ArgumentType, ...]:
    """The types of arguments: as declared, else as these arguments have them.

    Raises:
        PythonError: an argument whose type cannot be compiled.
    """
    names = argument_names(source)
    return tuple(
        _type_of_example(name, d, a)
        for name, d, a in zip(names, declared, arguments, strict=True)
    )


def argument_names(source: UserSource) -> list[str]:
    """The names of the arguments in order."""
    arguments = source.tree.args
    nodes = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return [node.arg for node in nodes]


def _type_of_example(name: str, declared: Declared, argument: Any) -> ArgumentType:
    if isinstance(declared, Kind | ArrayAnnotation):
        return declared
    is_number: bool = isinstance(argument, bool | int | float | np.generic)
    type_ = _class_of(argument)
    if declared is None and is_number:
        kind = _SCALARS.get(type_)
        if kind is not None:
            return kind
        raise PythonError(f"argument '{name}' is a {type_.__name__}; {_TAKEN}")
    try:
        array = np.asarray(argument)
    except ValueError:
        raise PythonError(f"argument '{name}' is a ragged list; {_TAKEN}") from None
    element = declared.element if declared else BY_DTYPE.get(array.dtype)
    if element is None:
        is_array = isinstance(argument, np.ndarray)
        what = f"array of {array.dtype}" if is_array else type(argument).__name__
        raise PythonError(f"argument '{name}' is of type {what}; {_TAKEN}")
    return ArrayAnnotation(element, (None,) * array.ndim)


def _class_of(thing: object) -> type:
    return type(thing)


_TAKEN = (
    "numbers, and arrays of float64, float32, int64, int32 and bool can be compiled"
)
