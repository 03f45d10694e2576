"""Run-time buffers: the memory behind a memref, and views of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tapeflow.backend.runtime.execution_error import ALLOWED_INDICES, ExecutionError
from tapeflow.backend.runtime.memref_fit import row_major


@dataclass
class Block:
    """A stretch of memory with an address."""

    name: str
    address: int
    size_bytes: int
    is_live: bool = True


@dataclass(frozen=True)
class Buffer:
    """A strided view of a block of scalars; strides and offset in elements."""

    block: Block
    storage: NDArray[Any]
    """All elements of the block, 1-D."""
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    offset: int = 0

    @staticmethod
    def contiguous(
        block: Block, storage: NDArray[Any], shape: tuple[int, ...]
    ) -> "Buffer":
        """A row-major view of a whole block."""
        return Buffer(block, storage, shape, row_major(shape))

    def position(self, indices: Sequence[int]) -> int:
        """Where in `storage` the element is.

        Raises:
            ExecutionError: out of bounds, or the buffer was deallocated.
        """
        place = self.offset
        for index, extent, stride in zip(
            indices, self.shape, self.strides, strict=True
        ):
            if not 0 <= index < extent:
                raise ExecutionError(self._out_of_bounds(indices))
            place += index * stride
        self.require_live()
        return place

    def require_live(self) -> None:
        """Raise `ExecutionError` if the buffer was deallocated."""
        if not self.block.is_live:
            raise ExecutionError(f"buffer '{self.block.name}' was deallocated before")

    def address_of(self, position: int) -> int:
        """Byte address of the element at a position."""
        return self.block.address + position * self.storage.itemsize

    def store(self, position: int, value: float) -> None:
        """Overwrite the element at a position.

        Raises:
            ExecutionError: the buffer is a constant.
        """
        try:
            self.storage[position] = value
        except ValueError as error:
            raise ExecutionError(f"'{self.block.name}' is constant") from error

    def positions(self) -> Iterator[int]:
        """Positions of all elements in row-major order."""
        for indices in np.ndindex(*self.shape):
            yield self.offset + sum(
                i * s for i, s in zip(indices, self.strides, strict=True)
            )

    def array(self) -> NDArray[Any]:
        """The elements as a NumPy array of the view's shape that shares the memory."""
        itemsize = self.storage.itemsize
        return np.lib.stride_tricks.as_strided(
            self.storage[self.offset :],
            self.shape,
            tuple(stride * itemsize for stride in self.strides),
        )

    def view(
        self, offsets: Sequence[int], sizes: Sequence[int], strides: Sequence[int]
    ) -> "Buffer":
        """The part at `offsets` with `sizes` elements, `strides` apart, per dimension.

        Raises:
            ExecutionError: it reaches outside.
        """
        for extent, start, size, stride in zip(
            self.shape, offsets, sizes, strides, strict=True
        ):
            ends = (start, start + (size - 1) * stride) if size else ()
            if size < 0 or any(not 0 <= end < extent for end in ends):
                raise ExecutionError(
                    f"subview of {size} elements from {start} in steps of {stride} "
                    f"leaves buffer '{self.block.name}' of shape {list(self.shape)}"
                )
        moved = sum(o * s for o, s in zip(offsets, self.strides, strict=True))
        steps = tuple(a * b for a, b in zip(self.strides, strides, strict=True))
        return Buffer(
            self.block, self.storage, tuple(sizes), steps, self.offset + moved
        )

    def reinterpreted(
        self, offset: int, sizes: Sequence[int], strides: Sequence[int]
    ) -> "Buffer":
        """Any elements of the block, counted from its first one.

        Raises:
            ExecutionError: there are fewer.
        """
        reach = [(size - 1) * step for size, step in zip(sizes, strides, strict=True)]
        first = offset + sum(distance for distance in reach if distance < 0)
        last = offset + sum(distance for distance in reach if distance > 0)
        elements = len(self.storage)
        is_empty = 0 in sizes and min(sizes) >= 0 and 0 <= offset <= elements
        is_inside = min(sizes, default=1) > 0 and first >= 0 and last < elements
        if not (is_empty or is_inside):
            raise ExecutionError(
                f"elements {first} to {last} are not all in buffer '{self.block.name}' "
                f"of {elements} elements"
            )
        return Buffer(self.block, self.storage, tuple(sizes), tuple(strides), offset)

    def _out_of_bounds(self, indices: Sequence[int]) -> str:
        return (
            f"index {list(indices)} is out of bounds of buffer '{self.block.name}' "
            f"of shape {list(self.shape)}; {ALLOWED_INDICES}"
        )


def unwritten(dtype: np.dtype[Any], elements: int) -> NDArray[Any]:
    """Fresh memory: all bits set, so that what nobody initialised shows.

    Floats are NaN, integers -1, truth values true.
    """
    if dtype == np.bool_:
        return np.ones(elements, dtype)
    return np.full(elements * dtype.itemsize, 255, np.uint8).view(dtype)
