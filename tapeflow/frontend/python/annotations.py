"""What a user writes for the types of arguments: `tf.f64[:, 4]`, `tf.index[:]`.

For type checkers it stands behind the array that it describes:

    Annotated[NDArray[np.float64], tf.f64[:, 4]]
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias, cast

import numpy as np

Extent: TypeAlias = int | None


@dataclass(frozen=True)
class ElementType:
    """What arrays hold, or one number of that type."""

    name: str
    dtype: np.dtype[Any]

    def __getitem__(self, extents: Any) -> ArrayAnnotation:
        """An array of these: `:` for an extent that varies, a number for a fixed one.

        Raises:
            TypeError: an extent is something else.
        """
        if not isinstance(extents, tuple):
            return ArrayAnnotation(self, (self._extent(extents),))
        given = cast(tuple[object, ...], extents)
        return ArrayAnnotation(self, tuple(map(self._extent, given)))

    def _extent(self, extent: object) -> Extent:
        if extent == slice(None):
            return None
        if isinstance(extent, int) and not isinstance(extent, bool) and extent >= 0:
            return extent
        raise TypeError(
            f"an extent of tf.{self.name}[...] is {extent!r}; write ':' for one that "
            "varies, or a number"
        )

    def __repr__(self) -> str:
        return f"tf.{self.name}"


@dataclass(frozen=True)
class ArrayAnnotation:
    """An array argument: its elements and its extents, None for those that vary."""

    element: ElementType
    extents: tuple[Extent, ...]

    def __repr__(self) -> str:
        extents = ", ".join(":" if n is None else str(n) for n in self.extents)
        return f"tf.{self.element.name}[{extents}]"


f64 = ElementType("f64", np.dtype(np.float64))
f32 = ElementType("f32", np.dtype(np.float32))
i64 = ElementType("i64", np.dtype(np.int64))
i32 = ElementType("i32", np.dtype(np.int32))
boolean = ElementType("boolean", np.dtype(np.bool_))
index = ElementType("index", np.dtype(np.int64))
"""Subscripts: numbers that are not negative; a negative one used as one raises."""

BY_DTYPE = {kind.dtype: kind for kind in (f64, f32, i64, i32, boolean)}
"""What arrays of a NumPy type hold."""
