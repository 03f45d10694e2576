"""Everything that a run gives back, by name, and where two runs differ in a bit."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np
from xdsl.dialects.builtin import ModuleOp

from tapeflow.backend.execute import Engine, execute
from tapeflow.backend.gradient import GradientResult
from tapeflow.backend.runtime.array_type import Array, ArrayType
from tapeflow.backend.signature import Signature

Outputs: TypeAlias = dict[str, Array]


def outputs_of(result: GradientResult) -> Outputs:
    """Values, final buffers and gradients of one run."""
    return {
        **_primal_outputs(result.values, result.buffers),
        **{f"gradient of argument {i}": a for i, a in result.gradients.items()},
    }


def run_primal(
    module: ModuleOp, signature: Signature, arguments: Sequence[Array], engine: Engine
) -> Outputs:
    """Values and final buffers of a function as it was written.

    The arguments stay as they are. Raises as `execute` does.
    """
    own = [argument.copy() for argument in arguments]
    execution = execute(module, signature.function, own, None, engine)
    values: list[Array] = []
    for result, type_ in zip(execution.results, signature.results, strict=True):
        array = ArrayType.of(type_)
        values.append(np.asarray(result, None if array is None else array.dtype))
    buffers = {p.position: own[p.position] for p in signature.parameters if p.is_buffer}
    return _primal_outputs(values, buffers)


def _primal_outputs(values: Sequence[Array], buffers: Mapping[int, Array]) -> Outputs:
    return {
        **{f"result {k}": value for k, value in enumerate(values)},
        **{f"argument {i} at the end": array for i, array in buffers.items()},
    }


def first_difference(before: Outputs, after: Outputs) -> str | None:
    """The first element with other bits, of what both have; None where all agree."""
    for name, array in before.items():
        if name in after and array.tobytes() != after[name].tobytes():
            return _element(name, array, after[name])
    return None


def first_beyond_rounding(before: Outputs, after: Outputs) -> str | None:
    """The first element that sums in another order do not explain; None if none is.

    Floats of an array may differ by the root of their precision, as a part of its
    largest one. What is infinite or NaN stays so, and whole numbers keep their bits.
    """
    for name, array in before.items():
        if name in after and not _is_close(array, after[name]):
            return _element(name, array, after[name])
    return None


def _is_close(before: Array, after: Array) -> bool:
    if before.dtype.kind != "f" or before.tobytes() == after.tobytes():
        return before.tobytes() == after.tobytes()
    finite = np.isfinite(before)
    largest = float(np.max(np.abs(before[finite]), initial=0.0))
    tolerance = float(np.sqrt(np.finfo(before.dtype).eps)) * largest
    return np.allclose(before, after, rtol=0.0, atol=tolerance, equal_nan=True)


def _element(name: str, before: Array, after: Array) -> str:
    places = np.flatnonzero(_words(before) != _words(after))
    index = np.unravel_index(places[0], before.shape)
    pair = [array[index] for array in (before, after)]
    texts = [str(number) for number in pair]
    if texts[0] == texts[1]:  # two kinds of NaN
        texts = [f"{number} ({number.tobytes().hex()})" for number in pair]
    place = f", element [{', '.join(map(str, index))}]" if index else ""
    return f"{name}{place}: {texts[0]} against {texts[1]}"


def _words(array: Array) -> Array:
    """The elements' bits as whole numbers, flat."""
    flat = np.ascontiguousarray(array).reshape(-1)
    return flat.view(f"u{flat.dtype.itemsize}")
