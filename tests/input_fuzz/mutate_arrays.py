"""Spoils an .npz file: its bytes, or the names, types, shapes and values in it."""

import io
import pickle
import zipfile
from collections.abc import Mapping
from random import Random
from typing import Any

import numpy as np

DTYPES = (
    "f2",
    "f4",
    "f8",
    ">f8",
    "g",
    "c16",
    "i1",
    "i8",
    "u8",
    "?",
    "S3",
    "U2",
    "M8[s]",
)
VALUES = (np.nan, np.inf, -np.inf, 0.0, -0.0, 1e308, 5e-324, -1.0, 2.0**63)
HEADERS = (
    b"{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999,), }",
    b"{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }",
    b"{'descr': '<f8', 'fortran_order': False, 'shape': (2**40, 2**40), }",
    b"{'descr': '|O', 'fortran_order': False, 'shape': (3,), }",
    b"{'descr': [('a', '<f8'), ('b', '<i4')], 'fortran_order': True, 'shape': (3,), }",
    b"{'descr': '|V0', 'fortran_order': False, 'shape': (3,), }",
    b"{'descr': '<f8', 'shape': (3,), }",
    b"(" * 500,
    b"\xff\xfe",
)


def mutated(generator: Random, arrays: Mapping[str, Any]) -> bytes:
    """An archive like that of `arrays`, spoilt in one way."""
    match generator.randrange(5):
        case 0:
            return _spoilt_bytes(generator, archive(arrays))
        case 1:
            return _odd_member(generator, arrays)
        case _:
            return archive(_spoilt_arrays(generator, arrays))


def archive(arrays: Mapping[str, Any]) -> bytes:
    """The bytes of an .npz file."""
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **arrays)
    return file.getvalue()


def _spoilt_bytes(generator: Random, data: bytes) -> bytes:
    if generator.random() < 0.3:
        return data[: generator.randrange(len(data))]
    spoilt = bytearray(data)
    for _ in range(generator.choice((1, 2, 20))):
        spoilt[generator.randrange(len(spoilt))] = generator.randrange(256)
    return bytes(spoilt)


def _odd_member(generator: Random, arrays: Mapping[str, Any]) -> bytes:
    """One member is no array, or its header tells lies."""
    file = io.BytesIO(archive(arrays))
    name = generator.choice(sorted(arrays))
    header = generator.choice(HEADERS)
    contents = generator.choice(
        (
            b"",
            b"text",
            pickle.dumps({"a": 1}),
            b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header,
            b"\x93NUMPY\x09\x09" + header,
            b"\x93NUMPY\x02\x00\xff\xff\xff\xff" + header,
        )
    )
    spoilt = io.BytesIO()
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(spoilt, "w") as new:
        for member in old.namelist():
            odd = member == f"{name}.npy"
            new.writestr(member, contents if odd else old.read(member))
            if odd and generator.random() < 0.2:
                new.writestr(member, old.read(member))
    return spoilt.getvalue()


def _spoilt_arrays(generator: Random, arrays: Mapping[str, Any]) -> dict[str, Any]:
    spoilt = {name: np.array(value) for name, value in arrays.items()}
    name = generator.choice(sorted(spoilt))
    array = spoilt.pop(name)
    match generator.randrange(6):
        case 0:
            return spoilt
        case 1:
            return {**spoilt, generator.choice(("arg9", "", "../a", "x" * 300)): array}
        case 2:
            with np.errstate(all="ignore"):
                return {**spoilt, name: array.astype(generator.choice(DTYPES))}
        case 3:
            shape = generator.choice(((0,), (1,), (1, 1), (2, 0), (3, 1, 1, 1), ()))
            return {**spoilt, name: np.resize(array, shape)}
        case 4 if array.ndim and array.size:
            return {**spoilt, name: array[:: generator.choice((2, -1))]}
        case _:
            filled = np.full(array.shape, generator.choice(VALUES))
            with np.errstate(all="ignore"):
                return {**spoilt, name: filled.astype(array.dtype)}
