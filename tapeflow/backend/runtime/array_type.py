"""One argument or result in NumPy's terms, and whether an array fits it."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from xdsl.dialects.builtin import DYNAMIC_INDEX, LocationAttr, MemRefType
from xdsl.ir import Attribute

from tapeflow.backend.runtime.scalar_types import storage_dtype

Array: TypeAlias = NDArray[Any]


def require_names(what: str, arrays: object, first: str) -> None:
    """Raises RequestError for arrays that are not named; `first` is such a name."""
    if not isinstance(arrays, Mapping):
        raise RequestError(
            f"{what} are of type {type(arrays).__name__}; give a dictionary of arrays "
            f'by their names: {{"{first}": ...}}'
        )


class RequestError(ValueError):
    """What was asked for does not fit the program: a name, a number, an array.

    `location` is where in the program, if one place of it is at fault.
    """

    def __init__(self, message: str, location: LocationAttr | None = None):
        super().__init__(message)
        self.location = location


@dataclass(frozen=True)
class ArrayType:
    """The array that holds values of an MLIR type."""

    dtype: np.dtype[Any]
    shape: tuple[int | None, ...] | None
    """Extents of a buffer, None where only known at run time; None for a scalar."""

    @staticmethod
    def of(type_: Attribute) -> "ArrayType | None":
        """The array type for a scalar or memref type, None if there is none."""
        element, shape = type_, None
        if isinstance(type_, MemRefType):
            element = type_.element_type
            extents = type_.get_shape()
            shape = tuple(None if n == DYNAMIC_INDEX else n for n in extents)
        dtype = storage_dtype(element)
        return None if dtype is None else ArrayType(dtype, shape)

    def __str__(self) -> str:
        if self.shape is None:
            return f"a 0-d array of {self.dtype}"
        extents = ", ".join("?" if n is None else str(n) for n in self.shape)
        comma = "," if len(self.shape) == 1 else ""
        return f"an array of {self.dtype} with shape ({extents}{comma})"

    def fitted(self, array: Array, name: str, holder: object) -> Array:
        """An own copy of the array, in C order, if it fits; scalars stay 0-d.

        Lists and Python's numbers are arrays, too. A scalar integer may come in any
        integer type that can hold it. `name` is the array and `holder` what it is for,
        in messages.

        Raises:
            RequestError: another type or shape.
        """
        try:
            array = np.asarray(array)
        except ValueError:  # a ragged list
            raise RequestError(f"{holder} needs {self}, {name} is none") from None
        has_type = array.dtype.newbyteorder("=") == self.dtype or self._holds(array)
        if has_type and self._takes_shape(array.shape):
            return np.array(array, dtype=self.dtype, order="C", copy=True)
        convert = "" if self._takes_shape(array.shape) else self._reshaping(array)
        if not has_type:
            convert += f".astype(numpy.{self.dtype})"
        raise RequestError(
            f"{holder} needs {self}, but {name} is an array of {array.dtype} "
            f"with shape {array.shape}"
            + (f"; convert it with {name}{convert}" if convert else "")
        )

    def _reshaping(self, array: Array) -> str:
        """What gives an array as many dimensions as it needs; "" if nothing does."""
        extents = self.shape or ()
        if extents == (None,):
            return ".ravel()"
        if None in extents or prod(n or 0 for n in extents) != array.size:
            return ""
        return f".reshape({extents})"

    def _takes_shape(self, shape: tuple[int, ...]) -> bool:
        if self.shape is None:
            return shape == ()
        return len(shape) == len(self.shape) and all(
            expected is None or expected == extent
            for expected, extent in zip(self.shape, shape, strict=True)
        )

    def _holds(self, scalar: Array) -> bool:
        """Whether this is a scalar integer of another width that loses nothing."""
        if self.shape is not None or scalar.dtype.kind not in "iu":
            return False
        value = int(scalar)
        if self.dtype.kind == "b":
            return value in (0, 1)
        if self.dtype.kind != "i":
            return False
        limits = np.iinfo(self.dtype)
        return int(limits.min) <= value <= int(limits.max)
