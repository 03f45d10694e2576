"""Checks of the arguments of a run; arrays that it changes are never copied."""

import itertools
from collections.abc import Sequence
from typing import Any, cast

import numpy as np
from xdsl.dialects.builtin import MemRefType
from xdsl.dialects.func import FuncOp
from xdsl.ir import BlockArgument

from tapeflow.backend.runtime.array_type import Array, ArrayType
from tapeflow.backend.runtime.execution_error import ExecutionError, location_of
from tapeflow.backend.runtime.memref_fit import misfit, row_major


def checked_arguments(
    function: FuncOp, arguments: Sequence[object]
) -> tuple[Array | np.generic, ...]:
    """The arguments of a function: arrays as they are, scalars in the exact type.

    Raises:
        ExecutionError: their number, a type, a shape or a memory layout does not fit,
            or two arrays share memory.
    """
    parameters = function.body.blocks[0].args
    if len(arguments) != len(parameters):
        raise ExecutionError(
            f"@{function.sym_name.data} takes {len(parameters)} arguments, "
            f"but {len(arguments)} were given",
            location_of(function),
        )
    checked = tuple(map(_checked, parameters, arguments))
    arrays = [(i, a) for i, a in enumerate(checked) if isinstance(a, np.ndarray)]
    for (i, first), (j, second) in itertools.combinations(arrays, 2):
        if np.may_share_memory(first, second):
            raise ExecutionError(
                f"arguments {i} and {j} share memory; buffers of a program do not "
                "overlap, so pass a copy"
            )
    return checked


def _checked(parameter: BlockArgument, argument: object) -> Array | np.generic:
    expected = ArrayType.of(parameter.type)
    if expected is None:
        raise _misfit(parameter, f"no argument can have type {parameter.type}")
    if isinstance(parameter.type, MemRefType):
        array = _checked_array(parameter, expected, argument)
        problem = misfit(parameter.type, array.shape, row_major(array.shape), 0)
        if problem is not None:
            raise _misfit(parameter, problem)
        return array
    return _checked_scalar(parameter, expected, argument)


def _checked_array(
    parameter: BlockArgument, expected: ArrayType, argument: object
) -> Array:
    if not isinstance(argument, np.ndarray):
        found = type(argument).__name__
        raise _misfit(parameter, f"expected {expected}, got a {found}; pass an array")
    array = cast(Array, argument)
    if array.dtype != expected.dtype:
        raise _misfit(
            parameter,
            f"expected {expected}, got {_described(array)}; "
            f"convert it with astype(numpy.{expected.dtype})",
        )
    shape = expected.shape or ()
    if array.ndim != len(shape) or any(
        fixed not in (None, extent)
        for fixed, extent in zip(shape, array.shape, strict=True)
    ):
        found = _described(array)
        raise _misfit(parameter, f"expected {expected}, got {found}; reshape it")
    if not array.flags.c_contiguous or not array.flags.writeable:
        raise _misfit(
            parameter,
            "the array must be writeable and contiguous in C order; pass a copy of it",
        )
    return array


def _checked_scalar(
    parameter: BlockArgument, expected: ArrayType, argument: object
) -> np.generic:
    """Python numbers, NumPy scalars and 0-d arrays that lose nothing."""
    value: Any = np.asarray(argument)
    is_float = expected.dtype.kind == "f"
    if value.ndim or value.dtype.kind not in "biuf":
        problem = "expected a scalar, got {}; pass a number"
    elif not is_float and value.dtype.kind == "f":
        problem = "expected an integer, got {}; convert it"
    else:
        with np.errstate(over="ignore"):
            converted = value.astype(expected.dtype)[()]
        if is_float or int(converted) == int(value):
            return converted
        problem = f"{{}} does not fit {parameter.type}"
    found = f"{argument!r} of type {type(argument).__name__}"
    raise _misfit(parameter, problem.format(found))


def _described(array: Array) -> str:
    return f"an array of {array.dtype} with shape {array.shape}"


def _misfit(parameter: BlockArgument, message: str) -> ExecutionError:
    name = f" (%{parameter.name_hint})" if parameter.name_hint else ""
    return ExecutionError(f"argument {parameter.index}{name}: {message}")
