"""Scalar types of a program, and how both engines hold their values.

A float is an IEEE double; an f32 value is one that single precision can hold. An
integer of n bits and an index (64 bits) is a two's complement number, sign-extended
to 64 bits. An i1 is a truth value.
"""

from typing import Any

import numpy as np
from xdsl.dialects.builtin import Float32Type, Float64Type, IndexType, IntegerType
from xdsl.ir import Attribute

INDEX_BITS = 64
MAX_INTEGER_BITS = 64

_INTEGER_DTYPES: dict[int, np.dtype[Any]] = {
    1: np.dtype(np.bool_),
    8: np.dtype(np.int8),
    16: np.dtype(np.int16),
    32: np.dtype(np.int32),
    64: np.dtype(np.int64),
}


def is_float(scalar_type: Attribute) -> bool:
    """The float types that programs compute with: f32 and f64."""
    return isinstance(scalar_type, Float32Type | Float64Type)


def integer_bits(scalar_type: Attribute) -> int | None:
    """Width of an integer or index type, None for every other type."""
    match scalar_type:
        case IndexType():
            return INDEX_BITS
        case IntegerType() if scalar_type.width.data <= MAX_INTEGER_BITS:
            return scalar_type.width.data
        case _:
            return None


def is_scalar(scalar_type: Attribute) -> bool:
    """Whether the engines compute with values of this type."""
    return is_float(scalar_type) or integer_bits(scalar_type) is not None


def storage_dtype(element: Attribute) -> np.dtype[Any] | None:
    """The NumPy element type of a buffer or record field, None if there is none."""
    match element:
        case Float64Type():
            return np.dtype(np.float64)
        case Float32Type():
            return np.dtype(np.float32)
        case _:
            bits = integer_bits(element)
            return None if bits is None else _INTEGER_DTYPES.get(bits)
