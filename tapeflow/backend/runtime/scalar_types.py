"""How both engines hold the values of a program's scalar types.

A float is an IEEE double; an f32 value is one that single precision can hold. An
integer of n bits and an index (64 bits) is a two's complement number, sign-extended
to 64 bits. An i1 is a truth value.
"""

from typing import Any

import numpy as np
from xdsl.dialects.builtin import Float32Type, Float64Type
from xdsl.ir import Attribute

from tapeflow.analysis.verification.what_runs import integer_bits

_INTEGER_DTYPES: dict[int, np.dtype[Any]] = {
    1: np.dtype(np.bool_),
    8: np.dtype(np.int8),
    16: np.dtype(np.int16),
    32: np.dtype(np.int32),
    64: np.dtype(np.int64),
}


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
