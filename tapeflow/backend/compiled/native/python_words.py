"""Every word of compiled Python for plain Python, so that its source also runs as is.

Arrays are `PlainArray`s: elements come out as Python numbers, slices share memory. The
functions are those of `python_functions` and typed access to bytes.
"""

import struct
from collections.abc import Callable
from typing import Any, TypeVar

from tapeflow.backend.compiled.plain_array import PlainArray
from tapeflow.backend.semantics.python_functions import PYTHON_NAMESPACE

Function = TypeVar("Function", bound=Callable[..., Any])

_CODES = {
    "f64": "<d",
    "f32": "<f",
    "i64": "<q",
    "i32": "<i",
    "i16": "<h",
    "i8": "<b",
    "i1": "<?",
}
"""Element name to its `struct` format."""


def _reader(code: str) -> Any:
    unpack = struct.Struct(code).unpack_from

    def read(array: PlainArray, at: int) -> Any:
        return unpack(array.memory, array.place(at))[0]

    return read


def _writer(code: str) -> Any:
    pack = struct.Struct(code).pack_into

    def write(array: PlainArray, at: int, value: float) -> None:
        pack(array.memory, array.place(at), value)

    return write


def copy_bytes(
    to: PlainArray, to_at: int, source: PlainArray, source_at: int, count: int
) -> None:
    """Copy bytes between arrays of bytes."""
    first, other = to.place(to_at), source.place(source_at)
    to.memory[first : first + count] = source.memory[other : other + count]


def fill_bytes(array: PlainArray, at: int, count: int, byte: int) -> None:
    """Set bytes of an array of bytes."""
    filling = memoryview(bytes([byte & 255]) * count).cast("b")
    first = array.place(at)
    array.memory[first : first + count] = filling


def out_of_line(function: Function) -> Function:
    """Mark a function whose machine code is called, never copied to its callers."""
    return function


PYTHON_WORDS: dict[str, Any] = {
    **PYTHON_NAMESPACE,
    **{f"read_{name}": _reader(code) for name, code in _CODES.items()},
    **{f"write_{name}": _writer(code) for name, code in _CODES.items()},
    "out_of_line": out_of_line,
    "copy_bytes": copy_bytes,
    "fill_bytes": fill_bytes,
}
"""Name to function or constant."""
