"""Typed access to the fields of records in raw bytes, and the arena of such records."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from xdsl.ir import TypeAttribute

from tapeflow.backend.runtime.buffer import Block, unwritten
from tapeflow.backend.runtime.execution_error import ExecutionError
from tapeflow.backend.runtime.scalar_types import storage_dtype
from tapeflow.dialects.record import RecordLayout


@dataclass(frozen=True)
class RecordFormat:
    """How the fields of a record are packed."""

    codecs: tuple[struct.Struct, ...]
    layout: RecordLayout

    @staticmethod
    def of(fields: Sequence[TypeAttribute], layout: RecordLayout) -> "RecordFormat":
        """The format of records of these fields that lie as `layout` says."""
        codecs: list[struct.Struct] = []
        for field in fields:
            dtype = storage_dtype(field)
            assert dtype is not None
            codecs.append(struct.Struct(f"<{dtype.char if dtype.char != 'l' else 'q'}"))
        return RecordFormat(tuple(codecs), layout)


class Arena:
    """A tape region's records in memory behind the cache."""

    def __init__(self, block: Block, record: RecordFormat):
        self.block = block
        self.record = record
        self._bytes = unwritten(np.dtype(np.uint8), block.size_bytes).data

    def place(self, address: int, field: int) -> int:
        """Byte offset in the arena of a field of the record at a byte address.

        Raises:
            ExecutionError: no record begins there, or the arena was deallocated.
        """
        layout = self.record.layout
        width = layout.widths_bytes[field]
        is_first = address % layout.stride_bytes < layout.block_records * width
        is_inside = 0 <= address < self.block.size_bytes
        if address % width or not is_first or not is_inside:
            units = self.block.size_bytes // layout.stride_bytes
            blocks = f"blocks of {layout.block_records} records, each"
            raise ExecutionError(
                f"no record begins at byte {address} of arena '{self.block.name}' with "
                f"{units} {'records' if layout.block_records == 1 else blocks} of "
                f"{layout.stride_bytes} bytes"
            )
        if not self.block.is_live:
            raise ExecutionError(f"arena '{self.block.name}' was deallocated before")
        return address + layout.offsets_bytes[field]

    def store(self, place: int, field: int, value: float) -> None:
        """Write a field at an offset that `place` gave."""
        self.record.codecs[field].pack_into(self._bytes, place, value)

    def load(self, place: int, field: int) -> float:
        """Read a field at an offset that `place` gave."""
        return self.record.codecs[field].unpack_from(self._bytes, place)[0]
