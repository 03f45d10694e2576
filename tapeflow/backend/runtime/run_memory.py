"""All memory of one run: where each buffer lies, and how much tape was pushed."""

from collections.abc import Sequence
from math import prod
from typing import Any

from numpy.typing import NDArray
from xdsl.dialects.builtin import IntegerAttr, MemRefType
from xdsl.ir import Attribute, Operation

from hwmodel import AddressSpace
from tapeflow.backend.runtime.buffer import Block, Buffer, unwritten
from tapeflow.backend.runtime.execution import BufferAddress
from tapeflow.backend.runtime.execution_error import ExecutionError
from tapeflow.backend.runtime.memory_budget import MemoryBudget
from tapeflow.backend.runtime.scalar_types import storage_dtype
from tapeflow.dialects.tape_attributes import TAPE_FIELD, TAPE_MOVED, TAPE_SKEW

LARGEST_EXTENTS = 1 << 62
"""Strides of an empty buffer must fit an index, too."""
TOO_LARGE_EXTENTS = (
    "this buffer is empty, but the product of its other extents is more than 2**62, "
    "which is too far for an index; use smaller extents"
)


def skew_of(allocation: Operation) -> int | None:
    """The lines from a multiple of a page at which an allocation asks to begin."""
    skew = allocation.attributes.get(TAPE_SKEW)
    return skew.value.data if isinstance(skew, IntegerAttr) else None


def is_tape(allocation: Operation) -> bool:
    """Whether fields of a tape are stored in what an operation allocates."""
    users = (use.operation for result in allocation.results for use in result.uses)
    marks = (TAPE_FIELD, TAPE_MOVED)
    return any(mark in user.attributes for user in users for mark in marks)


class RunMemory:
    """Gives buffers their addresses as they come and keeps count of the tape."""

    def __init__(self) -> None:
        self._space = AddressSpace()
        self.budget = MemoryBudget()
        """What all that the run keeps in memory is taken from."""
        self.globals: dict[str, Buffer] = {}
        """Constant buffers that the run has used, by symbol."""
        self.tape_bytes = 0
        """The most bytes of tape at a time so far, at stored width with padding."""
        self._live_tape_bytes = 0

    def count_tape(self, size_bytes: int) -> None:
        """Note that this many bytes were pushed on a tape, or popped if negative."""
        self._live_tape_bytes += size_bytes
        self.tape_bytes = max(self.tape_bytes, self._live_tape_bytes)

    @property
    def addresses(self) -> tuple[BufferAddress, ...]:
        """Every buffer so far, in order of allocation."""
        return tuple(
            BufferAddress(buffer.name, buffer.address, buffer.size_bytes)
            for buffer in self._space.buffers
        )

    @property
    def end_bytes(self) -> int:
        """The first byte beyond all buffers so far."""
        return self._space.end_bytes

    def block(self, name: str, size_bytes: int, skew_lines: int | None = None) -> Block:
        """Addresses for memory of the caller; see `AddressSpace` for the skew."""
        address = self._space.allocate(name, size_bytes, skew_lines)
        return Block(name, address, size_bytes)

    def adopt(self, name: str, array: NDArray[Any]) -> Buffer:
        """A buffer for an existing C-contiguous array, whose elements it shares."""
        self.budget.give_back(-array.nbytes)  # it is there already
        block = self.block(name, array.nbytes)
        return Buffer.contiguous(block, array.reshape(-1), array.shape)

    def allocate(
        self,
        name: str,
        type_: Attribute,
        sizes: Sequence[int],
        skew_lines: int | None = None,
        what: str | None = None,
    ) -> Buffer:
        """A new buffer of a memref type with these dynamic sizes.

        Args:
            what: what a message calls it, by default by its name.

        Raises:
            ExecutionError: a size is negative, no memory holds such elements, or there
                is not enough of it.
        """
        assert isinstance(type_, MemRefType)
        dtype = storage_dtype(type_.element_type)
        if dtype is None:
            raise ExecutionError(f"no memory holds values of type {type_.element_type}")
        dynamic = iter(sizes)
        shape = tuple(
            extent if extent >= 0 else next(dynamic) for extent in type_.get_shape()
        )
        if any(extent < 0 for extent in shape):
            raise ExecutionError(f"cannot allocate a buffer of shape {list(shape)}")
        elements = prod(shape)
        if not elements and prod(filter(None, shape)) > LARGEST_EXTENTS:
            raise ExecutionError(TOO_LARGE_EXTENTS)
        size_bytes = elements * dtype.itemsize
        self.budget.take(size_bytes, what or f"buffer '{name}'")
        block = self.block(name, size_bytes, skew_lines)
        return Buffer.contiguous(block, unwritten(dtype, elements), shape)

    def release(self, block: Block) -> None:
        """Give a block back.

        Raises:
            ExecutionError: it was given back before.
        """
        if not block.is_live:
            raise ExecutionError(f"buffer '{block.name}' is deallocated twice")
        block.is_live = False
        self.budget.give_back(block.size_bytes)
        self._space.free(block.address)
