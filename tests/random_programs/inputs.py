"""Random arrays: ordinary numbers, ties, and what IEEE 754 holds besides numbers."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .scalars import TIES
from .writer import Buffer, Value, stored_range

Array = NDArray[Any]

DTYPES: dict[str, type[np.generic]] = {
    "f32": np.float32,
    "f64": np.float64,
    "index": np.int64,
    "i1": np.bool_,
    "i8": np.int8,
    "i16": np.int16,
    "i32": np.int32,
    "i64": np.int64,
}
EXTREME = {
    "f64": (5e-324, 2.2e-308, 1e-200, 1e-20, 1e20, 1e200, 1.7e308),
    "f32": (1e-45, 1.1e-38, 1e-30, 1e-10, 1e10, 1e30, 3.4e38),
}
NO_NUMBERS = (np.inf, -np.inf, np.nan)
INPUTS = {"numbers": 5.0, "ties": 2.5}
WILD_INPUTS = {**INPUTS, "no numbers": 2.0, "huge and tiny": 2.0}
"""What floats may be where the program takes anything; integers of wide types always
are near the ends of those."""


def input_of(value: Value, kind: str, arrays: np.random.Generator) -> Array:
    """An array for one argument."""
    type_ = value.element if isinstance(value, Buffer) else value.type
    shape = _shape(value)
    if type_ in ("f32", "f64"):
        return np.asarray(_floats(kind, type_, shape, arrays), DTYPES[type_])
    low, high = stored_range(type_)
    ends = _few([low, low + 1, -1, 0, 1, high - 1, high], low, high)
    some = arrays.integers(low, high, shape, endpoint=True)
    if high - low > 10:
        some = np.where(_chance(0.5, shape, arrays), arrays.choice(ends, shape), some)
    return np.asarray(some, DTYPES[type_])


def seed_like(like: Array, arrays: np.random.Generator) -> Array:
    """Numbers away from 0 and from one another."""
    signs = arrays.choice([-1.0, 1.0], like.shape)
    return np.asarray(signs * arrays.uniform(0.5, 1.5, like.shape), like.dtype)


def _few(numbers: Sequence[int], low: int, high: int) -> list[int]:
    return [number for number in numbers if low <= number <= high]


def _chance(
    probability: float, shape: tuple[int, ...], arrays: np.random.Generator
) -> NDArray[np.bool_]:
    return arrays.uniform(size=shape) < probability


def _floats(
    kind: str, type_: str, shape: tuple[int, ...], arrays: np.random.Generator
) -> Array:
    plain = arrays.uniform(-1.5, 1.5, shape)
    match kind:
        case "ties":
            return arrays.choice(TIES, shape)
        case "no numbers":
            rare: Array = arrays.choice([*NO_NUMBERS, 0.0, -0.0], shape)
        case "huge and tiny":
            signs = arrays.choice([-1.0, 1.0], shape)
            rare = signs * arrays.choice([0.0, *EXTREME[type_]], shape)
        case _:
            return plain
    return np.where(_chance(arrays.choice([0.1, 0.3]), shape, arrays), rare, plain)


def _shape(value: Value) -> tuple[int, ...]:
    if not isinstance(value, Buffer):
        return ()
    assert value.extents is not None
    return value.extents
