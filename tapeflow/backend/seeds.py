"""Seeds: what multiplies each output of a function before it is differentiated.

The gradient belongs to the number sum_i seed_i * result_i plus, for each seeded
buffer, the sum over its elements of seed times final contents.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tapeflow.backend.runtime.array_type import (
    Array,
    ArrayType,
    RequestError,
    require_names,
)
from tapeflow.backend.signature import Signature


@dataclass(frozen=True)
class Seeds:
    """A seed for every float result, and for some buffer arguments."""

    results: Mapping[int, Array]
    """By result position, 0-d, ascending."""
    buffers: Mapping[int, Array]
    """By argument position, shaped as the argument."""

    @property
    def all_zero(self) -> bool:
        """Whether nothing is differentiated, so that every gradient is zero."""
        arrays = (*self.results.values(), *self.buffers.values())
        return not any(np.any(array) for array in arrays)


def seeds_from(
    signature: Signature, arrays: Mapping[str, Array], arguments: tuple[Array, ...]
) -> Seeds:
    """Seeds from arrays `seed0` (result 0) and `seed_arg1` (argument 1).

    A result without a seed has 1 if it is the only float result and 0 otherwise.
    `arguments` are the function's, whose shapes the seeds of buffers share. Arrays
    named `arg0`, `arg1`, ... are passed over, so that one file can hold everything.

    Raises:
        RequestError: a name that means nothing, or an array that does not fit.
    """
    require_names("seeds", arrays, "seed0")
    floats = signature.float_results
    results = {i: _default(signature, i) for i in floats}
    buffers: dict[int, Array] = {}
    for name, array in arrays.items():
        if re.fullmatch(r"arg\d+", name):
            continue
        match = re.fullmatch(r"seed(_arg)?(\d+)", name)
        if match is None:
            raise RequestError(
                f"'{name}' is no seed; seeds are named seed0 for result 0 and "
                "seed_arg1 for the final contents of buffer argument 1"
            )
        position = int(match[2])
        if match[1]:
            buffers[position] = _buffer_seed(signature, position, array, arguments)
        else:
            results[position] = _result_seed(signature, position, array)
    return Seeds(results, dict(sorted(buffers.items())))


def _default(signature: Signature, position: int) -> Array:
    value = 1 if len(signature.float_results) == 1 else 0
    return np.asarray(value, _result_type(signature, position).dtype)


def _result_type(signature: Signature, position: int) -> ArrayType:
    array = ArrayType.of(signature.results[position])
    assert array is not None  # a float
    return array


def _result_seed(signature: Signature, position: int, array: Array) -> Array:
    if position not in signature.float_results:
        known = ", ".join(map(str, signature.float_results)) or "none"
        raise RequestError(
            f"seed{position}: @{signature.function} has no float result {position}; "
            f"float results: {known}{_buffer_hint(signature, position)}"
        )
    holder = f"result {position} of @{signature.function}"
    return _result_type(signature, position).fitted(array, f"seed{position}", holder)


def _buffer_hint(signature: Signature, position: int) -> str:
    """Which seed is meant if it was to be that of an argument."""
    if position >= len(signature.parameters):
        return ""
    parameter = signature.parameters[position]
    if not (parameter.is_buffer and parameter.is_differentiable):
        return ""
    return f"; for the final contents of {parameter} it is seed_{parameter.key}"


def _buffer_seed(
    signature: Signature, position: int, array: Array, arguments: tuple[Array, ...]
) -> Array:
    parameter = signature.parameter(position)
    name = f"seed_arg{position}"
    if not (parameter.is_buffer and parameter.is_differentiable):
        raise RequestError(f"{name}: {parameter} is not a buffer of floats")
    exact = ArrayType(parameter.array.dtype, arguments[position].shape)
    return exact.fitted(array, name, f"the final contents of {parameter}")
