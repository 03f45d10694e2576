"""Records in one arena: one behind the other, or in blocks of fields.

A block of B records is S bytes long. With p the bytes that a field of width w takes in
all records before one, the record's first field of this width begins at

    p + block * (S - B * w)

The fields of one width share this address, and all of them the number of the block.
"""

from collections.abc import Sequence

from xdsl.dialects.builtin import UnitAttr
from xdsl.ir import SSAValue

from tapeflow.dialects.tape import AllocateArenaOp, DeallocateArenaOp, LoadOp, StoreOp
from tapeflow.dialects.tape_attributes import TAPE_MOVED
from tapeflow.dialects.tape_types import ArenaType, TapeRegionType
from tapeflow.transforms.building.index_builder import Index, IndexBuilder


class Arena:
    """One array of records, or of blocks of records; a `TapeLayout`."""

    pieces = 1

    def __init__(self, type_: TapeRegionType):
        self._type = ArenaType.of(type_)
        self._layout = self._type.record_layout
        is_plain = self._layout.block_records == 1
        self.step = (
            self._layout.stride_bytes if is_plain else max(self._layout.widths_bytes)
        )

    def allocate(
        self, records: SSAValue, name: str | None, builder: IndexBuilder
    ) -> list[SSAValue]:
        """New memory for so many records."""
        return [builder.insert(AllocateArenaOp(records, self._type), name).arena]

    def free(self, memory: Sequence[SSAValue], builder: IndexBuilder) -> None:
        """Give the memory back."""
        for arena in memory:
            builder.insert(DeallocateArenaOp(arena))

    def push(
        self,
        record: Sequence[SSAValue],
        memory: Sequence[SSAValue],
        place: SSAValue,
        builder: IndexBuilder,
    ) -> None:
        """Store a record."""
        addresses = self._addresses(place, builder)
        for field, (value, address) in enumerate(zip(record, addresses, strict=True)):
            builder.insert(StoreOp(value, memory[0], address, field))

    def pop(
        self, memory: Sequence[SSAValue], place: SSAValue, builder: IndexBuilder
    ) -> list[SSAValue]:
        """Load a record."""
        return [
            builder.insert(LoadOp(memory[0], address, field)).value
            for field, address in enumerate(self._addresses(place, builder))
        ]

    def move(
        self,
        source: Sequence[SSAValue],
        target: Sequence[SSAValue],
        place: SSAValue,
        builder: IndexBuilder,
    ) -> None:
        """Copy a record to the same place of other memory."""
        for field, address in enumerate(self._addresses(place, builder)):
            load = builder.insert(LoadOp(source[0], address, field), "moved")
            store = builder.insert(StoreOp(load.value, target[0], address, field))
            load.attributes[TAPE_MOVED] = store.attributes[TAPE_MOVED] = UnitAttr()

    def _addresses(self, place: SSAValue, builder: IndexBuilder) -> list[SSAValue]:
        """Where each field's access points, before the field's own offset."""
        widths = self._layout.widths_bytes
        if self._layout.block_records == 1:
            return [place] * len(widths)
        lanes = self._layout.block_records
        block: Index | None = None
        by_width: dict[int, SSAValue] = {}
        for width in sorted(set(widths), reverse=True):
            before = builder.divide_down(place, self.step // width, "before")
            row = lanes * width
            others = self._layout.stride_bytes - row
            if others == row:
                skipped = builder.multiple_below(before, row, "block")
            else:
                if block is None and others:
                    block = builder.divide_down(place, lanes * self.step, "block")
                skipped = builder.mul(block or 0, others, "skipped")
            address = builder.add(before, skipped, "address")
            by_width[width] = builder.value(address)
        return [by_width[width] for width in widths]
