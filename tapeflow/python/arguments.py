"""The arguments of a call: bound to names, and as the arrays that run.

A list is an array, and so is an array of another type that loses nothing. An array that
the function writes has to be of the very type, since it is changed in place.
"""

import inspect
import itertools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from tapeflow.backend.runtime.array_type import Array, ArrayType, RequestError
from tapeflow.backend.signature import Parameter, Signature


class ArgumentError(RequestError, TypeError):
    """An argument that is missing, or that a function does not take."""


def bound(
    name: str,
    signature: inspect.Signature,
    given: Sequence[object],
    named: Mapping[str, object],
) -> list[object]:
    """The arguments of a call in order, defaults filled in.

    Raises:
        ArgumentError: one is missing, or one too many is there.
    """
    if not named and len(given) == len(signature.parameters):
        return list(given)
    try:
        arguments = signature.bind(*given, **named)
    except TypeError as error:
        raise ArgumentError(f"{name}{signature}: {error}") from None
    arguments.apply_defaults()
    return [arguments.arguments[name] for name in signature.parameters]


@dataclass(frozen=True)
class Fitted:
    """Arguments that run, and the arrays to be changed afterwards."""

    arrays: tuple[Array, ...]
    written_back: tuple[tuple[Array, Array], ...]
    """Arrays of the caller that a copy stands for, and the copies."""

    def write_back(self) -> None:
        """Change the caller's arrays as their copies were changed."""
        for own, copy in self.written_back:
            np.copyto(own, copy)


def fitted(
    signature: Signature,
    names: Sequence[str],
    written: Collection[int],
    given: Sequence[object],
    in_place: bool,
) -> Fitted:
    """The arguments as arrays of the types that the function takes.

    Args:
        written: positions of the arrays that the function writes.
        in_place: whether they are the caller's own, else copies.

    Raises:
        ArgumentError: one of another type, shape, or memory than can be taken.
    """
    arrays: list[Array] = []
    back: list[tuple[Array, Array]] = []
    for parameter, name, argument in zip(
        signature.parameters, names, given, strict=True
    ):
        if not parameter.is_buffer:
            arrays.append(_scalar(parameter, name, argument))
        elif in_place and parameter.position in written:
            array = _written(parameter, name, argument)
            own = array if array.flags.c_contiguous else array.copy(order="C")
            if own is not array:
                back.append((array, own))
            arrays.append(own)
        else:
            arrays.append(_read(parameter, name, argument, in_place))
    _check_apart(names, written, given)
    if in_place:
        arrays = _apart(arrays, written)
    return Fitted(tuple(arrays), tuple(back))


def _scalar(parameter: Parameter, name: str, argument: object) -> Array:
    value: Any = np.asarray(argument)
    dtype = parameter.array.dtype
    if isinstance(argument, int) and value.dtype.kind == "O":
        raise ArgumentError(f"'{name}' is {argument}, which does not fit 64 bits")
    if value.ndim or value.dtype.kind not in "biuf":
        raise ArgumentError(f"'{name}' is a number, and {_what(argument)} is given")
    if dtype.kind != "f" and value.dtype.kind == "f":
        raise ArgumentError(
            f"'{name}' is an int, and {argument!r} is given; convert it by int(...)"
        )
    if dtype.kind == "b" and value.dtype.kind != "b":
        raise ArgumentError(f"'{name}' is a bool, and {argument!r} is given")
    with np.errstate(over="ignore"):
        converted = value.astype(dtype)
    if dtype.kind == "i" and int(converted) != int(value):
        raise ArgumentError(f"'{name}' is {argument!r}, which does not fit 64 bits")
    return converted


def _written(parameter: Parameter, name: str, argument: object) -> Array:
    if not isinstance(argument, np.ndarray):
        raise ArgumentError(
            f"'{name}' is written by the function, and {_what(argument)} is given; "
            f"pass an array of {parameter.array.dtype}"
        )
    array = cast(Array, argument)
    if array.dtype != parameter.array.dtype:
        raise ArgumentError(
            f"'{name}' is written by the function and has to be an array of "
            f"{parameter.array.dtype}, not of {array.dtype}; pass "
            f"{name}.astype(numpy.{parameter.array.dtype})"
        )
    _check_shape(parameter, name, array)
    if not array.flags.writeable:
        raise ArgumentError(
            f"'{name}' is written by the function, and this array is read-only; pass "
            f"{name}.copy()"
        )
    if any(s == 0 and n > 1 for s, n in zip(array.strides, array.shape, strict=True)):
        raise ArgumentError(
            f"'{name}' is written by the function, and elements of this array are the "
            f"same memory (as of numpy.broadcast_to); pass {name}.copy()"
        )
    return array


def _read(parameter: Parameter, name: str, argument: object, own: bool) -> Array:
    dtype = parameter.array.dtype
    try:
        array = np.asarray(argument)
    except ValueError:
        raise ArgumentError(f"'{name}' is a ragged list; pass an array") from None
    if array.dtype != dtype:
        is_empty = not isinstance(argument, np.ndarray) and array.size == 0
        if not is_empty and not np.can_cast(array.dtype, dtype, "safe"):
            raise ArgumentError(
                f"'{name}' is an array of {dtype}, and {_what(argument)} is given; "
                f"convert it by astype(numpy.{dtype})"
            )
        array = array.astype(dtype)
    _check_shape(parameter, name, array)
    if own and not (array.flags.c_contiguous and array.flags.writeable):
        array = np.array(array, order="C")
    return array


def _check_shape(parameter: Parameter, name: str, array: Array) -> None:
    expected = parameter.array.shape or ()
    if len(expected) != array.ndim:
        raise ArgumentError(
            f"'{name}' has {len(expected)} dimensions, and an array of shape "
            f"{array.shape} is given; reshape it"
        )
    for extent, given in zip(expected, array.shape, strict=True):
        if extent not in (None, given):
            raise ArgumentError(
                f"'{name}' is {ArrayType(array.dtype, expected)}, and one of shape "
                f"{array.shape} is given"
            )


def _what(argument: Any) -> str:
    if isinstance(argument, np.ndarray):
        array = cast(Array, argument)
        return f"an array of {array.dtype} with shape {array.shape}"
    is_short: bool = isinstance(argument, str | bool | int | float | np.generic)
    if is_short:
        return f"{argument!r}"
    return f"an object of type {type(argument).__name__}"


def _check_apart(
    names: Sequence[str], written: Collection[int], given: Sequence[object]
) -> None:
    """No array that is written may share elements with another argument."""
    if not written:
        return
    arrays = [
        (i, cast(Array, a)) for i, a in enumerate(given) if isinstance(a, np.ndarray)
    ]
    for (i, first), (j, second) in itertools.combinations(arrays, 2):
        is_written = i in written or j in written
        if is_written and np.shares_memory(first, second):
            raise ArgumentError(
                f"'{names[i]}' and '{names[j]}' share memory, and the function writes "
                "to it; pass a copy of one"
            )


def _apart(arrays: list[Array], written: Collection[int]) -> list[Array]:
    """Arrays that are only read and share memory are copied."""
    for i, array in enumerate(arrays):
        if i in written or array.ndim == 0:
            continue
        others = (a for j, a in enumerate(arrays) if j != i and a.ndim)
        if any(np.may_share_memory(array, other) for other in others):
            arrays[i] = array.copy()
    return arrays
