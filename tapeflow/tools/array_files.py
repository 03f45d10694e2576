"""Arrays in .npz files: every way in which reading one can fail has its message."""

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from tapeflow.frontend.input_files import no_such_file, open_input

Array: TypeAlias = NDArray[Any]


class ArrayFileError(Exception):
    """A file that is missing, damaged, or holds something else than plain arrays."""


def read_arrays(path: Path) -> dict[str, Array]:
    """All arrays of an .npz file by name. Pickled objects are refused, never run.

    Raises:
        ArrayFileError: with the cause and what would help; who asks names the path.
    """
    try:
        with open_input(path) as file:
            return _read_archive(file)
    except FileNotFoundError:
        raise ArrayFileError(no_such_file(path)) from None
    except IsADirectoryError:
        raise ArrayFileError("is a directory, not an .npz file") from None
    except OSError as error:
        raise ArrayFileError(f"cannot be read: {error.strerror}") from None


_HOW = "write it with numpy.savez('FILE.npz', arg0=..., arg1=...)"


def _read_archive(file: BinaryIO) -> dict[str, Array]:
    if not zipfile.is_zipfile(file):
        file.seek(0)
        raise ArrayFileError(f"{_other_kind(file.read(512))}; {_HOW}")
    file.seek(0)
    try:
        with np.load(file, allow_pickle=False) as archive:
            names = list(archive.files)
            return {name: _read_member(archive, name) for name in names}
    except (zipfile.BadZipFile, ValueError, RuntimeError) as error:
        raise ArrayFileError(f"damaged .npz file: {error}") from None


def _other_kind(start: bytes) -> str:
    """What a file is that begins so and is no .npz file."""
    if start.startswith(b"\x93NUMPY"):
        return "this is a single array (.npy), and an .npz file of all is needed"
    if start and start.isascii() and b"\0" not in start:
        return "this is text, not an .npz file"
    return "this is not an .npz file, or a damaged one"


def _read_member(archive: Mapping[str, Any], name: str) -> Array:
    try:
        member = archive[name]
    except ValueError as error:
        reason = (
            "holds Python objects (is it ragged?)"
            if "allow_pickle" in str(error)
            else str(error)
        )
        raise ArrayFileError(
            f"array '{name}' cannot be read: {reason}; "
            "only arrays of numbers are accepted"
        ) from None
    except Exception as error:
        # Zip, zlib, the tokenizer of headers: each has exceptions of its own for bytes
        # that make no sense, and nothing but the file can be at fault here.
        reason = str(error) or type(error).__name__
        raise ArrayFileError(
            f"array '{name}' is damaged: {reason}; write the file again"
        ) from None
    if not isinstance(member, np.ndarray):
        raise ArrayFileError(f"'{name}' is not an array; {_HOW}")
    return cast(Array, member)


def write_arrays(file: BinaryIO, arrays: Mapping[str, Array]) -> None:
    """Write an .npz file; an array keeps its shape, 0-d arrays stay 0-d."""
    np.savez(file, allow_pickle=False, **dict(arrays))
